"""Every exception that this package raises on purpose.

    ReconcilerError                 1   something failed and nothing was changed
    ├── UsageError                  1   arguments or environment variables that cannot be meant
    ├── ManifestError               1   the manifest has problems, all of them inside
    ├── EditError                   1   a manifest that cannot be changed as asked; it is as it was
    ├── StateError                  1   a state that cannot be read or written
    │   └── StateDamagedError       1   its content is not what this program writes
    ├── RemoteError                 1   the API could not be reached, or answered what cannot be used
    │   └── SignInError             1   the API does not accept the credentials (401)
    ├── MassChangeError             1   an apply over `max_changes`
    ├── FleetError                  1   a scheduler or a worker that cannot be used
    ├── DeclinedError               1   the person at the terminal said no
    ├── OutputError                 1   what was asked for could not be printed, or not be shown whole
    ├── UnexpectedError             1   a fault of this program, or of the machine below it
    ├── StoppedError   129, 130, 143   stopped by SIGHUP, SIGINT or SIGTERM
    └── RefusedError                4   look, then try again
        ├── LockedError             4   somebody else is writing
        ├── ForeignStateError       4   the state belongs to another target or environment
        ├── MovedError              4   the state was moved to another place
        ├── PlanRefusedError        4   a saved plan that was altered, is foreign or of another format
        ├── FrozenError             4   an apply in a time in which the policy allows none
        └── PinError                4   the manifest's target is not the one pinned in the environment

The number is the exit code of the command (`exit_code`); what stops an apply after its first PUT is in its result, and
ends it with 3. Each class has a `code`, which stands after its messages; the
problems of a ManifestError have codes of their own. A list that fails is no exception but a value: see
`model.outcomes`.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, ClassVar

from reconciler.codes.marking import mark

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.model.problems import Problem


class ReconcilerError(Exception):
    """Something failed and nothing was changed; the message says what, on what, why, and the way out."""

    code: ClassVar[str] = ""
    exit_code: int = 1

    @property
    def coded(self) -> str:
        """The message with the code of its class, under which `reconciler explain` says more."""
        return mark(str(self), self.code)


class UsageError(ReconcilerError):
    """Arguments or environment variables that cannot be meant."""

    code = "USAGE"


class ManifestError(ReconcilerError):
    """The manifest has problems; `problems` holds all of them, in the order of the files."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class EditError(ReconcilerError):
    """A manifest that cannot be changed as asked; it is as it was."""

    code = "EDIT-REFUSED"


class StateError(ReconcilerError):
    """A state that cannot be read or written."""

    code = "STATE-UNUSABLE"


class StateDamagedError(StateError):
    """The content of a state is not what this program writes; it is neither overwritten nor guessed."""

    code = "STATE-DAMAGED"


class RemoteError(ReconcilerError):
    """The API could not be reached, or answered what cannot be used."""

    code = "API-UNUSABLE"


class SignInError(RemoteError):
    """The API does not accept the credentials (401)."""

    code = "SIGN-IN-REFUSED"


class MassChangeError(ReconcilerError):
    """An apply would send more PUTs than `max_changes` allows."""

    code = "MASS-CHANGE"


class FleetError(ReconcilerError):
    """A scheduler cannot be used, or a worker that was to look after an account."""

    code = "FLEET-UNUSABLE"


class DeclinedError(ReconcilerError):
    """The person at the terminal said no."""

    code = "DECLINED"


class OutputError(ReconcilerError):
    """What was asked for could not be printed, or not be shown whole; what was done is done."""

    code = "OUTPUT-INCOMPLETE"


class UnexpectedError(ReconcilerError):
    """A fault of this program, or of the machine below it; the message says where it came up."""

    code = "UNEXPECTED"


class StoppedError(ReconcilerError):
    """A signal stopped the run; `exit_code` is 128 + its number."""

    code = "STOPPED"

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {(known := signal.Signals(number)).name}{_WHAT_IT_IS.get(known, '')}")
        self.exit_code = 128 + number


_WHAT_IT_IS = {signal.SIGHUP: " (the terminal was closed)", signal.SIGINT: " (Ctrl-C)"}


class RefusedError(ReconcilerError):
    """Refused: look, then try again."""

    code = "REFUSED"
    exit_code = 4


class LockedError(RefusedError):
    """Somebody else is writing this state; `command` is what they run, "" if that is not known."""

    def __init__(self, words: str, command: str = "") -> None:
        super().__init__(words)
        self.command = command

    code = "STATE-LOCKED"


class ForeignStateError(RefusedError):
    """The state belongs to another target or environment."""

    code = "STATE-FOREIGN"


class MovedError(RefusedError):
    """The state was moved to another place, and this is what is left of it."""

    code = "STATE-MOVED"


class PlanRefusedError(RefusedError):
    """A saved plan that was altered, is for another target, or of another format."""

    code = "PLAN-REFUSED"


class FrozenError(RefusedError):
    """An apply in a time in which the policy allows none (`policy.freeze`)."""

    code = "FROZEN"


class PinError(RefusedError):
    """The manifest's target is not the one pinned in the environment."""

    code = "PIN-MISMATCH"


def in_words(error: Exception) -> ReconcilerError:
    """Return `error` as one of this package's: as it is, or as an UnexpectedError that says where it came up."""
    if isinstance(error, ReconcilerError):
        return error
    place, frame = "", error.__traceback__
    while frame is not None:
        place = f", at {os.path.basename(frame.tb_frame.f_code.co_filename)} line {frame.tb_lineno}"  # noqa: PTH119
        frame = frame.tb_next
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    unexpected = UnexpectedError(
        f"something that this program does not expect went wrong ({what}{place}). "
        "If the machine is healthy (memory, disk, an upgrade meanwhile), please report it with this line"
    )
    unexpected.__cause__ = error
    return unexpected

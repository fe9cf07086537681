"""What a worker answers of one account: plans, drift or ends of an apply, and what failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from pydantic import TypeAdapter

from reconciler import errors
from reconciler.cli.fleet.tagged_plan import TaggedPlan
from reconciler.errors import ReconcilerError, UnexpectedError
from reconciler.model.drift_report import EnvironmentDrift
from reconciler.model.outcomes import EnvironmentResult


class ErrorPart(NamedTuple):
    """An error: its class in `errors`, its message, its exit code, and what was noted on it."""

    kind: str
    message: str
    exit_code: int
    notes: tuple[str, ...]


class EndPart(NamedTuple):
    """How an environment ended, and the plan that sets that back."""

    result: EnvironmentResult
    undo: TaggedPlan


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What came of an order. `refused` says why nothing came of it, `failed` so of single environments.

    `begun`: it is refused, but something may have been sent before. `spent` holds the requests and seconds, `owners`
    the manifest that a state names if it is not this one, each by environment.
    """

    plans: tuple[TaggedPlan, ...] = ()
    drift: tuple[EnvironmentDrift, ...] = ()
    ends: tuple[EndPart, ...] = ()
    failed: Mapping[str, ErrorPart] = field(default_factory=dict)
    spent: Mapping[str, tuple[int, float]] = field(default_factory=dict)
    owners: Mapping[str, str] = field(default_factory=dict)
    refused: ErrorPart | None = None
    begun: bool = False


def encode_answer(answer: AccountAnswer) -> bytes:
    """Return an answer as JSON; half a character, as an odd record may hold, becomes a question mark."""
    made = _adapter().dump_python(answer, mode="json")
    return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def decode_answer(content: bytes) -> AccountAnswer:
    """Return the answer that `encode_answer` made this of."""
    return _adapter().validate_json(content)


@cache
def _adapter() -> TypeAdapter[AccountAnswer]:
    from reconciler.model.lists import Campaign, LastSave, Source, Target  # noqa: F401 - types that pydantic looks for

    return TypeAdapter(AccountAnswer)


def error_part(error: ReconcilerError) -> ErrorPart:
    """Return an error as it is sent; one of a class that is declared elsewhere goes as what that derives from."""
    kind = next(each.__name__ for each in type(error).__mro__ if each.__module__ == errors.__name__)
    return ErrorPart(kind, str(error), error.exit_code, tuple(getattr(error, "__notes__", ())))


def error_of(part: ErrorPart) -> ReconcilerError:
    """Return the error that was sent."""
    found: object = getattr(errors, part.kind, None)
    kind = found if isinstance(found, type) and issubclass(found, ReconcilerError) else UnexpectedError
    error = kind.__new__(kind)
    error.args = (part.message,)
    error.exit_code = part.exit_code
    for note in part.notes:
        error.add_note(note)
    return error

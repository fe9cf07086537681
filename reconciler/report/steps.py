"""What to do next: a sentence, and the command that does it, the same in every sink.

The commands hold names of others, made harmless for a terminal; a sink escapes them for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from reconciler.model.changes import Asked
from reconciler.model.drift import EnvironmentDrift
from reconciler.report.escape import terminal


class Step(NamedTuple):
    """What to do, and the command for it; "" where no command does it."""

    words: str
    command: str = ""

    def __str__(self) -> str:
        """Return both on one line."""
        return f"{self.words}: {self.command}" if self.command else self.words


def command(verb: str, environments: Iterable[str], asked: Asked, *more: str) -> str:
    """Return a verb as it is typed, for these environments and with all else that the run before was `asked`."""
    from shlex import quote  # noqa: PLC0415 - most plans do without, and start the sooner

    words = [word for name in environments for word in ("--env", name)]
    words += ["-f", asked.file] if asked.file else []
    words += [word for glob in asked.only for word in ("--only", glob)]
    words += ["--revert-drift"] if asked.revert_drift else []
    return " ".join(["reconciler", verb, *(terminal(quote(word)) for word in words), *more])


def of_drift_left_alone(environment: str, asked: Asked) -> Iterator[Step]:
    """Yield what can be done about the drift that a plan shows and leaves alone."""
    yield _accept(environment, asked)
    yield _set_back(environment, asked)


def of_drift(found: EnvironmentDrift, asked: Asked) -> Iterator[Step]:
    """Yield what can be done about what a drift report found in an environment."""
    if found.drifted:
        yield _accept(found.name, asked, "[KEY]…")
        yield _set_back(found.name, asked)
    if found.pending:
        yield Step("To send what the manifest says", command("apply", [found.name], asked))
    if found.undeclared:
        yield Step("To declare the undeclared lists", command("import", [found.name], asked, "[ID or name]…"))


def _accept(environment: str, asked: Asked, *more: str) -> Step:
    """It takes keys, not globs."""
    return Step("To take the live values into the manifest", command("accept", [environment], Asked(asked.file), *more))


def _set_back(environment: str, asked: Asked) -> Step:
    return Step(
        "To set the lists back to the manifest", command("apply", [environment], replace(asked, revert_drift=True))
    )

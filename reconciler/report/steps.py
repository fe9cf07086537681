"""What to do next: a sentence, and the command that does it, the same in every sink.

The commands hold names of others, made harmless for a terminal; a sink escapes them for itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.model.drift import EnvironmentDrift
from reconciler.report.escape import terminal


class Step(NamedTuple):
    """What to do, and the command for it; "" where no command does it."""

    words: str
    command: str = ""

    def __str__(self) -> str:
        """Return both on one line."""
        return f"{self.words}: {self.command}" if self.command else self.words


def named(environment: str) -> str:
    """Return an environment as a command names it."""
    return terminal(environment)


def of_drift_left_alone(environment: str) -> Iterator[Step]:
    """Yield what can be done about the drift that a plan shows and leaves alone."""
    name = named(environment)
    yield Step("To take the live values into the manifest", f"reconciler accept --env {name}")
    yield Step("To set the lists back to the manifest", f"reconciler apply --env {name} --revert-drift")


def of_drift(found: EnvironmentDrift) -> Iterator[Step]:
    """Yield what can be done about what a drift report found in an environment."""
    name = named(found.name)
    if found.drifted:
        yield Step("To take the live values into the manifest", f"reconciler accept --env {name} [KEY]…")
        yield Step("To set the lists back to the manifest", f"reconciler apply --env {name} --revert-drift")
    if found.pending:
        yield Step("To send what the manifest says", f"reconciler apply --env {name}")
    if found.undeclared:
        yield Step("To declare the undeclared lists", f"reconciler import --env {name} [ID or name]…")

"""The exit code of several environments: each failure is printed, and the worst one decides."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.cli.output import complain

if TYPE_CHECKING:
    from reconciler.engine.per_account import Failures
    from reconciler.errors import ReconcilerError

_WORST_FIRST = (129, 130, 143, 3, 4, 1, 2, 0)


def worst(codes: Iterable[int]) -> int:
    """Return the exit code that counts."""
    return min(codes, key=_WORST_FIRST.index)


def report_failures(failures: Failures) -> list[int]:
    """Say on stderr what failed where; return the exit codes of it."""
    for name, error in failures.items():
        said = error.coded
        complain(f"error: {said}" if said.startswith(f"{name}: ") else f"error: {name}: {said}", error=error)
    return [error.exit_code for error in failures.values()]


def of_all(failures: Failures) -> ReconcilerError:
    """Return the failure to raise where every environment failed: the first, with the others noted on it."""
    from reconciler.engine.per_account import first_of

    return first_of(failures, several=len(failures) > 1)

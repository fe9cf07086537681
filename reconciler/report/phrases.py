"""What causes, counts and times are called, the same in every report.

Everything here is the program's own words: it needs no escaping and holds nothing that others wrote.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.model.changes import Cause

CAUSES: Final[Mapping[Cause, str]] = {
    "new": "new to the state",
    "edit": "edited in the manifest",
    "drift": "changed elsewhere since the last apply",
    "conflict": "edited in the manifest and changed elsewhere",
    "retry": "in doubt, since its last write was never confirmed",
    "missing": "the API does not have this list",
    "removed": "no longer declared for this environment",
    "undo": "set back to what it was before an apply",
}
TAKEN_OUT: Final = "still as an apply left it, which git took out of the state"
"""Said of a list that differs from the state since git moved that back: nobody changed it elsewhere."""
FAILED: Final = "could not be looked at"
IMPORT: Final = "reconciler import adds those of the account"
REFUSED: Final = "not carried out"
MOST_SAID: Final = 1_000
"""Characters of what is said of one list or environment; texts that are sent are never cut."""


def count(number: int, noun: str) -> str:
    """Return `1 list`, `2 lists`, `1,000 lists`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `2 min 5 s`, `1 h 2 min`."""
    if seconds < 9.95:
        return f"{round(seconds, 1):g} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min {whole % 60} s" if whole % 60 else f"{minutes} min"


def shorten(text: str, most: int = MOST_SAID) -> str:
    """Return `text`, or its first `most` characters and how many more there are."""
    return text if len(text) <= most else f"{text[:most].rstrip()}… ({len(text) - most:,} more characters)"

"""How often something is tried, and how long to wait in between: numbers only, the waiting is done elsewhere."""

from __future__ import annotations

ATTEMPTS = 5
_LONGEST = 30.0
_FLOOR = 0.5


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after the failed `attempt` (from 1), for a `chance` drawn evenly from 0 to 1.

    Exponential with jitter: from a half to the whole of 1, 2, 4, 8, … and never over 30 seconds. The half keeps the
    attempts from being over in a moment, which would help against nothing that takes a second.
    """
    return (_FLOOR + (1 - _FLOOR) * chance) * min(_LONGEST, 2.0 ** (attempt - 1))

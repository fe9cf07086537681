"""How often something is tried, and how long to wait in between: numbers only, the waiting is done elsewhere."""

from __future__ import annotations

ATTEMPTS = 5
_LONGEST = 30.0


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after the failed `attempt` (from 1), for a `chance` drawn evenly from 0 to 1.

    Exponential with full jitter: anything up to 1, 2, 4, 8, … and never over 30 seconds.
    """
    return chance * min(_LONGEST, 2.0 ** (attempt - 1))

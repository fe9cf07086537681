"""What one attempt to write a list came to.

Acknowledged   2xx, JSON, status success: the API says that it stored the fields
Rejected       it said no, and nothing was written
Unsettled      no usable answer; `landed` tells whether the write may have arrived all the same
Unsent         its turn came too late; nothing was sent
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The API says that it stored the fields."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The API refused the write; `unauthorized` if it refused the sign-in (401)."""

    error: str
    unauthorized: bool = False


@dataclass(frozen=True, slots=True)
class Unsettled:
    """No usable answer.

    `landed`: the write may have reached the list. `again`: worth another attempt, after `wait` seconds if the
    API said how long (Retry-After), else by back-off.
    """

    error: str
    landed: bool
    again: bool
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Unsent:
    """Nothing was sent: when its turn came, what it had been judged by was too old."""


Verdict: TypeAlias = Acknowledged | Rejected | Unsettled
PutAnswer: TypeAlias = Verdict | Unsent

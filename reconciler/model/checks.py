"""What a check-up finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: how it stands, in words, and what to do if it does not work.

    `unknown` is what could not be looked at (something before it failed, or it is not shown to this token), and what is
    neither right nor wrong.
    """

    name: str
    status: Literal["works", "fails", "unknown"]
    detail: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """The checks of one environment, in the order in which they were made."""

    environment: str
    checks: tuple[Check, ...]

    @property
    def works(self) -> bool:
        """Whether nothing fails."""
        return all(check.status != "fails" for check in self.checks)

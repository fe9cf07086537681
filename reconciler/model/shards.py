"""Parts of many accounts, so that several machines can each take one."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shard:
    """Part `number` of `count`, counted from 1.

    An account is in the part that gives it the greatest hash (rendezvous hashing): an account that is added moves no
    other one, and one more part takes only its share from each of the others.
    """

    number: int
    count: int

    def __str__(self) -> str:
        """Return it as the option is written."""
        return f"{self.number}/{self.count}"

    def holds(self, account: tuple[str, str]) -> bool:
        """Tell whether an account (host and account id) is in this part."""
        return self.number == max(range(1, self.count + 1), key=lambda number: _weight(account, number))


def _weight(account: tuple[str, str], number: int) -> bytes:
    return hashlib.sha256(" ".join((*account, str(number))).encode()).digest()

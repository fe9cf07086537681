"""Parts of many accounts, so that several machines can each take one."""

from __future__ import annotations

import hashlib
import re
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


def parse_shard(text: str) -> Shard | None:
    """Parse a part, such as 2/5; None if it is none."""
    number, _, count = text.partition("/")
    if not re.fullmatch(r"[0-9]{1,4}/[0-9]{1,4}", text) or not 1 <= int(number) <= int(count):
        return None
    return Shard(int(number), int(count))


def _weight(account: tuple[str, str], number: int) -> bytes:
    return hashlib.sha256(" ".join((*account, str(number))).encode()).digest()

"""What is wrong in a manifest, and where."""

from __future__ import annotations

from typing import NamedTuple

from reconciler.codes.marking import mark


class Problem(NamedTuple):
    """One thing wrong at one place; lines and columns count from 1, `path` is dotted (`lists.vip.name`).

    `code` stands for the kind of problem; "" if there is none.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    code: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return mark(where + (f"{self.path}: {self.message}" if self.path else self.message), self.code)

"""How two long texts differ, word by word; each sink gives the pieces its own form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, TypeAlias

_MOST_TOKENS = (
    600  # of both texts together; a text that the API accepts has at most 256, one that it answers any number
)
_LEAST_IN_COMMON = 0.4  # of the characters; below, two whole texts are easier to read than their pieces
_MOST_RUNS = 25  # alternately kept and changed; above, likewise
_CONTEXT = 8  # tokens that stay on either side of a change: some four words and the spaces between them
_WORTH_SKIPPING = 6
_TOKEN = re.compile(
    r"""\s+
    | [\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]  # scripts without spaces: each character alone
    | [!-/:-@\[-`{-~]+  # ASCII punctuation
    | [^\s\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff!-/:-@\[-`{-~]+
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of both texts, of the old or of the new one; `skipped` stands for a long stretch of both, left out."""

    kind: Literal["kept", "removed", "added", "skipped"]
    text: str


_Span: TypeAlias = tuple[list[str], list[str]]
_Run: TypeAlias = tuple[bool, _Span]  # whether it is kept, and its tokens before and after


def word_diff(old: str, new: str) -> tuple[Piece, ...] | None:
    """Return the pieces in reading order, or None where they would not help: too long, or too little in common.

    Kept and removed pieces make up `old`, kept and added ones `new`, but for what was skipped.
    """
    runs = _helpful(old, new)
    return None if runs is None else tuple(piece for at in range(len(runs)) for piece in _pieces(runs, at))


def sides(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both texts whole, to stand side by side: `old` with what is removed, `new` with what is added."""
    runs = _helpful(old, new) or [(False, ([old] if old else [], [new] if new else []))]
    before = tuple(Piece("kept" if kept else "removed", "".join(span[0])) for kept, span in runs if span[0])
    after = tuple(Piece("kept" if kept else "added", "".join(span[1])) for kept, span in runs if span[1])
    return before, after


def _helpful(old: str, new: str) -> list[_Run] | None:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    if len(before) + len(after) > _MOST_TOKENS:
        return None
    runs = list(_runs(before, after))
    in_common = sum(len("".join(removed)) for kept, (removed, _) in runs if kept)
    if len(runs) > _MOST_RUNS or in_common * 2 < _LEAST_IN_COMMON * (len(old) + len(new)):
        return None
    return runs


def _runs(before: list[str], after: list[str]) -> Iterator[_Run]:
    """Yield whether a stretch is kept, and its tokens before and after; changes with but a space between are one."""
    codes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()

    def stays(at: int) -> bool:
        tag, start, end, _, _ = codes[at]
        between = 0 < at < len(codes) - 1
        return tag == "equal" and not (between and "".join(before[start:end]).isspace())

    for kept, group in groupby(range(len(codes)), key=stays):
        run = list(group)
        first, last = codes[run[0]], codes[run[-1]]
        yield kept, (before[first[1] : last[2]], after[first[3] : last[4]])


def _pieces(runs: list[_Run], at: int) -> Iterator[Piece]:
    kept, (removed, added) = runs[at]
    if kept:
        yield from _shorten(removed, first=at == 0, last=at == len(runs) - 1)
        return
    if removed:
        yield Piece("removed", "".join(removed))
    if added:
        yield Piece("added", "".join(added))


def _shorten(tokens: list[str], *, first: bool, last: bool) -> Iterator[Piece]:
    head, tail = 0 if first else _CONTEXT, 0 if last else _CONTEXT
    if len(tokens) - head - tail < _WORTH_SKIPPING:
        yield Piece("kept", "".join(tokens))
        return
    if head:
        yield Piece("kept", "".join(tokens[:head]).rstrip())
    yield Piece("skipped", f"{' ' if head else ''}…{' ' if tail else ''}")
    if tail:
        yield Piece("kept", "".join(tokens[-tail:]).lstrip())

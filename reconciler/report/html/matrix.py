"""Lists × environments: what each environment has to say of a list, and where they differ.

Environments are alike in a list where the same is done, for the same cause, to the same words: a prefix that
`name_format` gives every name of an environment makes no difference by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from reconciler.model.fields import NAME
from reconciler.report.html.page import Cell, Entry, Matrix, Row

MOST_ROWS = 200
_Signature: TypeAlias = tuple[object, ...]
_Entries: TypeAlias = dict[str, list[Entry]]


def matrix(environments: Sequence[str], entries: Iterable[Entry], *, idle: str) -> Matrix | None:
    """Return the lists in which environments differ, in the order of the page; None for a single environment.

    `idle` says what it means that an environment has nothing to say of a list.
    """
    if len(environments) < 2:
        return None
    by_key: dict[str, _Entries] = {}
    for entry in entries:
        by_key.setdefault(entry.key, {}).setdefault(entry.environment, []).append(entry)
    differing = {key: found for key, found in by_key.items() if not _alike(environments, found)}
    rows = tuple(_row(key, environments, found) for key, found in list(differing.items())[:MOST_ROWS])
    return Matrix(tuple(environments), rows, len(by_key) - len(differing), len(differing) - len(rows), idle)


def _alike(environments: Sequence[str], found: _Entries) -> bool:
    return len({_signature(found.get(name, [])) for name in environments}) == 1


def _signature(entries: Sequence[Entry]) -> _Signature:
    return tuple((entry.kind.name, entry.cause, _changed_words(entry)) for entry in entries)


def _changed_words(entry: Entry) -> _Signature:
    """Return the words that change, whatever stands around them."""
    return tuple(
        (text.field, piece.kind, piece.text)
        for text in entry.texts
        for side in text.sides
        for piece in side.pieces
        if piece.kind != "kept"
    )


def _row(key: str, environments: Sequence[str], found: _Entries) -> Row:
    shown = [found.get(name, [None])[0] for name in environments]
    names = {_new_name(entry) for entry in shown if entry}
    return Row(key, tuple(_cell(entry, named=len(names) > 1) for entry in shown))


def _cell(entry: Entry | None, *, named: bool) -> Cell:
    if entry is None:
        return Cell(None)
    return Cell(entry.kind, entry.anchor, _new_name(entry) if named else "")


def _new_name(entry: Entry) -> str:
    return next((text.sides[-1].plain for text in entry.texts if text.field == NAME and len(text.sides) > 1), "")

"""Lists × environments: what each environment has to say of a list, and where they differ.

Environments are alike in a list where the same is done, for the same cause, to the same words: a prefix that
`name_format` gives every name of an environment makes no difference by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from reconciler.model.fields import NAME
from reconciler.report.html.page import Article, Cell, Matrix, Row

MOST_ROWS = 200
_Signature: TypeAlias = tuple[object, ...]
_Articles: TypeAlias = dict[str, list[Article]]


def matrix(environments: Sequence[str], articles: Iterable[Article], *, idle: str) -> Matrix | None:
    """Return the lists in which environments differ, in the order of the page; None for a single environment.

    `idle` says what it means that an environment has nothing to say of a list.
    """
    if len(environments) < 2:
        return None
    by_key: dict[str, _Articles] = {}
    for article in articles:
        by_key.setdefault(article.entry.key, {}).setdefault(article.entry.environment, []).append(article)
    differing = {key: found for key, found in by_key.items() if not _alike(environments, found)}
    rows = tuple(_row(key, environments, found) for key, found in list(differing.items())[:MOST_ROWS])
    return Matrix(tuple(environments), rows, len(by_key) - len(differing), len(differing) - len(rows), idle)


def _alike(environments: Sequence[str], found: _Articles) -> bool:
    return len({_signature(found.get(name, [])) for name in environments}) == 1


def _signature(articles: Sequence[Article]) -> _Signature:
    return tuple((each.entry.kind.name, each.entry.cause, _changed_words(each)) for each in articles)


def _changed_words(article: Article) -> _Signature:
    """Return the words that change, whatever stands around them."""
    return tuple(
        (text.field, piece.kind, piece.text)
        for text in article.texts
        for side in text.sides
        for piece in side.pieces
        if piece.kind != "kept"
    )


def _row(key: str, environments: Sequence[str], found: _Articles) -> Row:
    shown = [found.get(name, [None])[0] for name in environments]
    names = {_new_name(article) for article in shown if article}
    return Row(key, tuple(_cell(article, named=len(names) > 1) for article in shown))


def _cell(article: Article | None, *, named: bool) -> Cell:
    if article is None:
        return Cell(None)
    return Cell(article.entry.kind, article.anchor, _new_name(article) if named else "")


def _new_name(article: Article) -> str:
    return next((text.sides[-1].plain for text in article.texts if text.field == NAME and len(text.sides) > 1), "")

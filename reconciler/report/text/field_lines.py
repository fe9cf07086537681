"""One field of a list as text: what it was, what it becomes.

short, or one side empty or unknown    "old" → "new"
too long for the line                  one above the other
long                                   by words: "Customers whose [-service-]{+contract+} expires."
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, assert_never

from reconciler.model.fields import MANAGED, NAME, label
from reconciler.report.colour import Ink
from reconciler.report.escape import quote, within_quotes
from reconciler.report.text.layout import INDENT, Page

if TYPE_CHECKING:
    from reconciler.report.view.view import FieldView
    from reconciler.report.words import Piece

_LONGEST_NAME = MANAGED[NAME].longest  # up to here both texts stand whole: a name is looked up elsewhere as it is
_MARKERS = ("[-", "-]", "{+", "+}")


def field_lines(field: FieldView, page: Page) -> Iterator[str]:
    """Yield the line, or the two or three lines, of one field."""
    old, new = field.before, field.after
    head = " " * INDENT + f"{field.title}: "
    if new is None:
        yield f"{head}{_text_or_unknown(old)}, no longer managed"
    elif old == new:
        yield head + quote(new)
    else:
        yield head + _transition(old, new, page, len(head))
    if field.manifest is not None:
        yield " " * INDENT + f"{label(field.field)} in the manifest: {quote(field.manifest)}"


def _transition(old: str | None, new: str, page: Page, indent: int) -> str:
    line = f"{_text_or_unknown(old)} → {quote(new)}"
    if not old or not new or page.fits(" " * indent + line):
        return _paint(old, new, " → ", page)
    pieces = _word_diff(old, new) if max(len(old), len(new)) > _LONGEST_NAME else None
    if pieces is None or any(marker in old + new for marker in _MARKERS):
        return _paint(old, new, "\n" + " " * (indent - 2) + "→ ", page)
    return '"' + "".join(_show_piece(piece, page) for piece in pieces) + '"'


def _word_diff(old: str, new: str) -> tuple[Piece, ...] | None:
    from reconciler.report.words import word_diff  # noqa: PLC0415  (slow to import, and few plans have long texts)

    return word_diff(old, new)


def _paint(old: str | None, new: str, arrow: str, page: Page) -> str:
    return page.pen.paint("red", _text_or_unknown(old)) + arrow + page.pen.paint("green", quote(new))


def _text_or_unknown(text: str | None) -> str:
    return "? (unknown)" if text is None else quote(text)


def _show_piece(piece: Piece, page: Page) -> str:
    match piece.kind:
        case "kept":
            return within_quotes(piece.text)
        case "removed":
            return _mark(piece.text, "[-", "-]", "red", page)
        case "added":
            return _mark(piece.text, "{+", "+}", "green", page)
        case "skipped":
            return page.pen.paint("dim", piece.text)
        case _:
            assert_never(piece.kind)


def _mark(text: str, opening: str, closing: str, ink: Ink, page: Page) -> str:
    """A piece in colour has its markers, too: "30" and "35" side by side would read as 3035 where colours are lost."""
    return page.pen.paint(ink, opening + within_quotes(text) + closing)

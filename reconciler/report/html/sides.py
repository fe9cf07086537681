"""The texts of an entry, side by side, what differs marked by words."""

from __future__ import annotations

from reconciler.model.fields import Field
from reconciler.report import words
from reconciler.report.escape import exact
from reconciler.report.html.page import Side, Text
from reconciler.report.words import Piece

_UNKNOWN, _EMPTY, _LET_GO = "unknown", "empty", "no longer managed"


def compare_sides(field: Field, old: str | None, new: str | None, labels: tuple[str, str]) -> Text:
    """Return `old` beside `new`, or one text where they are alike; None is unknown on the left, let go on the right."""
    old, new = _exact(old), _exact(new)
    if old == new:
        return Text(field, (_plain(labels[1], new or ""),))
    before, after = words.sides(old or "", new or "")
    left = Side(labels[0], before, _remark(old, _UNKNOWN))
    return Text(field, (left, Side(labels[1], after, _remark(new, _LET_GO))))


def beside(text: Text, old: str | None, new: str, label: str) -> Text:
    """Return `text` with one more side: `new`, marked by how it differs from `old`."""
    after = words.sides(_exact(old) or "", exact(new))[1]
    return Text(text.field, (*text.sides, Side(label, after, _remark(new, ""))))


def _exact(text: str | None) -> str | None:
    return None if text is None else exact(text)


def _plain(label: str, text: str) -> Side:
    return Side(label, (Piece("kept", text),) if text else (), _remark(text, ""))


def _remark(text: str | None, absent: str) -> str:
    if text is None:
        return absent
    return "" if text else _EMPTY

"""One list as an article: what a link to it names, its texts side by side, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from reconciler.model.fields import Field
from reconciler.report import words
from reconciler.report.escape import exact, terminal
from reconciler.report.html.page import Article, Remark, Side, Text
from reconciler.report.phrases import shorten
from reconciler.report.view.kinds import LEFT_ALONE, UNDECLARED, Tone
from reconciler.report.view.view import Entry, FieldView
from reconciler.report.words import Piece

_UNKNOWN, _EMPTY, _LET_GO = "unknown", "empty", "no longer managed"


def article_of(entry: Entry) -> Article:
    """Return an entry as an article."""
    return Article(entry, _anchor(entry), tuple(map(_text, entry.fields)), tuple(_remarks(entry)))


def _anchor(entry: Entry) -> str:
    """Return what a permanent link to a list names: `prod/renewal-due`; safe in a URL, an id and an attribute.

    Drift that a plan leaves alone may stand beside a change of the same list.
    """
    parts = [entry.environment, entry.id if entry.kind is UNDECLARED else entry.key]
    parts += ["drift"] if entry.kind is LEFT_ALONE else []
    return "/".join(quote(terminal(part), safe="") for part in parts)


def _text(field: FieldView) -> Text:
    text = compare_sides(field.field, field.before, field.after, field.labels)
    return text if field.manifest is None else beside(text, field.before, field.manifest, "in the manifest")


def _remarks(entry: Entry) -> Iterator[Remark]:
    tones: dict[str, Tone] = {"why": entry.kind.tone, "warning": "caution"}
    for label, said in entry.notes:
        yield Remark(label.capitalize(), shorten(said), tones.get(label, "quiet"))
    if entry.attempts > 1:
        yield Remark("Attempts", str(entry.attempts))


def compare_sides(field: Field, old: str | None, new: str | None, labels: tuple[str, str]) -> Text:
    """Return `old` beside `new`, or one text where they are alike; None is unknown on the left, let go on the right."""
    old, new = _exact(old), _exact(new)
    if old == new:
        return Text(field, (_plain(labels[1], new or ""),))
    before, after = words.sides(old or "", new or "")
    left = Side(labels[0], before, _stand_in(old, _UNKNOWN))
    return Text(field, (left, Side(labels[1], after, _stand_in(new, _LET_GO))))


def beside(text: Text, old: str | None, new: str, label: str) -> Text:
    """Return `text` with one more side: `new`, marked by how it differs from `old`."""
    after = words.sides(_exact(old) or "", exact(new))[1]
    return Text(text.field, (*text.sides, Side(label, after, _stand_in(new, ""))))


def _exact(text: str | None) -> str | None:
    return None if text is None else exact(text)


def _plain(label: str, text: str) -> Side:
    return Side(label, (Piece("kept", text),) if text else (), _stand_in(text, ""))


def _stand_in(text: str | None, absent: str) -> str:
    """Return the word that stands where a text is empty or absent, "" if it is neither."""
    if text is None:
        return absent
    return "" if text else _EMPTY

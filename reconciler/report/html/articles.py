"""One list as an article: what a link to it names, its texts side by side, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from reconciler.report.escape import terminal
from reconciler.report.html.page import Article, Remark, Text
from reconciler.report.html.sides import beside, compare_sides
from reconciler.report.phrases import shorten
from reconciler.report.view.kinds import LEFT_ALONE, UNDECLARED, Tone
from reconciler.report.view.view import Entry, FieldView


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

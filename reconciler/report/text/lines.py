"""A view as text: a headline an environment, a block a list, those of one kind together, and what to do next.

Of an apply, only what is not in order has a line, with what went wrong; what to do about that follows once at the end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from typing import Final

from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import quote, terminal
from reconciler.report.phrases import REFUSED, count
from reconciler.report.text.fields import field_lines
from reconciler.report.text.layout import INDENT, MARGIN, Page
from reconciler.report.view.kinds import Tone
from reconciler.report.view.values import Entry, EnvironmentView, View, counts_in_words

_INKS: Final[Mapping[Tone, Ink]] = {
    "stop": "red",
    "caution": "yellow",
    "change": "yellow",
    "good": "green",
    "elsewhere": "magenta",
    "quiet": "cyan",
}
_NOTES: Final[Mapping[str, Ink]] = {"why": "red", "what to do": "bold", "warning": "yellow"}
_OFFLINE: Final = "Compared with the last-applied state only: plan --refresh, and every apply, reads live first."


def render(view: View, *, colour: bool, width: int) -> str:
    """Return the whole view for a page of `width` columns."""
    page = Page(Pen(colour), width)
    parts = ["\n\n".join(_environment(environment, view, page)) for environment in view.environments]
    parts += [page.failure_line(name, error) for name, error in view.failed.items()]
    parts += [page.prose(f"{REFUSED}:", view.refused, ink="red", indent=0)] if view.refused else []
    parts += _closing(view, page)
    return "\n\n".join(parts) + "\n"


def progress_line(entry: Entry, *, number: int, total: int, colour: bool) -> str:
    """Return one line of progress: the `number`-th of `total` changes of an environment has its outcome."""
    words = Pen(colour).paint(_INKS[entry.kind.tone], entry.words)
    line = f"{terminal(entry.environment)}  {number:>{len(str(total))}}/{total}  {terminal(entry.key)}  {words}"
    return f"{line}: {terminal(entry.reason).strip()}" if entry.reason else line


def _environment(of: EnvironmentView, view: View, page: Page) -> Iterator[str]:
    lines = [f"{page.pen.paint('bold', terminal(of.name))}  {of.idle or f'{counts_in_words(of.counts)}  ({of.cost})'}"]
    if of.stopped:
        lines.append(page.prose("stopped:", of.stopped, ink="red", indent=MARGIN))
    lines += [page.prose("warning:", text, ink="yellow", indent=MARGIN) for text in of.warnings]
    if view.subject == "apply":
        lines += [_outcome(entry, page) for entry in of.entries if not entry.kind.in_order]
        yield "\n".join(lines)
        return
    yield "\n".join(lines)
    for _, entries in groupby(of.entries, key=attrgetter("kind")):
        yield "\n".join(line for entry in entries for line in _block(entry, view, page))
    if of.steps:
        yield "\n".join(f"{' ' * MARGIN}{step}" for step in of.steps)


def _outcome(entry: Entry, page: Page) -> str:
    label = f"{terminal(entry.key)}  {entry.words}{':' if entry.reason else ''}"
    return page.prose(label, entry.reason, ink=_INKS[entry.kind.tone], indent=MARGIN)


def _block(entry: Entry, view: View, page: Page) -> Iterator[str]:
    yield page.key_line(entry.kind.sign, _INKS[entry.kind.tone], entry.key, entry.words, entry.place)
    for field in entry.fields:
        yield from field_lines(field, page)
    for label, said in entry.notes:
        yield page.prose(f"{label}:", said, ink=_NOTES.get(label, "plain"), indent=INDENT)
    if view.subject == "drift" and entry.campaigns:
        yield page.prose("used by:", ", ".join(map(quote, entry.campaigns)), ink="plain", indent=INDENT)


def _closing(view: View, page: Page) -> Iterator[str]:
    if view.subject == "plan" and len(view.environments) > 1:
        where = count(len(view.environments), "environment")
        yield f"{page.pen.paint('bold', 'total')}  {counts_in_words(view.counts)} in {where}  ({view.cost})"
    if view.compared_offline:
        yield page.pen.paint("dim", _OFFLINE)
    if view.ended:
        heading = page.pen.paint("green" if view.in_order else "bold", view.ended)
        yield "\n".join([heading, *_steps(view, page)])


def _steps(view: View, page: Page) -> Iterator[str]:
    for step in view.steps:
        if step.kind:
            yield page.prose(f"{step.kind.tag}:", step.words, ink=_INKS[step.kind.tone], indent=MARGIN)
        else:
            yield " " * MARGIN + step.words

"""A drift report as text: a headline an environment, a block a list, what is missing first, and what to do next.

Marks: `!` missing, `≠` changed elsewhere, `~` edited in the manifest and not applied yet, `+` undeclared.
"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.changes import Asked
from reconciler.model.drift import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.fields import NAME, label
from reconciler.model.lists import LiveList, Source
from reconciler.report import phrases, steps
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import quote, terminal
from reconciler.report.text.fields import field_line
from reconciler.report.text.layout import INDENT, MARGIN, Page


def drift(report: DriftReport, *, undeclared: bool, colour: bool, width: int) -> str:
    """Return the whole report for a page of `width` columns; `undeclared` lists are named, or only counted."""
    page = Page(Pen(colour), width)
    parts = ["\n\n".join(_environment(each, report.asked, page, named=undeclared)) for each in report.environments]
    parts += [page.failed(name, error) for name, error in report.failed.items()]
    return "\n\n".join(parts) + "\n"


def _environment(found: EnvironmentDrift, asked: Asked, page: Page, *, named: bool) -> Iterator[str]:
    counts = f"{', '.join(phrases.drift_counts([found]))}  ({phrases.count(found.requests, 'request')})"
    warnings = [page.prose("warning:", text, ink="yellow", indent=MARGIN) for text in found.warnings]
    yield "\n".join([f"{page.pen.paint('bold', terminal(found.name))}  {counts}", *warnings])
    if found.missing:
        yield "\n".join(_missing(each, page) for each in found.missing)
    if found.lists:
        yield "\n".join(_drift_block(each, page) for each in (*found.drifted, *found.pending))
    if named and found.undeclared:
        yield "\n".join(_undeclared_line(each, page) for each in found.undeclared)
    if next_steps := list(steps.of_drift(found, asked)):
        yield "\n".join(f"{' ' * MARGIN}{step}" for step in next_steps)


def _missing(missing: Missing, page: Page) -> str:
    head = page.key_line("!", "red", missing.key, f"missing: {phrases.CAUSES['missing']}", _place(missing.source))
    return f"{head}\n{page.prose(f'{terminal(missing.id)}:', missing.reason, ink='red', indent=INDENT)}"


def _drift_block(found: ListDrift, page: Page) -> str:
    mark: tuple[str, Ink] = ("≠", "magenta") if found.drifted else ("~", "yellow")
    words = phrases.who_moved(found) + (", its last write was never confirmed" if found.doubtful else "")
    lines = [page.key_line(*mark, found.key, words, _place(found.source))]
    lines += [line for field in found.fields for line in _field(field, page)]
    if found.campaigns:
        lines.append(page.prose("used by:", ", ".join(map(quote, found.campaigns)), ink="plain", indent=INDENT))
    return "\n".join(lines)


def _field(found: FieldDrift, page: Page) -> Iterator[str]:
    """The way that the live text has to go, or went; of a conflict, both."""
    desired, live = {found.field: found.desired}, {found.field: found.live}
    if found.moved == "file":
        yield field_line(found.field, live, desired, page)
        return
    yield field_line(found.field, {} if found.applied is None else {found.field: found.applied}, live, page)
    if found.moved == "both":
        yield " " * INDENT + f"{label(found.field)} in the manifest: {quote(found.desired)}"


def _undeclared_line(found: LiveList, page: Page) -> str:
    used = f"used by {phrases.count(len(found.campaigns), 'campaign')}" if found.campaigns else ""
    return page.key_line("+", "cyan", found.id, quote(found.texts[NAME]), used)


def _place(source: Source) -> str:
    return f"{source.file}:{source.line}"

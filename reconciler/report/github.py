"""Annotations of GitHub: workflow commands that mark lines of the manifest, at most ten of a kind, the worst first.

What GitHub shows of a job is ten errors, ten warnings and ten notices; more would push out the ones that matter.
A line of the manifest is found only by its path in the repository, which `locate` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.model.lists import Source
from reconciler.report.escape import terminal, workflow_data, workflow_property
from reconciler.report.phrases import shorten
from reconciler.report.view.view import Entry, View

MOST = 10
_Level: TypeAlias = Literal["error", "warning", "notice"]
Locate: TypeAlias = Callable[[str], str]
_LEVELS: tuple[_Level, ...] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class _Note:
    level: _Level
    title: str
    message: str
    source: Source | None = None


def render(view: View, locate: Locate = str) -> str:
    """Return the view; what is stopped or missing or went wrong is an error, drift a warning, an update a notice."""
    notes = list(_notes(view))
    lines = []
    for level in _LEVELS:
        of_level = [note for note in notes if note.level == level]
        shown = of_level[:MOST] if len(of_level) <= MOST else of_level[: MOST - 1]
        lines += [_command(note, locate) for note in shown]
        if rest := len(of_level) - len(shown):
            lines.append(f"::{level} title=reconciler::{rest:,} more like these; the job's log has them all")
    return "".join(f"{line}\n" for line in lines)


def _notes(view: View) -> Iterator[_Note]:
    yield from (_Note("error", name, words) for name, words in view.halts)
    for of in view.environments:
        if of.stopped:
            yield _Note("error", of.name, f"stopped: {of.stopped}")
        yield from (_Note("warning", of.name, words) for words in of.warnings)
    for entry in (entry for entries in view.groups.values() for entry in entries):
        if level := _level(entry, view):
            yield _Note(level, f"{entry.environment}: {entry.title}", entry.summary, entry.source)


def _level(entry: Entry, view: View) -> _Level | None:
    kind = entry.kind
    if kind.tone == "stop" or (view.subject == "apply" and not kind.in_order):
        return "error"
    if kind.tone in {"caution", "elsewhere"}:
        return "warning"
    if kind.tone == "change":
        return "warning" if entry.warnings else "notice"
    return None


def _command(note: _Note, locate: Locate) -> str:
    properties = [f"title={workflow_property(terminal(note.title))}"]
    if note.source:
        file = locate(note.source.file)
        properties = [f"file={workflow_property(terminal(file))}", f"line={note.source.line}", *properties]
    return f"::{note.level} {','.join(properties)}::{workflow_data(terminal(shorten(note.message)))}"

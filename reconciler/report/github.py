"""Annotations of GitHub: workflow commands that mark lines of the manifest, at most ten of a kind, the worst first.

What GitHub shows of a job is ten errors, ten warnings and ten notices; more would push out the ones that matter.
A line of the manifest is found only by its path in the repository, which `locate` tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.model.changes import Blocked, Plan, Update
from reconciler.model.drift import DriftReport
from reconciler.model.lists import Source
from reconciler.model.outcomes import Result
from reconciler.report import order, phrases
from reconciler.report.escape import terminal, workflow_data, workflow_property

MOST = 10
_Kind: TypeAlias = Literal["error", "warning", "notice"]
Locate: TypeAlias = Callable[[str], str]
_KINDS: tuple[_Kind, ...] = ("error", "warning", "notice")


@dataclass(frozen=True, slots=True)
class _Note:
    kind: _Kind
    title: str
    message: str
    source: Source | None


def plan(plan: Plan, locate: Locate = str) -> str:
    """Return a plan: blocked lists are errors, updates with warnings are warnings, other updates notices."""
    notes = [
        _plan_note(environment.name, change)
        for environment in plan.environments
        for _, group in order.risks(environment.changes)
        for change in group
        if isinstance(change, Blocked | Update)
    ]
    drifted = [
        _Note("warning", f"{environment.name}: {each.key}", phrases.CAUSES["drift"], each.source)
        for environment in plan.environments
        for each in environment.drift
    ]
    warned = [
        _Note("warning", environment.name, words, None)
        for environment in plan.environments
        for words in environment.warnings
    ]
    return _render([*_halts(phrases.halts(plan.failed, plan.refused)), *warned, *notes, *drifted], locate)


def result(result: Result, locate: Locate = str) -> str:
    """Return what an apply did: what is not in order is an error."""
    sources = {(of.name, change.key): change.source for of in result.approved.environments for change in of.changes}
    stopped = [
        _Note("error", environment.name, f"stopped: {environment.stopped}", None)
        for environment in result.environments
        if environment.stopped is not None
    ]
    notes = [
        _Note(
            "error",
            f"{environment.name}: {outcome.key}",
            _message(phrases.outcome(outcome), outcome.error),
            sources.get((environment.name, outcome.key)),
        )
        for environment in result.environments
        for outcome in order.out_of_order(environment.outcomes)
    ]
    return _render([*stopped, *notes], locate)


def drift(report: DriftReport, locate: Locate = str) -> str:
    """Return a drift report: missing lists are errors, drifted ones warnings, edited ones notices."""
    return _render([*_halts(phrases.halts(report.failed)), *_drift_notes(report)], locate)


def _halts(halts: Iterable[tuple[str, str]]) -> Iterator[_Note]:
    for name, words in halts:
        yield _Note("error", name, words, None)


def _drift_notes(report: DriftReport) -> Iterator[_Note]:
    for found in report.environments:
        yield from (_Note("warning", found.name, words, None) for words in found.warnings)
        for missing in found.missing:
            yield _Note("error", f"{found.name}: {missing.key}", f"missing: {missing.reason}", missing.source)
        for each in found.lists:
            kind: _Kind = "warning" if each.drifted else "notice"
            yield _Note(kind, f"{found.name}: {each.key}", phrases.who_moved(each), each.source)


def _plan_note(environment: str, change: Blocked | Update) -> _Note:
    title = f"{environment}: {change.key}"
    if isinstance(change, Blocked):
        return _Note(
            "error", title, f"{phrases.deed(change)}. {change.block.reason}. {change.block.lift}", change.source
        )
    kind: _Kind = "warning" if change.warnings else "notice"
    return _Note(kind, title, _message(phrases.deed(change), "; ".join(change.warnings)), change.source)


def _message(words: str, more: str | None) -> str:
    return f"{words}: {more}" if more else words


def _render(notes: Iterable[_Note], locate: Locate) -> str:
    found = list(notes)
    lines = []
    for kind in _KINDS:
        of_kind = [note for note in found if note.kind == kind]
        shown = of_kind[:MOST] if len(of_kind) <= MOST else of_kind[: MOST - 1]
        lines += [_command(note, locate) for note in shown]
        if rest := len(of_kind) - len(shown):
            lines.append(f"::{kind} title=reconciler::{rest:,} more like these; the job's log has them all")
    return "".join(f"{line}\n" for line in lines)


def _command(note: _Note, locate: Locate) -> str:
    properties = [f"title={workflow_property(terminal(note.title))}"]
    if note.source:
        file = locate(note.source.file)
        properties = [f"file={workflow_property(terminal(file))}", f"line={note.source.line}", *properties]
    return f"::{note.kind} {','.join(properties)}::{workflow_data(terminal(phrases.shorten(note.message)))}"

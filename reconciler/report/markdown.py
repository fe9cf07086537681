"""Markdown for pull requests and job summaries: the riskiest first, within a budget of bytes.

The headline and the digest always stand. Blocks are added in the order of their risk while they fit; what is left out
is counted. Whatever others wrote stands in `<code>`, each mark as a character reference, so that it can neither format
nor link nor call anybody.

    blocked, renames of lists in use, renames, descriptions, the rest grouped, drift
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from reconciler.documents.plan import digest
from reconciler.model.changes import Blocked, Change, Drift, Plan, Update
from reconciler.model.drift import DriftReport, EnvironmentDrift, FieldDrift, ListDrift
from reconciler.model.fields import FIELDS, Field
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.model.texts import Texts
from reconciler.report import order, phrases
from reconciler.report.escape import markup
from reconciler.report.words import Piece, word_diff

MAX_BYTES = 65_000  # what GitHub takes in a comment is 65,536 characters
_LONGEST_NAME = 48
_NAMED_IN_A_GROUP = 50
_RESERVE = 400  # for what is said of blocks that are left out


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that stands whole or not at all; `items` says how many lists it is about."""

    text: str
    items: int = 1


def plan(plan: Plan, max_bytes: int = MAX_BYTES) -> str:
    """Return a plan as Markdown of at most `max_bytes` bytes, its headline at least."""
    counts = _counts(phrases.planned(plan.environments) if plan.environments else [], plan.failed)
    what = f"apply, {phrases.REFUSED}" if plan.refused else "plan"
    how = "" if plan.refreshed else ", compared with the last-applied state only"
    head = f"### reconciler {what}{counts}\n\n{phrases.forecast(plan.environments).capitalize()} to apply{how}.\n"
    blocks = list(_halts(phrases.halts(plan.failed, plan.refused)))
    if len(plan.environments) > 1:
        blocks.append(_table((each.name, phrases.planned([each])) for each in plan.environments))
    blocks += list(_plan_blocks(plan))
    return _fitted(head, blocks, f"\n`{digest(plan)}`\n", max_bytes)


def result(result: Result, max_bytes: int = MAX_BYTES) -> str:
    """Return what an apply did as Markdown."""
    counts = ", ".join(phrases.done(result.environments))
    whole = "Done" if result.in_order else "Incomplete"
    head = f"### reconciler apply: {counts}\n\n{whole}.\n"
    blocks = [block for environment in result.environments for block in _result_blocks(environment)]
    return _fitted(head, blocks, f"\n`{result.plan}`\n", max_bytes)


def drift(report: DriftReport, max_bytes: int = MAX_BYTES) -> str:
    """Return a drift report as Markdown."""
    name = f"{markup(report.environments[0].name)} " if len(report.environments) == 1 else ""
    counts = _counts(phrases.found(report.environments) if report.environments else [], report.failed, name)
    blocks = list(_halts(phrases.halts(report.failed)))
    if len(report.environments) > 1:
        blocks.append(_table((each.name, phrases.found([each])) for each in report.environments))
    blocks += [block for found in report.environments for block in _drift_blocks(found)]
    return _fitted(f"### reconciler drift{counts}\n", blocks, "", max_bytes)


def _counts(counts: Sequence[str], failed: Mapping[str, str], name: str = "") -> str:
    """Return the end of a headline: the counts, of what has that `name`, and what could not be looked at."""
    said = [name + ", ".join(counts)] if counts else []
    said += [f"{markup(name)} {phrases.FAILED}" for name in failed]
    return f": {'; '.join(said)}" if said else ""


def _halts(halts: Iterable[tuple[str, str]]) -> Iterator[Block]:
    for name, words in halts:
        yield Block(f"**{markup(name)}** {_said(words)}\n", items=0)


def _fitted(head: str, blocks: Sequence[Block], foot: str, max_bytes: int) -> str:
    room = max_bytes - len((head + foot).encode()) - _RESERVE
    parts, left_out = [head], 0
    for block in blocks:
        size = len(block.text.encode()) + 1
        if size <= room and not left_out:
            parts.append(block.text)
            room -= size
        else:
            left_out += block.items
    if left_out:
        parts.append(
            f"**{phrases.counted(left_out, 'list')} left out here**, since a comment has a limit: the whole is in the "
            "job's log, and in the reports that were saved with it.\n"
        )
    return "\n".join(parts) + foot


def _table(environments: Iterable[tuple[str, Sequence[str]]]) -> Block:
    rows = [f"| {markup(name)} | {', '.join(counts)} |" for name, counts in environments]
    return Block("\n".join(["| environment | |", "| --- | --- |", *rows, ""]), items=0)


def _plan_blocks(plan: Plan) -> Iterator[Block]:
    """Yield the riskiest of all environments before what is less so of any."""
    several = len(plan.environments) > 1
    named = {each.name: f"**{markup(each.name)}**: " if several else "" for each in plan.environments}
    for environment in plan.environments:
        for warning in environment.warnings:
            yield Block(f"{named[environment.name]}⚠ {_said(warning)}\n", items=0)
    risks = {environment.name: dict(order.risks(environment.changes)) for environment in plan.environments}
    for title in order.RISKS:
        for name, groups in risks.items():
            if changes := groups.get(title):
                yield Block(f"#### {named[name]}{title} ({len(changes):,})\n", items=0)
                yield from _changes(changes)
    for environment in plan.environments:
        if environment.drift:
            yield Block(f"#### {named[environment.name]}drift, left alone ({len(environment.drift):,})\n", items=0)
            yield from (Block(_left_alone(each)) for each in environment.drift)


def _changes(changes: Sequence[Change]) -> Iterator[Block]:
    if isinstance(changes[0], Update | Blocked):
        yield from (Block(_change(change)) for change in changes)
    else:
        yield Block(_group([change.key for change in changes]), len(changes))


def _change(change: Change) -> str:
    place = f" ({change.source.file}:{change.source.line})" if change.source else ""
    lines = [f"- **{markup(change.key)}** {phrases.deed(change)}{markup(place)}"]
    fields = change.fields if isinstance(change, Update | Blocked) else ()
    lines += [f"  - {field}: {_changed(field, change.before, change.after)}" for field in FIELDS if field in fields]
    if isinstance(change, Update) and change.waits_for:
        lines.append(f"  - waits for: {markup(', '.join(change.waits_for))}")
    if isinstance(change, Blocked):
        lines.append(f"  - why: {_said(change.block.reason)}")
        lines.append(f"  - to lift: {_said(change.block.lift)}")
    lines += [f"  - ⚠ {_said(warning)}" for warning in change.warnings]
    return "\n".join(lines) + "\n"


def _changed(field: Field, before: Texts, after: Texts) -> str:
    old, new = before.get(field), after.get(field)
    if new is None:
        return "no longer managed"
    if old and len(old) > _LONGEST_NAME and (pieces := word_diff(old, new)):
        return f"<code>{''.join(map(_piece, pieces))}</code>"
    return f"{'unknown' if old is None else _text(old)} → {_text(new)}"


def _text(text: str) -> str:
    return f"<code>{markup(text)}</code>" if text else "(empty)"


def _said(text: str) -> str:
    """Words of this program with names of others in them."""
    return f"<code>{markup(text)}</code>"


def _piece(piece: Piece) -> str:
    text = markup(piece.text)
    match piece.kind:
        case "kept" | "skipped":
            return text
        case "removed":
            return f"<del>{text}</del>"
        case "added":
            return f"<ins>{text}</ins>"
        case _:
            assert_never(piece.kind)


def _group(keys: Sequence[str]) -> str:
    """Like changes in one line: what is done is the same for all, and nothing is sent."""
    named = markup(", ".join(keys[:_NAMED_IN_A_GROUP]))
    more = f", and {len(keys) - _NAMED_IN_A_GROUP:,} more" if len(keys) > _NAMED_IN_A_GROUP else ""
    return f"<details><summary>{phrases.counted(len(keys), 'list')}</summary>\n\n{named}{more}\n\n</details>\n"


def _left_alone(drift: Drift) -> str:
    lines = [f"- **{markup(drift.key)}** changed elsewhere (applied → live)"]
    lines += [f"  - {field}: {_changed(field, drift.applied, drift.live)}" for field in drift.fields]
    return "\n".join(lines) + "\n"


def _result_blocks(environment: EnvironmentResult) -> Iterator[Block]:
    took = f"{phrases.counted(environment.requests, 'request')} in {phrases.duration(environment.seconds)}"
    yield Block(f"**{markup(environment.name)}**: {', '.join(phrases.done([environment]))} ({took})\n", items=0)
    if environment.stopped is not None:
        yield Block(f"Stopped: {_said(environment.stopped)}\n", items=0)
    yield from (Block(_outcome(outcome)) for outcome in order.out_of_order(environment.outcomes))
    if made := [outcome.key for outcome in environment.outcomes if outcome.outcome == "updated"]:
        yield Block(_group(made), len(made))


def _outcome(outcome: Outcome) -> str:
    said = f": {_said(outcome.error)}" if outcome.error else ""
    return f"- **{markup(outcome.key)}** {phrases.outcome(outcome)}{said}\n  - {phrases.next_step(outcome)}\n"


def _drift_blocks(found: EnvironmentDrift) -> Iterator[Block]:
    if found.missing or found.lists or found.undeclared:
        yield Block(f"#### {markup(found.name)}\n", items=0)
    for missing in found.missing:
        yield Block(f"- **{markup(missing.key)}** missing: {_said(missing.reason)}\n")
    yield from (Block(_list_drift(each)) for each in (*found.drifted, *found.pending))
    if found.undeclared:
        number = phrases.counted(len(found.undeclared), "live list")
        yield Block(f"{number} that no environment declares: `reconciler drift --undeclared` names them\n", items=0)


def _list_drift(found: ListDrift) -> str:
    lines = [f"- **{markup(found.key)}** {phrases.moved(found)}"]
    lines += [f"  - {each.field}: {_field_drift(each)}" for each in found.fields]
    if found.campaigns:
        lines.append(f"  - used by: {', '.join(map(_text, found.campaigns))}")
    return "\n".join(lines) + "\n"


def _field_drift(found: FieldDrift) -> str:
    if found.moved == "file":
        return _changed(found.field, {found.field: found.live}, {found.field: found.desired})
    applied: Texts = {} if found.applied is None else {found.field: found.applied}
    wanted = f"; in the manifest: {_text(found.desired)}" if found.moved == "both" else ""
    return _changed(found.field, applied, {found.field: found.live}) + wanted

"""Markdown for pull requests and job summaries: what will be sent first and whole, the rest within a budget of bytes.

The headline and the digest always stand. Room is kept for every update; the other blocks fill what is left, in their
order, and what is left out is counted. A plan whose updates do not all fit says so in its first line, and is not
reviewable from this report. Whatever others wrote stands in a code span, so that it can neither format nor link nor
call anybody.

    renames of lists in use, renames, descriptions, blocked, the rest grouped, drift
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from reconciler.documents.plan import digest
from reconciler.model.changes import Blocked, Change, Drift, Plan, Update
from reconciler.model.drift import DriftReport, EnvironmentDrift, FieldDrift, ListDrift
from reconciler.model.fields import FIELDS, MANAGED, NAME, Field, label
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.model.texts import Texts
from reconciler.report import order, phrases
from reconciler.report.escape import code
from reconciler.report.words import Piece, word_diff

MAX_BYTES = 65_000  # what GitHub takes in a comment is 65,536 characters
_LONGEST_NAME = MANAGED[NAME].longest
_NAMED_IN_A_GROUP = 50
_TITLE = "### reconciler "
_RESERVE = 600  # for what is said of blocks that are left out
_MOST_BEFORE = 2_000  # characters of a text as it was: what is sent is never cut
_NAMED_IN_A_LINE = 10


@dataclass(frozen=True, slots=True)
class Block:
    """A piece that stands whole or not at all; `items` says how many lists it is about, `sent` that it is an update."""

    text: str
    items: int = 1
    sent: bool = False

    @property
    def size(self) -> int:
        """The bytes that it takes."""
        return len(self.text.encode()) + 1


class Report(NamedTuple):
    """A report, and how many of the updates that an apply would send do not fit in it."""

    text: str
    unshown: int = 0


def plan(plan: Plan, max_bytes: int = MAX_BYTES) -> str:
    """Return a plan as Markdown of at most `max_bytes` bytes, its headline at least."""
    return plan_report(plan, max_bytes).text


def plan_report(plan: Plan, max_bytes: int) -> Report:
    """Return a plan as `plan` does, and how much of what would be sent it cannot show."""
    counts = _counts(phrases.plan_counts(plan.environments) if plan.environments else [], plan.failed)
    what = f"apply, {phrases.REFUSED}" if plan.refused else "plan"
    how = "" if plan.refreshed else ", compared with the last-applied state only"
    head = f"{what}{counts}\n\n{phrases.forecast(plan.environments).capitalize()} to apply{how}.\n"
    blocks = list(_halts(phrases.halts(plan.failed, plan.refused)))
    if len(plan.environments) > 1:
        blocks.append(_table((each.name, phrases.plan_counts([each])) for each in plan.environments))
    blocks += list(_plan_blocks(plan))
    return _fit(head, blocks, f"\n`{digest(plan)}`\n", max_bytes)


def result(result: Result, max_bytes: int = MAX_BYTES) -> str:
    """Return what an apply did as Markdown."""
    counts = ", ".join(phrases.result_counts(result.environments))
    whole = "Done" if result.in_order else "Incomplete"
    head = f"apply: {counts}\n\n{whole}.\n"
    blocks = [block for environment in result.environments for block in _result_blocks(environment)]
    return _fit(head, blocks, f"\n`{result.plan}`\n", max_bytes).text


def drift(report: DriftReport, max_bytes: int = MAX_BYTES) -> str:
    """Return a drift report as Markdown."""
    name = f"{code(report.environments[0].name)} " if len(report.environments) == 1 else ""
    counts = _counts(phrases.drift_counts(report.environments) if report.environments else [], report.failed, name)
    blocks = list(_halts(phrases.halts(report.failed)))
    if len(report.environments) > 1:
        blocks.append(_table((each.name, phrases.drift_counts([each])) for each in report.environments))
    for found in report.environments:
        blocks += [Block(f"{code(found.name)}: ⚠ {_as_code(words)}\n", items=0) for words in found.warnings]
    blocks += [block for found in report.environments for block in _drift_blocks(found)]
    return _fit(f"drift{counts}\n", blocks, "", max_bytes).text


def _counts(counts: Sequence[str], failed: Mapping[str, str], name: str = "") -> str:
    """Return the end of a headline: the counts, of what has that `name`, and what could not be looked at."""
    said = [name + ", ".join(counts)] if counts else []
    said += [f"{code(name)} {phrases.FAILED}" for name in failed]
    return f": {'; '.join(said)}" if said else ""


def _halts(halts: Iterable[tuple[str, str]]) -> Iterator[Block]:
    for name, words in halts:
        yield Block(f"**{code(name)}** {_as_code(words)}\n", items=0)


def _fit(head: str, blocks: Sequence[Block], foot: str, max_bytes: int) -> Report:
    """Put what is sent between head and foot first, then of the rest what still has room; all in their order."""
    room = max_bytes - len(f"{_TITLE}{head}{foot}".encode()) - _RESERVE
    fitting: set[int] = set()
    for sent in (True, False):
        for at, block in enumerate(blocks):
            if block.sent == sent:
                if block.size > room:
                    break
                fitting.add(at)
                room -= block.size
    left_out = [block for at, block in enumerate(blocks) if at not in fitting]
    unshown = sum(block.items for block in left_out if block.sent)
    title = f"{_TITLE}{_not_reviewable(unshown)}; " if unshown else _TITLE
    parts = [title + head, *(block.text for at, block in enumerate(blocks) if at in fitting)]
    if lists := sum(block.items for block in left_out):
        parts.append(
            f"**{phrases.count(lists, 'list')} left out here**, since a comment has a limit: the whole is in the "
            "job's log, and in the reports that were saved with it.\n"
        )
    return Report("\n".join(parts) + foot, unshown)


def _not_reviewable(unshown: int) -> str:
    return f"NOT REVIEWABLE, {phrases.count(unshown, 'update')} not shown here"


def _table(environments: Iterable[tuple[str, Sequence[str]]]) -> Block:
    rows = [f"| {_cell(name)} | {', '.join(counts)} |" for name, counts in environments]
    return Block("\n".join(["| environment | |", "| --- | --- |", *rows, ""]), items=0)


def _cell(name: str) -> str:
    return code(name.replace("|", r"\x7c"))  # in a table, a bar ends a cell, in a code span, too


def _plan_blocks(plan: Plan) -> Iterator[Block]:
    """Yield the riskiest of all environments before what is less so of any."""
    several = len(plan.environments) > 1
    named = {each.name: f"**{code(each.name)}**: " if several else "" for each in plan.environments}
    sends = not plan.refused
    risks = {environment.name: dict(order.risks(environment.changes)) for environment in plan.environments}
    for title in order.RISKS:
        for name, groups in risks.items():
            if changes := groups.get(title):
                sent = sends and isinstance(changes[0], Update)
                yield Block(f"#### {named[name]}{title} ({len(changes):,})\n", items=0, sent=sent)
                yield from _changes(changes, sent=sent)
        if title == order.LAST_SENT:
            yield from _warnings(plan, named)
    for environment in plan.environments:
        if environment.drift:
            yield Block(f"#### {named[environment.name]}drift, left alone ({len(environment.drift):,})\n", items=0)
            yield from (Block(_left_alone(each)) for each in environment.drift)


def _warnings(plan: Plan, named: Mapping[str, str]) -> Iterator[Block]:
    for environment in plan.environments:
        for warning in environment.warnings:
            yield Block(f"{named[environment.name]}⚠ {_as_code(warning)}\n", items=0)


def _changes(changes: Sequence[Change], *, sent: bool) -> Iterator[Block]:
    if isinstance(changes[0], Update | Blocked):
        yield from (Block(_change(change), sent=sent) for change in changes)
    else:
        yield Block(_group([change.key for change in changes]), len(changes))


def _change(change: Change) -> str:
    place = f" ({code(f'{change.source.file}:{change.source.line}')})" if change.source else ""
    lines = [f"- **{code(change.key)}** {phrases.deed(change)}{place}"]
    fields = change.fields if isinstance(change, Update | Blocked) else ()
    lines += [
        f"  - {label(field)}: {_change_words(field, change.before, change.after)}"
        for field in FIELDS
        if field in fields
    ]
    if isinstance(change, Update) and change.waits_for:
        lines.append(f"  - waits for: {_join_texts(change.waits_for, _NAMED_IN_A_LINE)}")
    if isinstance(change, Blocked):
        lines.append(f"  - why: {_as_code(change.block.reason)}")
        lines.append(f"  - to lift: {_as_code(change.block.lift)}")
    lines += [f"  - ⚠ {_as_code(warning)}" for warning in change.warnings]
    return "\n".join(lines) + "\n"


def _change_words(field: Field, before: Texts, after: Texts) -> str:
    old, new = before.get(field), after.get(field)
    if new is None:
        return "no longer managed"
    if old and len(old) > _LONGEST_NAME and (pieces := word_diff(old, new)):
        return "".join(map(_piece, pieces))
    return f"{'unknown' if old is None else _text(phrases.shorten(old, _MOST_BEFORE))} → {_text(new)}"


def _text(text: str) -> str:
    return code(text) if text else "(empty)"


def _as_code(text: str) -> str:
    """Words of this program with names of others in them."""
    return code(phrases.shorten(text))


def _join_texts(texts: Sequence[str], most: int) -> str:
    more = f", and {len(texts) - most:,} more" if len(texts) > most else ""
    return ", ".join(map(_text, texts[:most])) + more


def _piece(piece: Piece) -> str:
    match piece.kind:
        case "kept":
            return code(piece.text)
        case "skipped":
            return piece.text
        case "removed":
            return f"<del>{code(piece.text)}</del>"
        case "added":
            return f"<ins>{code(piece.text)}</ins>"
        case _:
            assert_never(piece.kind)


def _group(keys: Sequence[str]) -> str:
    """Like changes in one line: what is done is the same for all, and nothing is sent."""
    named = _join_texts(keys, _NAMED_IN_A_GROUP)
    return f"<details><summary>{phrases.count(len(keys), 'list')}</summary>\n\n{named}\n\n</details>\n"


def _left_alone(drift: Drift) -> str:
    lines = [f"- **{code(drift.key)}** changed elsewhere (applied → live)"]
    lines += [f"  - {label(field)}: {_change_words(field, drift.applied, drift.live)}" for field in drift.fields]
    return "\n".join(lines) + "\n"


def _result_blocks(environment: EnvironmentResult) -> Iterator[Block]:
    took = f"{phrases.count(environment.requests, 'request')} in {phrases.duration(environment.seconds)}"
    yield Block(f"**{code(environment.name)}**: {', '.join(phrases.result_counts([environment]))} ({took})\n", items=0)
    if environment.stopped is not None:
        yield Block(f"Stopped: {_as_code(environment.stopped)}\n", items=0)
    yield from (Block(_outcome(outcome)) for outcome in order.out_of_order(environment.outcomes))
    if made := [outcome.key for outcome in environment.outcomes if outcome.outcome == "updated"]:
        yield Block(_group(made), len(made))


def _outcome(outcome: Outcome) -> str:
    said = f": {_as_code(outcome.error)}" if outcome.error else ""
    return f"- **{code(outcome.key)}** {phrases.outcome(outcome)}{said}\n  - {phrases.next_step(outcome)}\n"


def _drift_blocks(found: EnvironmentDrift) -> Iterator[Block]:
    if found.missing or found.lists or found.undeclared:
        yield Block(f"#### {code(found.name)}\n", items=0)
    for missing in found.missing:
        yield Block(f"- **{code(missing.key)}** missing: {_as_code(missing.reason)}\n")
    yield from (Block(_list_drift(each)) for each in (*found.drifted, *found.pending))
    if found.undeclared:
        number = phrases.count(len(found.undeclared), "live list")
        yield Block(f"{number} that no environment declares: `reconciler drift --undeclared` names them\n", items=0)


def _list_drift(found: ListDrift) -> str:
    lines = [f"- **{code(found.key)}** {phrases.who_moved(found)}"]
    lines += [f"  - {label(each.field)}: {_field_drift(each)}" for each in found.fields]
    if found.campaigns:
        lines.append(f"  - used by: {_join_texts(found.campaigns, _NAMED_IN_A_LINE)}")
    return "\n".join(lines) + "\n"


def _field_drift(found: FieldDrift) -> str:
    if found.moved == "file":
        return _change_words(found.field, {found.field: found.live}, {found.field: found.desired})
    applied: Texts = {} if found.applied is None else {found.field: found.applied}
    wanted = f"; in the manifest: {_text(found.desired)}" if found.moved == "both" else ""
    return _change_words(found.field, applied, {found.field: found.live}) + wanted

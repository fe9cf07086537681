"""A plain HTML page: a headline and one table a kind, without script, network or style sheets of others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.changes import Blocked, Change, Plan, Update
from reconciler.model.drift import DriftReport
from reconciler.model.outcomes import Result
from reconciler.model.texts import FIELDS, Field, Texts
from reconciler.planning.document import digest
from reconciler.report import order, phrases
from reconciler.report.escape import html

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;margin:2rem;color-scheme:light dark}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;"
    "border-bottom:1px solid #8888}caption{text-align:left;font-weight:bold;padding:1rem 0 .5rem}"
)
_Row = Sequence[str]


def plan(plan: Plan) -> str:
    """Return a plan as a page."""
    tables = []
    for environment in plan.environments:
        rows = [_change(change) for _, group in order.risks(environment.changes) for change in group]
        rows += [
            (each.key, phrases.CAUSES["drift"], _fields(each.fields, each.applied, each.live), "left alone")
            for each in environment.drift
        ]
        tables.append(_table(environment.name, ("list", "what", "texts", "remarks"), rows))
    return _page(f"plan: {', '.join(phrases.planned(plan.environments))}", [*tables, f"<p>{html(digest(plan))}</p>"])


def result(result: Result) -> str:
    """Return what an apply did as a page."""
    tables = [
        _table(
            environment.name + (f": stopped: {environment.stopped}" if environment.stopped else ""),
            ("list", "outcome", "remarks"),
            [(each.key, phrases.outcome(each), each.error or "") for each in environment.outcomes],
        )
        for environment in result.environments
    ]
    return _page(f"apply: {', '.join(phrases.done(result.environments))}", tables)


def drift(report: DriftReport) -> str:
    """Return a drift report as a page."""
    tables = []
    for found in report.environments:
        rows = [(each.key, "missing", "", each.reason) for each in found.missing]
        for each in (*found.drifted, *found.pending):
            texts = "; ".join(
                f"{field.field}: “{field.live}”, in the manifest “{field.desired}”" for field in each.fields
            )
            used = f"used by {', '.join(each.campaigns)}" if each.campaigns else ""
            rows.append((each.key, phrases.moved(each), texts, used))
        title = f"{found.name}: {', '.join(phrases.found(found))}"
        tables.append(_table(title, ("list", "what", "texts", "remarks"), rows))
    return _page("drift", tables)


def _change(change: Change) -> _Row:
    fields = change.fields if isinstance(change, Update | Blocked) else FIELDS
    remarks = [*change.warnings]
    if isinstance(change, Blocked):
        remarks = [change.block.reason, f"to lift: {change.block.lift}", *remarks]
    return change.key, phrases.deed(change), _fields(fields, change.before, change.after), "; ".join(remarks)


def _fields(fields: Iterable[Field], before: Texts, after: Texts) -> str:
    return "; ".join(_field(field, before.get(field), after.get(field)) for field in fields if field in after)


def _field(field: Field, old: str | None, new: str | None) -> str:
    return f"{field}: “{new}”" if old == new else f"{field}: {'unknown' if old is None else f'“{old}”'} → “{new}”"


def _table(caption: str, heads: Sequence[str], rows: Iterable[_Row]) -> str:
    body = "\n".join(_row("td", row) for row in rows)
    return f"<table>\n<caption>{html(caption)}</caption>\n{_row('th', heads)}\n{body}\n</table>"


def _row(cell: str, row: _Row) -> str:
    return f"<tr>{''.join(f'<{cell}>{html(each)}</{cell}>' for each in row)}</tr>"


def _page(title: str, parts: Sequence[str]) -> str:
    return "\n".join(_lines(title, parts)) + "\n"


def _lines(title: str, parts: Sequence[str]) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="en"><head><meta charset="utf-8"><title>reconciler {html(title)}</title>'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
    yield f"<h1>reconciler {html(title)}</h1>"
    yield from parts
    yield "</body></html>"

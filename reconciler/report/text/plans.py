"""A plan as text: a headline an environment, a block a list, drift apart.

Marks: `!` blocked, `~` update, `+` adopt, `-` forget, `?` check, `≠` drift that stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from reconciler.model.changes import Action, Asked, Blocked, Change, Drift, EnvironmentPlan, Forget, Plan, Update
from reconciler.model.fields import FIELDS, NAME, Field, label
from reconciler.model.lists import Source
from reconciler.report import order, phrases, steps
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import quote, terminal
from reconciler.report.text.fields import field_line
from reconciler.report.text.layout import INDENT, MARGIN, Page

_Mark: TypeAlias = tuple[str, Ink]

_MARKS: Final[dict[Action, _Mark]] = {
    "update": ("~", "yellow"),
    "adopt": ("+", "green"),
    "forget": ("-", "magenta"),
    "check": ("?", "cyan"),
    "blocked": ("!", "red"),
}
_DRIFTED: Final[_Mark] = ("≠", "magenta")
_OFFLINE = "Compared with the last-applied state only: plan --refresh, and every apply, reads live first."


def plan(plan: Plan, *, colour: bool, width: int) -> str:
    """Return the whole plan for a page of `width` columns; every change is shown, however many there are."""
    page = Page(Pen(colour), width)
    parts = ["\n\n".join(_environment(environment, plan, page)) for environment in plan.environments]
    parts += [page.failed(name, error) for name, error in plan.failed.items()]
    parts += [page.prose(f"{phrases.REFUSED}:", plan.refused, ink="red", indent=0)] if plan.refused else []
    if len(plan.environments) > 1:
        parts.append(_total(plan, page))
    if not plan.refreshed and any(environment.changes for environment in plan.environments):
        parts.append(page.pen.paint("dim", _OFFLINE))
    return "\n\n".join(parts) + "\n"


def _environment(environment: EnvironmentPlan, plan: Plan, page: Page) -> Iterator[str]:
    warnings = [page.prose("warning:", text, ink="yellow", indent=MARGIN) for text in environment.warnings]
    yield "\n".join([_headline(environment, plan, page), *warnings])
    for group in order.groups(environment.changes):
        yield "\n".join(_block(change, page) for change in group)
    if environment.drift:
        yield _drift(environment, plan.asked, page)


def _headline(environment: EnvironmentPlan, plan: Plan, page: Page) -> str:
    name = page.pen.paint("bold", terminal(environment.name))
    if not environment.changes and not environment.drift:
        return f"{name}  {phrases.nothing_to_change(environment, plan.asked, refreshed=plan.refreshed)}"
    return f"{name}  {', '.join(phrases.plan_counts([environment]))}  ({phrases.forecast([environment])})"


def _total(plan: Plan, page: Page) -> str:
    counts = ", ".join(phrases.plan_counts(plan.environments))
    where = phrases.count(len(plan.environments), "environment")
    return f"{page.pen.paint('bold', 'total')}  {counts} in {where}  ({phrases.forecast(plan.environments)})"


def _block(change: Change, page: Page) -> str:
    lines = [page.key_line(*_MARKS[change.action], change.key, phrases.deed(change), _place(change))]
    lines += _field_lines(change, page)
    if isinstance(change, Update) and change.waits_for:
        lines.append(page.prose("waits for:", ", ".join(change.waits_for), ink="plain", indent=INDENT))
    if isinstance(change, Blocked):
        lines.append(page.prose("why:", change.block.reason, ink="red", indent=INDENT))
        lines.append(page.prose("to lift:", change.block.lift, ink="bold", indent=INDENT))
    lines += [page.prose("warning:", text, ink="yellow", indent=INDENT) for text in change.warnings]
    return "\n".join(lines)


def _place(change: Change) -> str:
    return change.id if change.source is None else _line(change.source)


def _line(source: Source) -> str:
    return f"{source.file}:{source.line}"


def _field_lines(change: Change, page: Page) -> list[str]:
    if isinstance(change, Forget):
        return [" " * INDENT + f"{label(NAME)}: {quote(change.before[NAME])}"] if NAME in change.before else []
    return [field_line(field, change.before, change.after, page) for field in FIELDS if _concerns(change, field)]


def _concerns(change: Change, field: Field) -> bool:
    """Of an update, only what it sends or stops looking after; of the others, all that is managed."""
    given_up = field in change.before and field not in change.after
    if isinstance(change, Update | Blocked):
        return given_up or field in change.fields
    return given_up or field in change.after


def _drift(environment: EnvironmentPlan, asked: Asked, page: Page) -> str:
    lists = phrases.count(len(environment.drift), "list")
    heading = f"{lists} changed elsewhere since the last apply, left alone (applied → live)"
    return "\n".join([
        " " * MARGIN + page.pen.paint("bold", "Drift: ") + heading,
        *(_drift_block(drift, page) for drift in environment.drift),
        *(f"{' ' * MARGIN}{step}" for step in steps.of_drift_left_alone(environment, asked)),
    ])  # fmt: skip


def _drift_block(drift: Drift, page: Page) -> str:
    lines = [page.key_line(*_DRIFTED, drift.key, "", _line(drift.source))]
    return "\n".join(lines + [field_line(field, drift.applied, drift.live, page) for field in drift.fields])

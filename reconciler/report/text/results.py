"""A result as text: counts, a line for each list that is not in order, and what to do next."""

from __future__ import annotations

from typing import Final

from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result
from reconciler.report import order, phrases
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import terminal
from reconciler.report.text.layout import MARGIN, Page

_INKS: Final[dict[OutcomeKind, Ink]] = {
    "updated": "green",
    "adopted": "green",
    "forgotten": "green",
    "failed": "red",
    "in_doubt": "yellow",
    "unverified": "yellow",
    "conflict": "yellow",
    "blocked": "red",
    "not_sent": "cyan",
}


def result(result: Result, *, colour: bool, width: int) -> str:
    """Return what a run did, for a page of `width` columns; every list that is not in order has its line."""
    page = Page(Pen(colour), width)
    parts = [_environment(environment, page) for environment in result.environments]
    return "\n\n".join([*parts, _closing(result, page)]) + "\n"


def outcome_line(outcome: Outcome, *, environment: str, number: int, total: int, colour: bool) -> str:
    """Return one line of progress: the `number`-th of `total` changes of `environment` has its outcome."""
    words = Pen(colour).paint(_INKS[outcome.outcome], phrases.outcome(outcome))
    line = f"{terminal(environment)}  {number:>{len(str(total))}}/{total}  {terminal(outcome.key)}  {words}"
    return line if outcome.error is None else f"{line}: {terminal(outcome.error).strip()}"


def _environment(environment: EnvironmentResult, page: Page) -> str:
    name = page.pen.paint("bold", terminal(environment.name))
    took = f"{phrases.count(environment.requests, 'request')} in {phrases.duration(environment.seconds)}"
    lines = [f"{name}  {', '.join(phrases.result_counts([environment]))}  ({took})"]
    if environment.stopped is not None:
        lines.append(page.prose("stopped:", environment.stopped, ink="red", indent=MARGIN))
    lines += [_outcome(outcome, page) for outcome in order.out_of_order(environment.outcomes)]
    return "\n".join(lines)


def _outcome(outcome: Outcome, page: Page) -> str:
    label = f"{terminal(outcome.key)}  {phrases.outcome(outcome)}"
    if outcome.error is not None:
        label += ":"
    return page.prose(label, outcome.error or "", ink=_INKS[outcome.outcome], indent=MARGIN)


def _closing(result: Result, page: Page) -> str:
    heading = phrases.how_it_ended(result)
    if result.in_order:
        return page.pen.paint("green", heading)
    next_steps = [
        page.prose(f"{phrases.OUTCOMES[kind]}:", step, ink=_INKS[kind], indent=MARGIN)
        for kind, step in phrases.next_steps(result)
    ]
    if not next_steps:
        next_steps = [" " * MARGIN + phrases.AGAIN]
    return "\n".join([page.pen.paint("bold", heading), *next_steps])

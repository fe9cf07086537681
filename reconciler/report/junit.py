"""JUnit XML, as CI systems read it: a suite an environment, a case a list; what is not in order is a failure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.report.escape import xml
from reconciler.report.phrases import shorten
from reconciler.report.view.kinds import LEFT_ALONE, OUTCOMES, UNDECLARED
from reconciler.report.view.view import Entry, EnvironmentView, View

_NO_CASES = {LEFT_ALONE, UNDECLARED}  # of lists that the run was not about
_AS_A_WHOLE = "as a whole"


@dataclass(frozen=True, slots=True)
class _Case:
    """One list: its key with its name, and why it is not in order; `skipped` if its turn never came.

    `note` is what is said of a list that is in order.
    """

    name: str
    failure: str = ""
    skipped: bool = False
    note: str = ""


def render(view: View) -> str:
    """Return the view; blocked, drifted and missing lists and wrong outcomes are failures, those not sent skipped."""
    suites = [(environment.name, list(_cases(environment))) for environment in view.environments]
    suites += [(name, [_Case(_AS_A_WHOLE, words)]) for name, words in view.halts]
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *map(_suite, suites), "</testsuites>\n"]
    )


def _cases(environment: EnvironmentView) -> Iterator[_Case]:
    if environment.stopped:
        yield _Case(_AS_A_WHOLE, f"stopped: {environment.stopped}")
    yield from (_list_case(entry) for entry in environment.entries if entry.kind not in _NO_CASES)


def _list_case(entry: Entry) -> _Case:
    failure = "" if entry.kind.in_order else entry.summary
    note = "" if failure or not entry.other_environments else entry.summary
    return _Case(entry.title, failure, skipped=entry.kind is OUTCOMES["not_sent"], note=note)


def _suite(suite: tuple[str, Sequence[_Case]]) -> str:
    name, cases = suite
    skipped = sum(case.skipped for case in cases)
    failures = sum(bool(case.failure) for case in cases) - skipped
    # A suite without cases reads as one that never ran.
    shown = cases or [_Case("nothing to report")]
    counts = f'tests="{len(shown)}" failures="{failures}" errors="0" skipped="{skipped}"'
    return "\n".join(
        [f'  <testsuite name="{xml(name)}" {counts}>', *(_case(name, case) for case in shown), "  </testsuite>"]
    )


def _case(suite: str, case: _Case) -> str:
    head = f'    <testcase classname="{xml(suite)}" name="{xml(case.name)}"'
    if case.note:
        return f"{head}><system-out>{xml(shorten(case.note))}</system-out></testcase>"
    if not case.failure:
        return f"{head}/>"
    kind = "skipped" if case.skipped else "failure"
    said = xml(shorten(case.failure))  # as an attribute and as text: some readers show only one of them
    return f'{head}><{kind} message="{said}">{said}</{kind}></testcase>'

"""The formats of `--report`: what each makes of a plan, a result or a drift report."""

from __future__ import annotations

import json as _json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias, assert_never

from reconciler.documents.drift import drift_document
from reconciler.documents.plan import plan_document
from reconciler.documents.result import result_document
from reconciler.model.changes import Plan
from reconciler.model.drift import DriftReport
from reconciler.model.outcomes import Result
from reconciler.report import github, html, json, junit, markdown
from reconciler.report.escape import log, xml_document
from reconciler.report.github import Locate
from reconciler.report.markdown import Report
from reconciler.report.text import drifts, plans, results

Subject: TypeAlias = Plan | Result | DriftReport
_WIDTH = 100


def _of(
    subject: Subject,
    plan: Callable[[Plan], str],
    result: Callable[[Result], str],
    drift: Callable[[DriftReport], str],
) -> str:
    match subject:
        case Plan():
            return plan(subject)
        case Result():
            return result(subject)
        case DriftReport():
            return drift(subject)
        case _:
            assert_never(subject)


def _text(subject: Subject) -> str:
    return _of(
        subject,
        partial(plans.plan, colour=False, width=_WIDTH),
        partial(results.result, colour=False, width=_WIDTH),
        partial(drifts.drift, undeclared=True, colour=False, width=_WIDTH),
    )


def _document(subject: Subject) -> str:
    return _of(
        subject,
        lambda plan: json.render(plan_document(plan)),
        lambda result: json.render(result_document(result)),
        lambda report: json.render(drift_document(report, undeclared=True)),
    )


def _markdown(subject: Subject, max_bytes: int) -> Report:
    match subject:
        case Plan():
            report = markdown.plan_report(subject, max_bytes)
        case Result():
            report = Report(markdown.result(subject, max_bytes))
        case DriftReport():
            report = Report(markdown.drift(subject, max_bytes))
        case _:
            assert_never(subject)
    return report._replace(text=log(report.text))


def _annotations(subject: Subject, locate: Locate) -> str:
    return _of(
        subject,
        partial(github.plan, locate=locate),
        partial(github.result, locate=locate),
        partial(github.drift, locate=locate),
    )


def _gitlab(subject: Subject) -> str:
    """Count for the widget of a merge request, which knows three numbers: lists are never created or deleted here."""
    count = _of(
        subject,
        lambda plan: str(sum(len(environment.updates) for environment in plan.environments)),
        lambda result: str(sum(each.outcome == "updated" for of in result.environments for each in of.outcomes)),
        lambda report: str(sum(len(environment.drifted) for environment in report.environments)),
    )
    return _json.dumps({"create": 0, "update": int(count), "delete": 0}) + "\n"


FORMATS: Mapping[str, Callable[[Subject, int, Locate], Report]] = {
    "text": lambda subject, *_: Report(log(_text(subject))),
    "json": lambda subject, *_: Report(_document(subject)),
    "markdown": lambda subject, most, _: _markdown(subject, most),
    "junit": lambda subject, *_: Report(xml_document(_of(subject, junit.plan, junit.result, junit.drift))),
    "github": lambda subject, _, locate: Report(_annotations(subject, locate)),
    "gitlab": lambda subject, *_: Report(_gitlab(subject)),
    "html": lambda subject, *_: Report(xml_document(_of(subject, html.plan, html.result, html.drift))),
}
"""By name: what renders a subject, given the most bytes that Markdown may take, and what tells the path of a
file of the manifest in the repository. Each report is inert as a whole, wherever it is printed; only `github` is made
of commands."""


def render(name: str, subject: Subject, max_bytes: int = markdown.MAX_BYTES, locate: Locate = str) -> str:
    """Return a report of a subject as text."""
    return FORMATS[name](subject, max_bytes, locate).text

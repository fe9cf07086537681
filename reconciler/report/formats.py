"""The formats of `--report`: what each makes of a plan, a result or a drift report."""

from __future__ import annotations

import json as _json
from collections.abc import Callable, Mapping
from typing import TypeAlias, assert_never

from reconciler.documents.drift_document import drift_document
from reconciler.documents.plan_document import digest, plan_document
from reconciler.documents.result_document import result_document
from reconciler.model.changes import Plan
from reconciler.model.drift_report import DriftReport
from reconciler.model.outcomes import Result
from reconciler.report import github, html, json, junit, markdown
from reconciler.report.escape import log, xml_document
from reconciler.report.github import Locate
from reconciler.report.markdown import Report
from reconciler.report.text import lines
from reconciler.report.view.of_drift import view_of_drift
from reconciler.report.view.of_plan import view_of_plan
from reconciler.report.view.of_result import view_of_result
from reconciler.report.view.view import View

Subject: TypeAlias = Plan | Result | DriftReport
_WIDTH = 100


def view_of(subject: Subject) -> View:
    """Return what all renderers but that of documents lay out."""
    match subject:
        case Plan():
            return view_of_plan(subject, digest(subject))
        case Result():
            return view_of_result(subject)
        case DriftReport():
            return view_of_drift(subject)
        case _:
            assert_never(subject)


def _document(subject: Subject) -> str:
    match subject:
        case Plan():
            return json.render(plan_document(subject))
        case Result():
            return json.render(result_document(subject))
        case DriftReport():
            return json.render(drift_document(subject, undeclared=True))
        case _:
            assert_never(subject)


def _markdown(subject: Subject, max_bytes: int) -> Report:
    report = markdown.render(view_of(subject), max_bytes)
    return report._replace(text=log(report.text))


def _gitlab(subject: Subject) -> str:
    """Count for the widget of a merge request, which knows three numbers: lists are never created or deleted here."""
    changes = sum(len(entries) for kind, entries in view_of(subject).groups.items() if kind.changes)
    return _json.dumps({"create": 0, "update": changes, "delete": 0}) + "\n"


FORMATS: Mapping[str, Callable[[Subject, int, Locate], Report]] = {
    "text": lambda subject, *_: Report(log(lines.render(view_of(subject), colour=False, width=_WIDTH))),
    "json": lambda subject, *_: Report(_document(subject)),
    "markdown": lambda subject, most, _: _markdown(subject, most),
    "junit": lambda subject, *_: Report(xml_document(junit.render(view_of(subject)))),
    "github": lambda subject, _, locate: Report(github.render(view_of(subject), locate)),
    "gitlab": lambda subject, *_: Report(_gitlab(subject)),
    "html": lambda subject, *_: Report(xml_document(html.render(view_of(subject)))),
}
"""By name: what renders a subject, given the most bytes that Markdown may take, and what tells the path of a
file of the manifest in the repository. Each report is inert as a whole, wherever it is printed; only `github` is made
of commands."""


def render(name: str, subject: Subject, max_bytes: int = markdown.MAX_BYTES, locate: Locate = str) -> str:
    """Return a report of a subject as text."""
    return FORMATS[name](subject, max_bytes, locate).text

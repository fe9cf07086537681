"""The formats of `--report`: what each makes of a plan, a result, a drift report or a comparison."""

from __future__ import annotations

import json as _json
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, assert_never

from reconciler.documents.compare_document import compare_document
from reconciler.documents.drift_document import drift_document
from reconciler.documents.plan_document import digest, plan_document
from reconciler.documents.result_document import result_document
from reconciler.model.changes import Plan
from reconciler.model.comparison import Comparison
from reconciler.model.drift_report import DriftReport
from reconciler.model.outcomes import Result
from reconciler.report import github, html, json, junit, markdown, prometheus
from reconciler.report.escape import log, xml_document
from reconciler.report.github import Locate
from reconciler.report.markdown import Report
from reconciler.report.text import lines
from reconciler.report.view.of_comparison import view_of_comparison
from reconciler.report.view.of_drift import view_of_drift
from reconciler.report.view.of_plan import view_of_reported_plan
from reconciler.report.view.of_result import view_of_result
from reconciler.report.view.view import View

Subject: TypeAlias = prometheus.Subject
_WIDTH = 100


class ReportInput(NamedTuple):
    """What a report is made of.

    `max_bytes` limits Markdown; `locate` returns the path in the repository of a file of the manifest.
    """

    subject: Subject
    view: View
    max_bytes: int
    locate: Locate


def view_of(subject: Subject) -> View:
    """Return what all renderers but that of documents lay out."""
    match subject:
        case Plan():
            return view_of_reported_plan(subject, digest(subject))
        case Result():
            return view_of_result(subject)
        case DriftReport():
            return view_of_drift(subject)
        case Comparison():
            return view_of_comparison(subject)
        case _:
            assert_never(subject)


def document(subject: Subject) -> str:
    """Return the document for machines."""
    match subject:
        case Plan():
            return json.render(plan_document(subject))
        case Result():
            return json.render(result_document(subject))
        case DriftReport():
            return json.render(drift_document(subject, undeclared=True))
        case Comparison():
            return json.render(compare_document(subject))
        case _:
            assert_never(subject)


def render_markdown(view: View, max_bytes: int) -> Report:
    """Return the report for comments and job summaries, of at most `max_bytes`."""
    report = markdown.render(view, max_bytes)
    return report._replace(text=log(report.text))


def _gitlab(view: View) -> str:
    """Count for the widget of a merge request, which knows three numbers: lists are never created or deleted here."""
    changes = sum(len(entries) for kind, entries in view.groups.items() if kind.changes)
    return _json.dumps({"create": 0, "update": changes, "delete": 0}) + "\n"


FORMATS: Mapping[str, Callable[[ReportInput], Report]] = {
    "text": lambda of: Report(log(lines.render(of.view, colour=False, width=_WIDTH))),
    "json": lambda of: Report(document(of.subject)),
    "markdown": lambda of: render_markdown(of.view, of.max_bytes),
    "junit": lambda of: Report(xml_document(junit.render(of.view))),
    "github": lambda of: Report(github.render(of.view, of.locate)),
    "gitlab": lambda of: Report(_gitlab(of.view)),
    "html": lambda of: Report(xml_document(html.render(of.view))),
    "prometheus": lambda of: Report(log(prometheus.render(of.subject))),
}
"""Renderers by name. Each report is inert as a whole, wherever it is printed; only `github` is made of commands."""


def render(name: str, subject: Subject, max_bytes: int = markdown.MAX_BYTES, locate: Locate = str) -> str:
    """Return a report of a subject as text."""
    return FORMATS[name](ReportInput(subject, view_of(subject), max_bytes, locate)).text

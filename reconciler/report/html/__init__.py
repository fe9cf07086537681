"""One page for people: what was planned, done or found, in one file that needs no network.

    plans, results, drifts   a subject → a `Page`: words and numbers, no markup
    headlines, kinds         what it says in plain words; what kinds of entries there are, and which come first
    matrix                   lists × environments, and where they differ
    rendering                a `Page` → HTML: `page.html.jinja` with `page.css` and `page.js` in it

The page is whole without its script, which only filters, sorts and folds.
"""

from __future__ import annotations

from reconciler.model.changes import Plan
from reconciler.model.drift import DriftReport
from reconciler.model.outcomes import Result
from reconciler.report.html import drifts, plans, results
from reconciler.report.html.rendering import render_page


def plan(plan: Plan) -> str:
    """Return a plan as a page."""
    return render_page(plans.page(plan))


def result(result: Result) -> str:
    """Return what an apply did as a page."""
    return render_page(results.page(result))


def drift(report: DriftReport) -> str:
    """Return a drift report as a page."""
    return render_page(drifts.page(report))

"""One page for people: what was planned, done or found, in one file that needs no network.

    page        what stands on the page, as values: words and numbers, no markup
    contents    a view → a `Page`, with `articles` (one list) and `facts` (the end)
    matrix      lists × environments, and where they differ
    rendering   a `Page` → HTML: `page.html.jinja` with `page.css` and `page.js` in it

The page is whole without its script, which only filters, sorts and folds.
"""

from __future__ import annotations

from reconciler.report.html.contents import page_of
from reconciler.report.html.rendering import render_page
from reconciler.report.view.view import View


def render(view: View) -> str:
    """Return the view as a page."""
    return render_page(page_of(view))

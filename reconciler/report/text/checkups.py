"""What `doctor` found, as text."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.model.checks import Check, Checkup
from reconciler.report.colour import Ink, Pen
from reconciler.report.escape import terminal
from reconciler.report.text.layout import MARGIN, Page

_INKS: dict[str, Ink] = {"works": "green", "fails": "red", "unknown": "dim"}
_LABELS = {"unknown": "note"}  # it asks for no action, or something before it failed


def checkups(found: Sequence[Checkup], *, colour: bool, width: int) -> str:
    """Return the checks of each environment for a page of `width` columns, what to do below what fails."""
    page = Page(Pen(colour), width)
    return "\n\n".join(_checkup(checkup, page) for checkup in found) + "\n"


def _checkup(checkup: Checkup, page: Page) -> str:
    heading = page.pen.paint("bold", terminal(checkup.environment))
    return "\n".join([heading, *(line for check in checkup.checks for line in _check(check, page))])


def _check(check: Check, page: Page) -> list[str]:
    label = f"{_LABELS.get(check.status, check.status):8}{check.name}:"
    lines = [page.prose(label, check.detail, ink=_INKS[check.status], indent=MARGIN)]
    if check.next_step:
        lines.append(page.prose("next:", check.next_step, ink="yellow", indent=MARGIN + 8))
    return lines

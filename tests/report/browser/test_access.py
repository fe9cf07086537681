"""An audit of the page with axe-core, from npm: light and wide, dark and narrow, filtered and folded, and on paper."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from reconciler.report.formats import render
from tests.program import REPOSITORY
from tests.report import morning, samples
from tests.report.browser.conftest import Opener
from tests.report.test_formats import HOSTILE, PLANS

pytestmark = pytest.mark.slow

AXE = REPOSITORY / "tests" / "node" / "node_modules" / "axe-core" / "axe.min.js"
DOCUMENTS = {
    "plan": render("html", morning.PLAN),
    "result": render("html", morning.RESULT),
    "drift": render("html", morning.DRIFT),
    "everything": render("html", PLANS),
    "hostile": render("html", HOSTILE["plan"]),
    "nothing": render("html", samples.planned(samples.environment("prod", unchanged=3))),
}
_RUN = """async () => (await axe.run({resultTypes: ["violations"]})).violations.map(
  (found) => `${found.id}: ${found.help}: ${found.nodes.map((node) => node.html).join(" ").slice(0, 400)}`
)"""


def violations(page: Page) -> list[str]:
    """Return what axe finds, by all of its rules, best practices too."""
    assert AXE.exists(), "make slow installs it"
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(_RUN)
    return found


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=list(DOCUMENTS))
def test_nobody_is_left_out(opened: Opener, document: str, width: int, scheme: str) -> None:
    page = opened(document, viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert violations(page) == []


@pytest.mark.parametrize("fragment", ["#env=dev", "#find=nowhere", "#prod/winback"])
def test_nor_when_it_is_filtered(opened: Opener, fragment: str) -> None:
    assert violations(opened(DOCUMENTS["plan"], fragment=fragment)) == []


def test_nor_on_paper(opened: Opener) -> None:
    page = opened(DOCUMENTS["plan"], color_scheme="dark")
    page.emulate_media(media="print")
    assert violations(page) == []


def test_the_audit_finds_fault(opened: Opener) -> None:
    page = opened(DOCUMENTS["plan"].replace('<html lang="en">', "<html>"))
    assert [found.partition(":")[0] for found in violations(page)] == ["html-has-lang"]

"""The site in Chromium: it can be searched, is dark where that is wanted, fits every screen, and asks nobody else."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page

from tests.program import REPOSITORY, UNMEASURED
from tests.report.browser.conftest import browser  # noqa: F401 - a fixture

SITE = REPOSITORY / ".site" / "html"


class Quiet(SimpleHTTPRequestHandler):
    """Serve files without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


@pytest.fixture
def served() -> Iterator[str]:
    """Build the site, and serve it on loopback; return its address."""
    built = subprocess.run(
        ["make", "site"], cwd=REPOSITORY, env=UNMEASURED, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(SITE)))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_the_site_is_searched_dark_whole_and_alone(browser: Browser, served: str) -> None:  # noqa: F811 - the fixture
    asked: set[str] = set()
    for width, scheme, background in ((390, "dark", "rgb(19, 20, 22)"), (1440, "light", "rgb(255, 255, 255)")):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
        context.on("request", lambda request: asked.add(request.url))
        page = context.new_page()
        page.goto(served)
        page.wait_for_url("**/docs/README.html")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == background
        for path in sorted(SITE.rglob("*.html")):
            if path != SITE / "index.html":
                page.goto(f"{served}{path.relative_to(SITE)}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        context.close()
    found = _searched(browser, served, "max_changes")
    assert "How it decides" in found
    assert {url for url in asked if not url.startswith((served, "data:"))} == set()


def _searched(browser: Browser, address: str, word: str) -> list[str]:  # noqa: F811 - its value
    page: Page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address)
    page.wait_for_url("**/docs/README.html")
    page.fill("input.sidebar-search", word)
    page.keyboard.press("Enter")
    page.get_by_text("Search finished").wait_for()  # what is found is shown one after the other
    return page.locator("#search-results li > a").all_inner_texts()

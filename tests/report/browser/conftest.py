"""A page in a browser, watched: what it says on its console, asks of a network or shows in a dialog is a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Request, sync_playwright

from tests.report.browser.chromium import installed, launch

MISSING = "Chromium is missing: make browser installs it where that can be done, or name one in CHROMIUM"

Opener = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start the browser; for a module only, since no other test in the process can have an event loop meanwhile."""
    if installed() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    with sync_playwright() as playwright:
        started = launch(playwright)
        yield started
        started.close()


@pytest.fixture
def heard() -> list[str]:
    """Return what pages said, asked or showed so far; a test that expects something clears it."""
    return []


@pytest.fixture
def opened(browser: Browser, tmp_path: Path, heard: list[str]) -> Iterator[Opener]:
    """Return what opens a document, in a context with the options given; `fragment` is what its address ends with."""
    contexts: list[BrowserContext] = []

    def asked(request: Request, address: str) -> None:
        if request.url.partition("#")[0] != address:
            heard.append(f"request: {request.url}")

    def alarmed(dialog: Dialog) -> None:
        heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def watch(page: Page, address: str) -> None:
        page.on("console", lambda message: heard.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: heard.append(f"error: {error}"))
        page.on("dialog", alarmed)
        page.on("popup", lambda popup: heard.append(f"popup: {popup.url}"))
        page.on("request", lambda request: asked(request, address))

    def open_(document: str, *, fragment: str = "", **options: Any) -> Page:
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(document, encoding="utf-8")
        contexts.append(browser.new_context(**{"viewport": {"width": 1280, "height": 900}} | options))
        page = contexts[-1].new_page()
        watch(page, path.as_uri())
        page.goto(path.as_uri() + fragment)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert heard == []

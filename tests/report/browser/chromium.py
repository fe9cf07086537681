"""Chromium as it is started here: the one that is installed, without a network of its own."""

from __future__ import annotations

import os
import shutil

from playwright.sync_api import Browser, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--font-render-hinting=none",
    "--hide-scrollbars",
)


def installed() -> str | None:
    """Return the path of the browser: the one that `CHROMIUM` names, else the first on the path."""
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else next(filter(None, map(shutil.which, _NAMES)), None)


def launch(playwright: Playwright) -> Browser:
    """Start it without a window, with a new and empty profile; root needs it without its sandbox."""
    return playwright.chromium.launch(
        executable_path=installed(), args=list(_QUIET), chromium_sandbox=os.geteuid() != 0, headless=True
    )

"""How long a browser takes over an HTML report: `python -m benchmarks.report_paint [CHANGES]`, 10,000 by default.

Prints the median of five loads in a fresh headless Chromium: the first paint, when the page is whole and its script has
run, and how long a search takes from the key to the frame that shows its result. Needs Chromium (`make browser`).
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from reconciler.model.changes import Change, Plan
from reconciler.report.formats import render
from tests.report import morning, samples
from tests.report.browser.chromium import launch

LOADS = 5
_TIMES = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
  whole: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
})"""
_SEARCH = """() => new Promise((done) => {
  const find = document.querySelector("[name=find]");
  const start = performance.now();
  find.value = "list-77";
  find.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - start)));
})"""


def plan(count: int) -> Plan:
    """Return a plan of so many changes in two environments: one in ten blocked, six updated, three to adopt."""
    kinds: tuple[Change, ...] = (
        samples.RENAME_IN_USE,
        *(samples.RENAME, samples.DESCRIBED) * 3,
        *(samples.ADOPTED,) * 3,
    )
    changes = [replace(kinds[number % 10], key=f"list-{number}", id=samples.list_id(number)) for number in range(count)]
    halves = changes[::2], changes[1::2]
    environments = [samples.environment(name, *half) for name, half in zip(("prod", "dev"), halves, strict=True)]
    return replace(morning.PLAN, environments=tuple(environments))


def measured(browser: Browser, page: Path) -> dict[str, float]:
    """Return, in milliseconds, what one load takes."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.goto(page.as_uri())
    tab.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    times: dict[str, float] = {**tab.evaluate(_TIMES), "search": tab.evaluate(_SEARCH)}
    context.close()
    return times


def main() -> None:
    """Render, load and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    start = time.perf_counter()
    document = render("html", plan(count))
    print(f"{count:,} changes: {len(document.encode()) / 1e6:.1f} MB, rendered in {time.perf_counter() - start:.1f} s")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = Path(folder) / "plan.html"
        page.write_text(document, encoding="utf-8")
        browser = launch(playwright)
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, median of {LOADS} loads (least to most)")
        loads = [measured(browser, page) for _ in range(LOADS)]
        browser.close()
    for name in loads[0]:
        times = sorted(load[name] for load in loads)
        print(f"{name:>8}  {statistics.median(times):6.0f} ms  ({times[0]:.0f} to {times[-1]:.0f})")


if __name__ == "__main__":
    main()

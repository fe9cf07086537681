"""`make bench`: measure, print, and keep with --save; `make bench-check`: compare with what is kept, and warn.

python -m benchmarks [--turns N] [--only WORK]… [--save | --check]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.places import program
from benchmarks.works import WORKS, Figure

KEPT = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parent / "README.md"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
SLOWER = 1.25
"""How many times the kept ratio another may be before that is worth a warning."""


def main() -> int:
    """Measure; a figure over its target, or well over the kept one, is a warning and no failure."""
    options = _options()
    binaries = program()
    figures = []
    for name in options.only or WORKS:
        for figure in WORKS[name](binaries, options.turns):
            sys.stdout.write(_line(figure) + "\n")
            sys.stdout.flush()
            figures.append(figure)
    if options.save:
        _save(figures, kept_before=_kept() if options.only else {})
    if options.check:
        for warning in _warnings(figures):
            sys.stdout.write(f"warning: {warning}\n")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--turns", type=int, default=5, help="how often each pair runs")
    parser.add_argument("--only", action="append", default=[], choices=list(WORKS), help="only this work; repeatable")
    parser.add_argument("--save", action="store_true", help="keep the figures in benchmarks/results.json")
    parser.add_argument("--check", action="store_true", help="compare with the kept figures, and warn")
    return parser.parse_args()


def _line(figure: Figure) -> str:
    spread = f"  ({figure.spread[0]:.2f} to {figure.spread[1]:.2f})" if figure.spread else ""
    over = "" if figure.value <= figure.most else "  OVER"
    return f"{figure.value:8.2f} {figure.unit:3} of at most {figure.most:g}{over}  {figure.work}{spread}"


def _kept() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads(KEPT.read_text())["figures"]
    return figures


def _save(figures: list[Figure], kept_before: dict[str, Any]) -> None:
    """Keep the figures, and what they were measured on; with them, those of works that did not run this time."""
    kept: dict[str, Any] = {"figures": kept_before}
    kept["machine"] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in ("PyYAML", "pydantic", "httpx")},
    }
    kept["measured"] = datetime.now(UTC).date().isoformat()
    for figure in figures:
        kept["figures"][figure.work] = {
            "value": round(figure.value, 3),
            "unit": figure.unit,
            "most": round(figure.most, 2),
            "spread": figure.spread and [round(each, 3) for each in figure.spread],
        }
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), kept), encoding="utf-8")


def with_table(page: str, kept: dict[str, Any]) -> str:
    """Return the page with the kept figures between its marks."""
    rows = ["| what | figure | turns | at most |", "| --- | --- | --- | --- |"]
    for work, figure in kept["figures"].items():
        spread = "–".join(f"{each:.2f}" for each in figure["spread"]) if figure["spread"] else ""
        over = "" if figure["value"] <= figure["most"] else " **over**"
        rows.append(f"| {work} | {figure['value']:.2f} {figure['unit']}{over} | {spread} | {figure['most']:g} |")
    machine = ", ".join(f"{name} {value}" for name, value in kept["machine"].items())
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    table = "\n".join(rows)
    return f"{before}{BEGIN}\n\nMeasured {kept['measured']} by `make bench`; {machine}.\n\n{table}\n\n{END}{after}"


def _warnings(figures: list[Figure]) -> list[str]:
    kept = _kept()
    found = []
    for figure in figures:
        if figure.value > figure.most:
            found.append(f"{figure.work}: {figure.value:.2f} is over its target of {figure.most:g}")
        before = kept.get(figure.work)
        if before and figure.unit == "×" and figure.value > SLOWER * before["value"]:
            found.append(f"{figure.work}: {figure.value:.2f}, and {before['value']:.2f} was kept")
    return found


if __name__ == "__main__":
    sys.exit(main())

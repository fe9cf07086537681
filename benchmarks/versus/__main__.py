"""Measure the program against its rivals, and renew the figures, the page and the chart: `make bench-report`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.versus import machine, page
from benchmarks.versus.measuring import Bench, primed, rounds, sees_drift
from benchmarks.versus.results import Results, Sample, load, save
from benchmarks.versus.serving import free_port
from benchmarks.versus.tools import TOOLS, Tool
from benchmarks.versus.work import Scenario, scenarios

HERE = Path(__file__).parent
AREA = machine.ROOT / ".bench"
FIGURES = HERE / "results.json"
PAGE = machine.ROOT / "docs" / "comparison.md"
CHART = machine.ROOT / "docs" / "comparison.svg"


def main() -> int:
    """Measure, unless only the page is to be made; write what was found."""
    options = _options()
    programs = machine.installed(AREA / "venv")
    if options.page_only:
        results = load(FIGURES)
    else:
        results = _results(options, programs)
        save(results, FIGURES)
    page.renew(PAGE, results)
    chart = (str(programs / "python"), "-m", "benchmarks.versus.chart", str(FIGURES), str(CHART))
    subprocess.run(chart, cwd=machine.ROOT, check=True)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.versus", description=__doc__)
    parser.add_argument(
        "--lists", type=int, default=1000, metavar="N", help="how many lists are live (default 1000, the most)"
    )
    parser.add_argument("--changed", type=int, default=10, metavar="N", help="descriptions to change (default 10)")
    parser.add_argument("--limited", type=int, default=80, metavar="N", help="the same within the limit (default 80)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs without the limit (default 3)")
    parser.add_argument("--page-only", action="store_true", help="measure nothing: make page and chart anew")
    return parser.parse_args()


def _results(options: argparse.Namespace, programs: Path) -> Results:
    tools = [tool for tool in TOOLS if tool.present]
    bench = Bench(programs, AREA / "work", free_port(), options.lists)
    primed(bench, tools)
    return Results(
        made=datetime.now(UTC).date().isoformat(),
        machine=machine.described(),
        versions=machine.versions(programs),
        sizes={"lists": options.lists, "changed": options.changed, "limited": options.limited, "runs": options.runs},
        sees_drift={tool.key: sees_drift(bench, tool) for tool in tools},
        samples={
            scenario.key: _measured(bench, tools, scenario)
            for scenario in scenarios(options.changed, options.limited, options.runs)
        },
    )


def _measured(bench: Bench, tools: Sequence[Tool], scenario: Scenario) -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = {tool.key: [] for tool in tools}
    for tool, sample in rounds(bench, tools, scenario):
        found[tool.key].append(replace(sample, output="" if sample.right else sample.output[-1000:]))
        well = "right" if sample.right else f"wrong, exit {sample.code}"
        _say(f"{scenario.key:8} {tool.key:14} {sample.seconds:7.2f} s  {sample.requests:5} requests  {well}")
    return found


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())

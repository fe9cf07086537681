"""The figures as an SVG: `python -m benchmarks.versus.chart RESULTS CHART`, where matplotlib is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import matplotlib as mpl  # type: ignore[import-not-found, unused-ignore]  # only where the rivals are installed
from matplotlib.axes import Axes  # type: ignore[import-not-found, unused-ignore]  # as above
from matplotlib.figure import Figure  # type: ignore[import-not-found, unused-ignore]  # as above

from benchmarks.versus.results import Results, Sample, Spread, digest, load
from benchmarks.versus.tools import OURS, TOOLS

Of: TypeAlias = Callable[[Sample], float]

PANELS: tuple[tuple[str, Of, str], ...] = (
    ("processor time, seconds", lambda sample: sample.processor, "{:,.1f}"),
    ("memory at its peak, MiB", lambda sample: max(sample.together, sample.largest) / 1024, "{:,.0f}"),
    ("requests", lambda sample: sample.requests, "{:,.0f}"),
)
SCENARIOS = (("check", "is anything to do?", "#4477aa"), ("bring", "bring {changed} changes live", "#ee8866"))
THICK = 0.36
# The same bytes for the same figures; text stays text, so that the file is small and can be searched.
mpl.rcParams.update(
    {
        "svg.hashsalt": "versus",
        "svg.fonttype": "none",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
        "font.size": 9,
    }
)


def main() -> int:
    """Draw the results in the first file to the second, which says from which it was made."""
    figures, chart = Path(sys.argv[1]), Path(sys.argv[2])
    metadata = {"Date": None, "Creator": None, "Identifier": digest(figures)}
    drawn(load(figures)).savefig(chart, format="svg", metadata=metadata)
    return 0


def drawn(results: Results) -> Figure:
    """Return one panel a figure, one row a tool; on white, so that it reads on any page."""
    figure = Figure(figsize=(10, 3.9), layout="constrained", facecolor="white")
    panels = figure.subplots(1, len(PANELS), sharey=True)
    for panel, (title, of, form) in zip(panels, PANELS, strict=True):
        for number, (scenario, _, colour) in enumerate(SCENARIOS):
            _bars(panel, results, scenario, of, form, offset=(number - 0.5) * THICK, colour=colour)
        _dress(panel, title)
    panels[0].set_yticks(range(len(TOOLS)), [tool.title for tool in TOOLS])
    panels[0].get_yticklabels()[TOOLS.index(OURS)].set_fontweight("bold")
    panels[0].invert_yaxis()
    handles = [mpl.patches.Patch(color=colour) for _, _, colour in SCENARIOS]
    names = [said.format(**results.sizes) for _, said, _ in SCENARIOS]
    title = f"{results.sizes['lists']:,} lists, median of {results.sizes['runs']} runs (line: lowest to highest)"
    figure.legend(handles, names, loc="outside upper center", ncols=2, frameon=False, title=title)
    return figure


def _bars(panel: Axes, results: Results, scenario: str, of: Of, form: str, *, offset: float, colour: str) -> None:
    """Draw the median of each tool as a bar, the lowest and highest as a whisker, and write the median beside it."""
    for row, tool in enumerate(TOOLS):
        samples = results.of(scenario, tool.key)
        if not samples:
            panel.annotate("not measured", (0, row), (3, 0), textcoords="offset points", va="center", color="#555555")
            continue
        found = Spread.of(map(of, samples))
        panel.barh(row + offset, found.middle, THICK, color=colour)
        panel.plot((found.low, found.high), (row + offset,) * 2, color="#222222", linewidth=1, solid_capstyle="butt")
        panel.annotate(
            form.format(found.middle), (found.high, row + offset), (3, 0), textcoords="offset points", va="center",
            fontsize=8, color="#222222",
        )  # fmt: skip


def _dress(panel: Axes, title: str) -> None:
    panel.set_title(title, fontsize=9)
    panel.set_xlim(0, panel.get_xlim()[1] * 1.15)
    panel.grid(axis="x", color="#dddddd", linewidth=0.6)
    panel.set_axisbelow(True)
    panel.tick_params(axis="y", length=0)
    for side in ("top", "right", "left"):
        panel.spines[side].set_visible(False)


if __name__ == "__main__":
    sys.exit(main())

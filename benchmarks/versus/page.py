"""The figures as Markdown, put between the two marks of a page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from benchmarks.versus.results import Results, Sample, Spread
from benchmarks.versus.tools import TOOLS

Samples: TypeAlias = Sequence[Sample]
Column: TypeAlias = tuple[str, Callable[[Samples], str]]

MARK = "<!-- versus -->"
PER_MINUTE = 60  # the API's limit
TITLES = {
    "check": "Is anything to do? {lists:,} lists, all in order",
    "bring": "Bring {changed:,} changed descriptions of {lists:,} lists live",
    "limited": "Bring {limited:,} changed descriptions live, the server keeping the limit of 60 requests a minute",
}


def renew(page: Path, results: Results) -> None:
    """Put the tables in the place of those on the page."""
    before, _, after = page.read_text(encoding="utf-8").split(MARK)
    page.write_text(f"{before}{MARK}\n{tables(results)}{MARK}{after}", encoding="utf-8")


def tables(results: Results) -> str:
    """Return all that the page shows of the results."""
    return "\n".join((_measured_on(results), *_sections(results)))


def at_limit(requests: float) -> str:
    """Return the least time that the API's limit leaves for so many requests, where nobody else makes any."""
    minutes = int(max(requests - 1, 0) // PER_MINUTE)
    return f"{minutes} min" if minutes else "no wait"


def _measured_on(results: Results) -> str:
    machine, versions = results.machine, results.versions
    load = f"; load {machine['load']}" if "load" in machine else ""
    return (
        f"Measured on {results.made}: {machine['processor']}; {machine['memory']}; {machine['system']}; "
        f"Python {machine['python']}{load}.\n"
        f"Versions: {', '.join(f'{name} {version}' for name, version in versions.items())}.\n"
    )


def _sections(results: Results) -> Iterator[str]:
    for scenario, title in TITLES.items():
        runs = max((len(found) for found in results.samples.get(scenario, {}).values()), default=0)
        yield f"#### {title.format(**results.sizes)}\n"
        yield f"{'One run' if runs == 1 else f'{runs} runs, median (lowest–highest)'}.\n"
        yield _table(scenario, results)


def _table(scenario: str, results: Results) -> str:
    columns = _columns(scenario)
    heads = ["", *(head for head, _ in columns)]
    drift = scenario == "check"
    heads += ["sees an edit made elsewhere"] if drift else []
    lines = [_row(heads), _row(["---", *["---:"] * (len(heads) - 1)])]
    for tool in TOOLS:
        if samples := results.of(scenario, tool.key):
            cells = [tool.title, *(shown(samples) for _, shown in columns)]
            lines.append(_row([*cells, _yes(results.sees_drift[tool.key])] if drift else cells))
        else:
            said = f"not measured here: no {tool.needs} program on this machine"
            lines.append(_row([tool.title, said, *[""] * (len(heads) - 2)]))
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _columns(scenario: str) -> Sequence[Column]:
    """Return the figures of a scenario; those that are computed say so in their head."""
    refused: Column = ("of them refused (429)", _shown(lambda sample: sample.refused, 0))
    computed: Column = ("wait at 60 a minute (computed)", lambda samples: at_limit(_middle(samples)))
    return (
        ("time, s", _shown(lambda sample: sample.seconds, 1)),
        ("processor, s", _shown(lambda sample: sample.processor, 1)),
        ("largest process, MiB", _shown(lambda sample: sample.largest / 1024, 0)),
        ("all processes, MiB", _shown(lambda sample: sample.together / 1024, 0)),
        ("requests", _shown(lambda sample: sample.requests, 0)),
        refused if scenario == "limited" else computed,
        ("PUTs", _shown(lambda sample: sample.puts, 0)),
        ("right", _right),
    )


def _shown(figure: Callable[[Sample], float], digits: int) -> Callable[[Samples], str]:
    return lambda samples: spread(samples, figure, digits)


def _middle(samples: Samples) -> float:
    return Spread.of(sample.requests for sample in samples).middle


def _yes(said: bool) -> str:
    return "yes" if said else "no"


def spread(samples: Samples, figure: Callable[[Sample], float], digits: int) -> str:
    """Return the median of a figure, and its lowest and highest where they read differently."""
    found = Spread.of(map(figure, samples))
    low, middle, high = (f"{value:,.{digits}f}" for value in (found.low, found.middle, found.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def _right(samples: Samples) -> str:
    right = sum(sample.right for sample in samples)
    return "yes" if right == len(samples) else f"**no** ({right} of {len(samples)})"

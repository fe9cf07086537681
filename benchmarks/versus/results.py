"""What was measured, as a document: every sample, so that nobody has to believe a median."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one tool. Seconds of the wall and of processors, KiB of memory, and what the server counted.

    `largest` is the largest single process, `together` all of them at one time (see `launch`). `right`: it ended well,
    and the lists are then as wanted, or the check said what is true. `output` is not kept where all is right.
    """

    code: int
    seconds: float
    processor: float
    largest: int
    together: int
    requests: int = 0
    puts: int = 0
    refused: int = 0
    right: bool = False
    output: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several runs."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, figures: Iterable[float]) -> Spread:
        """Return the median of some figures, between the lowest and the highest."""
        known = sorted(figures)
        return cls(known[0], median(known), known[-1])


@dataclass(frozen=True, slots=True)
class Results:
    """All samples, by scenario and tool; on which machine, when, with which versions, of how much work."""

    made: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    sizes: Mapping[str, int]
    sees_drift: Mapping[str, bool] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Sequence[Sample]]] = field(default_factory=dict)

    def of(self, scenario: str, tool: str) -> Sequence[Sample]:
        """Return the samples of a tool in a scenario, none where it was not measured."""
        return self.samples.get(scenario, {}).get(tool, ())


def load(path: Path) -> Results:
    """Return what `save` wrote."""
    document = json.loads(path.read_text(encoding="utf-8"))
    samples = {
        scenario: {tool: [Sample(**each) for each in runs] for tool, runs in tools.items()}
        for scenario, tools in document.pop("samples").items()
    }
    return Results(**document, samples=samples)


def digest(path: Path) -> str:
    """Return what tells one file of results from another."""
    return f"sha256:{sha256(path.read_bytes()).hexdigest()}"


def save(results: Results, path: Path) -> None:
    """Write it."""
    path.write_text(json.dumps(asdict(results), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

"""The comparison with other tools: what is published was made from the figures, and what is wrong is found."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.versus import page
from benchmarks.versus.__main__ import CHART, FIGURES, PAGE
from benchmarks.versus.measuring import LAUNCH, Bench, primed, sample, sees_drift
from benchmarks.versus.results import Sample, digest, load
from benchmarks.versus.serving import free_port
from benchmarks.versus.tools import ALL, OURS, TERRAFORM, Tool
from benchmarks.versus.work import Scenario, work

BRING = Scenario("bring", "bring", changed=2)
LISTS = 6


def test_the_tables_and_the_chart_are_made_from_the_figures() -> None:
    shown = PAGE.read_text(encoding="utf-8").split(page.MARK)[1]
    assert shown == f"\n{page.tables(load(FIGURES))}"
    assert digest(FIGURES) in CHART.read_text(encoding="utf-8")


def test_what_was_not_measured_is_said_and_not_made_up() -> None:
    results = load(FIGURES)
    samples = {scenario: dict(tools, terraform=[]) for scenario, tools in results.samples.items()}
    said = [line for line in page.tables(replace(results, samples=samples)).splitlines() if TERRAFORM.title in line]
    assert len(said) == len(page.TITLES)
    assert all("not measured here: no terraform program on this machine" in line for line in said)
    assert not any(character.isdigit() for line in said for character in line)


@pytest.mark.parametrize(
    ("requests", "wait"), [(0, "no wait"), (1, "no wait"), (60, "no wait"), (61, "1 min"), (1000, "16 min")]
)
def test_the_least_time_at_the_limit(requests: int, wait: str) -> None:
    assert page.at_limit(requests) == wait


def test_a_spread_shows_only_what_differs() -> None:
    runs = [Sample(code=0, seconds=seconds, processor=0, largest=0, together=0) for seconds in (3.0, 1.0, 1.04)]
    assert page.spread(runs, lambda run: run.seconds, 1) == "1.0 (1.0–3.0)"
    assert page.spread(runs[1:], lambda run: run.seconds, 1) == "1.0"


def test_work_changes_as_many_descriptions_as_it_is_told() -> None:
    for changed in (0, 1, 7, 10):
        task = work(10, changed)
        differing = [known.id for known, wanted in zip(task.live, task.wanted, strict=True) if known != wanted]
        assert len(differing) == changed


def test_a_command_is_measured_with_what_it_starts_and_without_what_starts_it(tmp_path: Path) -> None:
    def largest(size: int) -> float:
        held = f"import subprocess, sys; subprocess.run([sys.executable, '-c', 'bytearray({size})'])"
        launch = (sys.executable, "-I", str(LAUNCH), "report", "output", "60", sys.executable, "-c", held)
        subprocess.run(launch, cwd=tmp_path, check=True)
        report: dict[str, float] = json.loads((tmp_path / "report").read_text())
        assert report["code"] == 0
        return report["largest"]

    assert largest(0) < 40 * 1024
    assert largest(100 * 2**20) > 100 * 1024


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(Path(sys.executable).parent, tmp_path / "work", free_port(), LISTS)


def test_the_program_and_a_loop_of_requests_come_to_the_same_lists(bench: Bench) -> None:
    pytest.importorskip("requests")
    primed(bench, (OURS, ALL))
    ours, theirs = sample(bench, OURS, BRING), sample(bench, ALL, BRING)
    assert (ours.right, ours.puts, ours.output[-1000:] if not ours.right else "") == (True, 2, "")
    assert (theirs.right, theirs.puts, theirs.requests) == (True, 2, 3)
    assert sees_drift(bench, OURS)


def test_a_tool_that_does_not_do_its_work_is_found_out(bench: Bench) -> None:
    idle = Tool(
        "idle",
        "idle",
        check=("true",),
        bring=("true",),
        differs=lambda code, output: code == 2,
        write=lambda folder, lists, url, limit: None,
    )
    primed(bench, (idle,))
    assert not sample(bench, idle, BRING).right
    assert not sees_drift(bench, idle)

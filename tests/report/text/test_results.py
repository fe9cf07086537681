"""Results and progress as text, whole, against golden files."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result
from reconciler.report import escape
from reconciler.report.text import lines
from reconciler.report.view.of_result import entry_of_outcome, view_of_result
from tests.report import samples
from tests.report.golden_files import assert_golden

RESULTS = {
    "result.txt": samples.ran(samples.MIXED),
    "result-environments.txt": samples.ran(samples.CLEAN, samples.MIXED, samples.IDLE),
    "result-done.txt": samples.ran(samples.CLEAN),
    "result-idle.txt": samples.ran(samples.IDLE),
    "result-without-lists.txt": samples.ran(replace(samples.IDLE, unchanged=0)),
    "result-stopped-at-the-end.txt": samples.ran(replace(samples.CLEAN, stopped="SIGTERM")),
    "result-hostile.txt": samples.ran(samples.FOUL_RESULT),
}


@pytest.mark.parametrize("name", RESULTS)
def test_whole(name: str) -> None:
    assert_golden(name, lines.render(view_of_result(RESULTS[name]), colour=False, width=100))


def test_whole_in_colour() -> None:
    assert_golden("result.ansi", lines.render(view_of_result(RESULTS["result.txt"]), colour=True, width=100))


def test_what_the_plan_told_is_not_said_again() -> None:
    block = samples.RENAME_IN_USE.block
    known = replace(samples.OUTCOMES[2], error=f"{block.reason}; {block.lift}")
    gone = replace(known, guard="missing", error="it is gone by now")
    result = samples.ran(replace(samples.MIXED, outcomes=(known, gone)))
    view = view_of_result(result)
    below, alone = (lines.render(view, colour=False, width=1000, below_plan=below) for below in (True, False))
    assert (
        "  winback  blocked [RENAME-IN-USE], as shown above\n  winback  blocked [MISSING]: it is gone by now\n" in below
    )
    assert f"  winback  blocked [RENAME-IN-USE]: {block.reason}; {block.lift}\n" in alone


def test_samples_hold_every_outcome() -> None:
    assert {outcome.outcome for outcome in samples.OUTCOMES} == set(get_args(OutcomeKind))


def test_progress() -> None:
    shown = [
        lines.progress_line(entry_of_outcome("prod", outcome), number=number, total=len(samples.OUTCOMES), colour=False)
        for number, outcome in enumerate(samples.OUTCOMES, start=1)
    ]
    assert_golden("progress.txt", "\n".join(shown) + "\n")


def test_progress_in_colour() -> None:
    line = lines.progress_line(entry_of_outcome("prod", samples.UPDATED), number=1, total=1, colour=True)
    assert line == "prod  1/1  renewal-due  \x1b[32mupdated\x1b[0m"


@pytest.mark.parametrize("result", RESULTS.values(), ids=list(RESULTS))
@pytest.mark.parametrize("width", [0, 60, 1000])
def test_no_line_ends_in_white_space(result: Result, width: int) -> None:
    output = lines.render(view_of_result(result), colour=True, width=width)
    assert output.endswith("\n")
    assert [line for line in output.splitlines() if line != line.rstrip()] == []


@given(st.text(), st.integers(20, 200))
def test_no_text_acts_hides_or_forges_a_line(hostile: str, width: int) -> None:
    foul = f"{hostile}\nFORGED"
    outcome = Outcome(key=foul, id=foul, action="update", outcome="failed", attempts=1, error=foul)
    result = samples.ran(EnvironmentResult(foul, (outcome,), unchanged=0, requests=1, seconds=1, stopped=foul))
    progress = lines.progress_line(entry_of_outcome(foul, outcome), number=1, total=1, colour=False)
    shown = [*lines.render(view_of_result(result), colour=False, width=width).split("\n"), progress]
    assert [line for line in shown if escape.terminal(line) != line or line.startswith("FORGED")] == []

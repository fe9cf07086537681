"""Killed anywhere, and killed again: the next run finds the truth, and ends the work."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.exploration.events import Sent
from tests.faults.kills import WEATHER, Part, any_instant, every_step
from tests.faults.story import story
from tests.marks import first_always

PARTS = 8


@pytest.mark.parametrize("number", first_always(range(PARTS)))
def test_killed_at_every_step(tmp_path: Path, number: int) -> None:
    with story(tmp_path, "edited") as told:
        tally = every_step(told, Part(number, PARTS))
    assert tally.wrong == []
    assert tally.tried > 10


@pytest.mark.parametrize("number", first_always(range(4)))
def test_killed_at_a_third_of_the_steps_with_the_state_on_a_branch(tmp_path: Path, number: int) -> None:
    """The others are left to make faults: each run starts git some fifty times."""
    with story(tmp_path, "edited", on_a_branch=True) as told:
        tally = every_step(told, Part(number, 12))
    assert tally.wrong == []
    assert tally.tried > 3


@pytest.mark.parametrize("number", first_always(range(PARTS)))
def test_the_power_cut_where_the_state_is_written(tmp_path: Path, number: int) -> None:
    with story(tmp_path, "doubtful") as told:
        tally = every_step(told, Part(number, PARTS), power=True)
    assert tally.wrong == []
    assert tally.tried > 4


@pytest.mark.parametrize("case", first_always([("first", 2), ("first", 4), ("edited", 4)]))
def test_killed_at_a_random_instant_while_the_api_fails_too(tmp_path: Path, case: tuple[str, int]) -> None:
    start, tries = case
    with story(tmp_path, start) as told:
        tally = any_instant(told, tries, 1, *WEATHER)
    assert tally.wrong == []
    assert tally.tried >= tries


def test_a_run_that_dies_before_it_tells_of_itself_did_nothing(tmp_path: Path) -> None:
    with story(tmp_path, "edited") as told:
        told.begin()
        told.run()
        told.begin()
        told.run({"afresh": True, "seconds": 0})
        assert told.replay.broken == ()
        assert not any(isinstance(each, Sent) for each in told.replay.heard)

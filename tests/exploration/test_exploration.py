"""A small part of `make explore`, and sequences that were found by it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.exploration import stories
from tests.exploration.choices import Broken, Choices
from tests.exploration.execution import execute, replay
from tests.exploration.places import place_of
from tests.exploration.planted import FAULTS, Fault
from tests.exploration.search import as_test, kind, search

ROOT = Path(__file__).parents[2]
QUICKLY_FOUND = ("applied before the answer", "all fields are sent", "the intent is not synced")


def replayed(name: str, deviations: Mapping[str, str]) -> None:
    """Let a story happen with these deviations; a predicate that breaks is raised."""
    story = next(each for each in stories.STORIES if each.name == name)
    with place_of(story) as place:
        replay(story, place, deviations)


def test_one_list_with_one_deviation() -> None:
    with place_of(stories.ONE) as place:
        found = search(stories.ONE, place, 1)
    assert found.failure is None, as_test(stories.ONE, found.failure) + found.said
    assert found.executions > 50


@pytest.mark.parametrize("story", stories.STORIES, ids=lambda story: story.name)
def test_good_weather(story: stories.Story) -> None:
    with place_of(story) as place:
        assert execute(story, place, Choices({}, 0, {}))


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.said)
def test_each_fault_can_be_planted(fault: Fault) -> None:
    with fault.planted():
        pass


@pytest.mark.parametrize("said", QUICKLY_FOUND)
def test_planted_faults_are_found(said: str) -> None:
    fault = next(each for each in FAULTS if each.said == said)
    with place_of(fault.story) as place:
        with fault.planted():
            found = fault.look(place)
            assert found.failure is not None
            assert as_test(fault.story, found.failure)
            with pytest.raises(Broken):
                replay(fault.story, place, dict(found.failure))
        replay(fault.story, place, dict(found.failure))


def _found(seed: int, names: str) -> str:
    """Return all that the searches come to in a process of its own, whose strings have hashes of their own."""
    program = (
        "from tests.exploration import places, search, stories\n"
        f"for story in stories.{names}:\n"
        "    with places.place_of(story) as place:\n"
        "        print(story.name, search.search(story, place, 1))\n"
    )
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    "names", ["STORIES[3:4]", pytest.param("STORIES + stories.DEEP[:1]", marks=pytest.mark.slow)], ids=["one", "all"]
)
def test_each_search_comes_to_the_same(names: str) -> None:
    found = {_found(seed, names) for seed in (1, 3)}  # in 3, a set of b and d is iterated as it was made
    assert len(found) == 1, found


def test_a_sequence_that_cannot_happen_is_no_proof() -> None:
    with place_of(stories.ONE) as place:
        with pytest.raises(Broken, match="cannot happen"):
            replay(stories.ONE, place, {"9 put a": "refused"})
        with pytest.raises(Broken, match="cannot happen here"):
            replay(stories.ONE, place, {"1 put a": "sings"})


def test_a_document_that_a_dead_run_put_in_place_is_made_durable_before_its_journal_goes() -> None:
    replayed(
        "one list",
        {
            "1 sync the journal": "dies",
            "2 sync the folder #2": "dies",
            "3 open the journal": "dies without power",
        },
    )


@pytest.mark.parametrize(
    "deviations",
    [{"1 read": "delete a", "1 read a": "edit b description F"}, {"1 read": "delete b", "1 read b": "stale"}],
    ids=["shows no other", "outlives a read of all that leaves it out"],
)
def test_a_read_of_one_list(deviations: Mapping[str, str]) -> None:
    replayed("two lists", deviations)


def test_kinds() -> None:
    assert kind(("1 put a #2", "edit b name X")) == "put: edited"
    assert kind(("1 answer a", "pauses")) == "answer: pauses"
    assert kind(("2 read", "stale")) == "read: stale"
    assert kind(("1 write the journal #2", "dies")) == "write the journal: dies"

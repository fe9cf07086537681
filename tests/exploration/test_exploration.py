"""A small part of `make explore`, and sequences that were found by it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.exploration import stories
from tests.exploration.choices import Broken, Choices
from tests.exploration.execution import execute, replay
from tests.exploration.places import Folder, folder
from tests.exploration.planted import FAULTS
from tests.exploration.search import as_test, kind, search

QUICKLY_FOUND = ("applied before the answer", "all fields are sent", "the intent is not synced")


@pytest.fixture
def place() -> Iterator[Folder]:
    with folder() as place:
        yield place


def test_one_list_with_one_deviation(place: Folder) -> None:
    found = search(stories.ONE, place, 1)
    assert found.failure is None, as_test(stories.ONE, found.failure) + found.said
    assert found.executions > 50


@pytest.mark.parametrize("story", stories.STORIES, ids=lambda story: story.name)
def test_good_weather(place: Folder, story: stories.Story) -> None:
    assert execute(story, place, Choices({}, 0, {}))


@pytest.mark.parametrize("said", QUICKLY_FOUND)
def test_planted_faults_are_found(place: Folder, said: str) -> None:
    fault = next(each for each in FAULTS if each.said == said)
    with fault.planted():
        found = fault.look(place)
        assert found.failure is not None
        assert as_test(fault.story, found.failure)
        with pytest.raises(Broken):
            replay(fault.story, place, dict(found.failure))
    replay(fault.story, place, dict(found.failure))


def test_a_sequence_that_cannot_happen_is_no_proof(place: Folder) -> None:
    with pytest.raises(Broken, match="cannot happen"):
        replay(stories.ONE, place, {"9 put a": "refused"})
    with pytest.raises(Broken, match="cannot happen here"):
        replay(stories.ONE, place, {"1 put a": "sings"})


def test_kinds() -> None:
    assert kind(("1 put a #2", "edit b name X")) == "put: edited"
    assert kind(("2 read", "stale")) == "read: stale"
    assert kind(("1 write the journal #2", "dies")) == "write the journal: dies"

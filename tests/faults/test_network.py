"""A bad network at every request of a run: nothing is lost, nothing false is said, and it ends in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Status
from tests.faults.between import WAYS, Between, Way, answered_twice
from tests.faults.kills import Part, bad_network
from tests.faults.story import Story, outcomes, story
from tests.marks import first_always


@pytest.fixture
def told(tmp_path: Path) -> Iterator[Story]:
    with story(tmp_path, "edited", between=True) as begun:
        yield begun


@pytest.mark.parametrize("case", first_always([(Part(2, 4), 2), (Part(0, 2), 3)]))
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_any_request_meets_a_bad_network(told: Story, way: Way, case: tuple[Part, int]) -> None:
    """The first PUT, and the look at the end; or every other request. make faults does it to all of them."""
    part, tries = case
    tally = bad_network(told, way, part)
    assert tally.wrong == []
    assert tally.tried == tries


@pytest.mark.parametrize("copied", [1, 2, 3], ids=["the first read", "the first PUT", "the read back"])
def test_a_copy_of_an_answer_acknowledges_no_later_put(told: Story, copied: int) -> None:
    """The second PUT is refused, and no read after it works: the state must not say that it is applied."""
    told.faults = (
        Status(call="put", at=2, times=0, status=400),
        Status(call="read_all", at=3, times=0, status=400),  # which is not tried again, as a broken network is
    )
    told.begin()
    proxy = told.between
    assert isinstance(proxy, Between)
    proxy.ways = {copied: answered_twice}
    ended = told.run(None, "--timeout", "1")
    assert ended.code == 3
    assert told.found().lost == ()
    assert told.found().false == ()
    said = outcomes(ended)
    assert [each["outcome"] for each in said if each["attempts"]].count("updated") <= 1
    told.faults, proxy.ways = (), {}
    told.place.sandbox.world.faults.clear()
    assert list(told.ended_in_order(told.run())) == []


@pytest.mark.slow
def test_a_network_that_is_gone_stops_the_run_and_the_next_ends_it(told: Story) -> None:
    """From the second PUT on, nothing passes: what is not sent is said to be so, and what may be is in doubt."""
    told.begin()
    proxy = told.between
    assert isinstance(proxy, Between)
    proxy.ways = dict.fromkeys(range(4, 100), WAYS[1])
    ended = told.run(None, "--timeout", "1")
    assert ended.code == 3
    assert '"outcome": "unverified"' in ended.out
    assert told.found().lost == ()
    assert told.found().false == ()
    proxy.ways = {}
    assert list(told.ended_in_order(told.run())) == []

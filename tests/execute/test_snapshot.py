"""The age of live values, and what it costs to read lists that *read all* leaves out."""

from __future__ import annotations

import pytest

from reconciler.execute.snapshot import LiveSnapshot, read_live
from reconciler.model.lists import Absent
from tests.execute.scene import Pass, Scene, named, play, staged
from tests.fakes import Reply

SCENE = Scene({}, named("A", "B"), hidden="b")


@pytest.mark.parametrize(
    ("age", "ahead", "stale"),
    [(60, 0, False), (60.5, 0, True), (0, 5, False), (0, 5.5, True), (58, 2, False), (58, 3, True)],
)
def test_stale(age: float, ahead: float, stale: bool) -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    assert snapshot.is_stale("cl-a", 0)
    snapshot.refresh(["cl-a"], [])
    played.clock.let_pass(age)
    assert snapshot.is_stale("cl-a", ahead) == stale


def test_a_list_read_alone_has_an_age_of_its_own() -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    snapshot.refresh(["cl-b"], ["cl-b"])
    played.clock.let_pass(61)
    snapshot.refresh(["cl-b"], [])
    assert (snapshot.is_stale("cl-a", 0), snapshot.is_stale("cl-b", 0)) == (False, True)
    snapshot.refresh(["cl-b"], ["cl-b"])
    assert not snapshot.is_stale("cl-b", 0)


def test_a_narrowed_one_is_whole_again_after_the_next_read() -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    snapshot.refresh(["cl-b"], ["cl-b"])
    whole = snapshot.live
    snapshot.narrow({"cl-b"})
    assert (set(snapshot.live.lists), snapshot.texts("cl-b")["name"], snapshot.hides("cl-b")) == ({"cl-b"}, "B", True)
    snapshot.refresh(["cl-b"], [])
    assert snapshot.live == whole
    assert set(whole.lists) == {"cl-a", "cl-b"}


@pytest.mark.parametrize(("waited", "stale"), [(5, False), (5.1, True)])
def test_a_long_wait_makes_stale(waited: float, stale: bool) -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    snapshot.refresh([], [])
    snapshot.note_wait(waited)
    assert snapshot.is_stale("cl-a", 0) == stale


def test_what_was_written_is_read_alone_again_though_it_is_not_due() -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    snapshot.refresh(["cl-b"], ["cl-b"])
    played.account.edited("cl-b", {"name": "New"})
    snapshot.refresh(["cl-b"], [])
    assert (snapshot.texts("cl-b")["name"], snapshot.reads) == ("B", 2)
    snapshot.note_put("cl-b")
    assert snapshot.reads == 0
    snapshot.refresh(["cl-b", "cl-b"], [])
    assert (snapshot.texts("cl-b")["name"], snapshot.reads) == ("New", 1)
    assert played.requests == "all (b) all all (b)"


def test_a_list_that_shows_itself_is_hidden_no_more() -> None:
    played = staged(SCENE)
    snapshot = LiveSnapshot(played.remote, played.clock)
    snapshot.refresh(["cl-b", "cl-z"], [])
    assert snapshot.hides("cl-b")
    assert snapshot.live.absent == {"cl-z": Absent("cl-z", "HTTP 404: not found")}
    played.account.hidden = ()
    snapshot.refresh(["cl-b"], [])
    assert not snapshot.hides("cl-b")
    assert snapshot.live == read_live(played.remote, ["cl-b"])


def test_reading_live_reads_alone_what_is_hidden() -> None:
    played = staged(SCENE)
    live = read_live(played.remote, ["cl-a", "cl-b", "cl-z"])
    assert ({*live.lists}, {*live.absent}) == ({"cl-a", "cl-b"}, {"cl-z"})
    assert played.requests == "all (b) (z)"


def test_many_hidden_lists_cost_so_many_requests_more_and_not_their_square() -> None:
    keys = [f"k{number}" for number in range(40)]
    scene = Scene(
        {key: {"name": f"N {key}"} for key in keys},
        {key: {"name": f"O {key}"} for key in keys},
        replies={number: Reply() for number in range(40)},
        deeds={f"put {key}": [Pass(61)] for key in keys},
        hidden=keys,
        policy={"max_changes": 100},
    )
    played = play(scene)
    assert set(played.outcomes.values()) == {"updated 1 True"}
    # Each: alone at the start, before its PUT, after it, and at the end; read all and the PUT itself.
    assert played.remote.requests < 7 * len(keys)

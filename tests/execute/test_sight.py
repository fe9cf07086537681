"""The age of live values, and what it costs to read lists that *read all* leaves out."""

from __future__ import annotations

import pytest

from reconciler.execute.sight import Sight, survey
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
    sight = Sight(played.remote, played.clock)
    assert sight.stale("cl-a", 0)
    sight.renew(["cl-a"], [])
    played.clock.let_pass(age)
    assert sight.stale("cl-a", ahead) == stale


def test_a_list_read_alone_has_an_age_of_its_own() -> None:
    played = staged(SCENE)
    sight = Sight(played.remote, played.clock)
    sight.renew(["cl-b"], ["cl-b"])
    played.clock.let_pass(61)
    sight.renew(["cl-b"], [])
    assert (sight.stale("cl-a", 0), sight.stale("cl-b", 0)) == (False, True)
    sight.renew(["cl-b"], ["cl-b"])
    assert not sight.stale("cl-b", 0)


@pytest.mark.parametrize(("waited", "stale"), [(5, False), (5.1, True)])
def test_a_long_wait_makes_stale(waited: float, stale: bool) -> None:
    played = staged(SCENE)
    sight = Sight(played.remote, played.clock)
    sight.renew([], [])
    sight.waited(waited)
    assert sight.stale("cl-a", 0) == stale


def test_what_was_written_is_read_alone_again_though_it_is_not_due() -> None:
    played = staged(SCENE)
    sight = Sight(played.remote, played.clock)
    sight.renew(["cl-b"], ["cl-b"])
    played.account.edited("cl-b", {"name": "New"})
    sight.renew(["cl-b"], [])
    assert (sight.texts("cl-b")["name"], sight.reads) == ("B", 2)
    sight.wrote("cl-b")
    assert sight.reads == 0
    sight.renew(["cl-b", "cl-b"], [])
    assert (sight.texts("cl-b")["name"], sight.reads) == ("New", 1)
    assert played.requests == "all (b) all all (b)"


def test_a_list_that_shows_itself_is_hidden_no_more() -> None:
    played = staged(SCENE)
    sight = Sight(played.remote, played.clock)
    sight.renew(["cl-b", "cl-z"], [])
    assert sight.hides("cl-b")
    assert sight.live.absent == {"cl-z": Absent("cl-z", "HTTP 404: not found")}
    played.account.hidden = ()
    sight.renew(["cl-b"], [])
    assert not sight.hides("cl-b")
    assert sight.live == survey(played.remote, ["cl-b"])


def test_a_survey_reads_alone_what_is_hidden() -> None:
    played = staged(SCENE)
    live = survey(played.remote, ["cl-a", "cl-b", "cl-z"])
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

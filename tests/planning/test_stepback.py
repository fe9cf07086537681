"""What is said if git moved a state back, to the letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.lists import Applied, LaterState, Live, PastRun
from reconciler.planning.build import build
from reconciler.planning.stepback import step_back_warnings, taken_back_warnings, taken_out
from tests.planning.worlds import Short, applied, desired, live

NOW = Applied("prod", applied({}).target, "lineage", 7, applied({"a": {"name": "A"}, "b": {"name": "B"}}).lists)
HEAD = (
    "git moved this state back, from serial 9 to 7, as git revert does: what was applied in between is not known here "
    "any more, and a plan does not undo it."
)
TAIL = " To undo it in the account too, bring the state back, then plan and apply: git checkout c0ffee -- x"
CUT = (
    "live differs from what was applied in {}. If a commit was reverted, that may be why: git revert moves the state "
    "back, too. The history here is cut off (a shallow clone), so that cannot be seen here: look again in a whole clone"
)


def later(lists: dict[str, Short]) -> LaterState:
    return LaterState(Applied("prod", NOW.target, "lineage", 9, applied(lists).lists), "git checkout c0ffee -- x")


def test_nothing_came_later() -> None:
    assert step_back_warnings(NOW, None, live({"a": {"name": "X"}})) == ()


@pytest.mark.parametrize(
    ("seen", "still"),
    [
        (None, ""),
        ({"a": {"name": "New"}, "b": {"name": "B"}}, " Live still shows that in a."),
        ({"a": {"name": "Other"}, "b": {"name": "B"}}, ""),
        ({"b": {"name": "B"}}, ""),
    ],
)
def test_what_live_still_shows(seen: dict[str, Short] | None, still: str) -> None:
    after = later({"a": {"name": "New"}, "b": {"name": "B"}})
    side = None if seen is None else live(seen)
    assert step_back_warnings(NOW, after, side) == (f"{HEAD}{still}{TAIL}",)
    assert taken_out(NOW, after, side) == (frozenset("a") if still else frozenset())


def test_nothing_is_called_taken_out_that_is_not_known_to_be() -> None:
    after = replace(later({"a": {"name": "New"}}), cut_off=True)
    assert taken_out(NOW, None, live({"a": {"name": "New"}})) == frozenset()
    assert taken_out(NOW, after, live({"a": {"name": "New"}})) == frozenset()


@pytest.mark.parametrize(
    ("number", "named"), [(5, "k0, k1, k2, k3, k4"), (6, "k0, k1, k2, k3, k4 and 1 more")], ids=["all", "the first"]
)
def test_the_first_of_many_are_named(number: int, named: str) -> None:
    lists: dict[str, Short] = {f"k{each}": {"name": f"N{each}"} for each in reversed(range(number))}
    (said,) = step_back_warnings(NOW, later(lists), live(lists))
    assert said == f"{HEAD} Live still shows that in {named}.{TAIL}"


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        (None, ""),
        ({"a": {"name": "A"}, "b": {"name": "B"}}, ""),
        ({"a": {"name": "A"}}, ""),
        ({"a": {"name": "X"}, "b": {"name": "Y"}, "c": {"name": "Z"}}, "a, b"),
    ],
)
def test_a_history_that_is_cut_off(seen: dict[str, Short] | None, named: str) -> None:
    side: Live | None = None if seen is None else live(seen)
    assert step_back_warnings(NOW, LaterState(NOW, cut_off=True), side) == ((CUT.format(named),) if named else ())


def test_lists_are_taken_out_of_a_state_only_by_one_that_is_known() -> None:
    after, shown = later({"a": {"name": "New"}, "b": {"name": "B"}}), live({"a": {"name": "New"}})
    assert taken_out(NOW, after, shown) == {"a"}
    assert taken_out(NOW, replace(after, cut_off=True), shown) == frozenset()
    assert taken_out(NOW, None, shown) == frozenset()


BY = "anna on ci-7: reconciler apply"
BEFORE = applied({"a": {"name": "Old", "description": "D"}, "b": {"name": "Old B", "description": "D"}}).lists
AFTER = applied({"a": {"name": "New", "description": "D"}, "b": {"name": "New B", "description": "D"}})
RUN = PastRun(BY, frozenset("ab"), BEFORE)
SAID = (
    f"older text comes back in {{}}: a run had replaced it ({BY}). If that is not meant, this manifest is older than "
    "that run: bring it up to date (git pull) and plan again"
)


@pytest.mark.parametrize(
    ("wanted", "runs", "said"),
    [
        ({"a": {"name": "Old", "description": "D"}}, [RUN], ["a"]),
        ({"a": {"name": "Old", "description": "D"}, "b": {"name": "Old B", "description": "D"}}, [RUN], ["a, b"]),
        ({"a": {"name": "Old", "description": "Other"}}, [RUN], []),
        ({"a": {"name": "Newest", "description": "D"}}, [RUN], []),
        ({"a": {"name": "Old", "description": "D"}}, [], []),
        ({"a": {"name": "Old", "description": "D"}}, [PastRun(BY, frozenset("b"), BEFORE)], []),
        ({"a": {"name": "Old", "description": "D"}}, [PastRun("b", frozenset("a"), {}), RUN], ["a"]),
        ({"new": {"name": "Old", "description": "D"}}, [RUN], []),
    ],
)
def test_what_a_run_changed_is_taken_back(wanted: dict[str, Short], runs: list[PastRun], said: list[str]) -> None:
    plan = build(desired(wanted), AFTER, None)
    assert taken_back_warnings(plan, AFTER, runs) == tuple(SAID.format(keys) for keys in said)


def test_an_undo_is_meant() -> None:
    plan = build(desired({"a": {"name": "Old", "description": "D"}}), AFTER, None)
    undo = replace(plan, changes=tuple(replace(change, cause="undo") for change in plan.changes))
    assert taken_back_warnings(undo, AFTER, [RUN]) == ()

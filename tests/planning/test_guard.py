"""Guards, world by world."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml

from reconciler.model.changes import Blocked, EnvironmentPlan, Update
from reconciler.model.lists import Campaign
from reconciler.planning.build import build
from reconciler.planning.guard import apply_guards
from tests.planning.worlds import TARGET, Short, applied, desired, live, rows

CASES: list[Short] = yaml.safe_load((Path(__file__).parent / "cases" / "guards.yaml").read_text(encoding="utf-8"))
COLUMNS = [(case, column) for case in CASES for column in ("offline", "refreshed") if column in case]


def planned(case: Short, column: str) -> EnvironmentPlan:
    wanted, known = desired(case["desired"], case.get("policy")), applied(case["applied"])
    seen = live(case.get("live", case["applied"])) if column == "refreshed" else None
    return apply_guards(build(wanted, known, seen), wanted, known, seen)


@pytest.mark.parametrize(("case", "column"), COLUMNS, ids=[f"{case['title']} ({column})" for case, column in COLUMNS])
def test_guards(case: Short, column: str) -> None:
    plan = planned(case, column)
    assert rows(plan) == case[column]
    assert list(rows(plan))[: len(plan.changes)] == [
        key for key in case[column] if not case[column][key].startswith("drift")
    ]


@pytest.mark.parametrize("case", [case for case in CASES if "says" in case], ids=lambda case: str(case["title"]))
def test_blocks_in_words(case: Short) -> None:
    blocks = {change.key: change.block for change in planned(case, "refreshed").changes if isinstance(change, Blocked)}
    for key, said in case["says"].items():
        assert f"{blocks[key].reason}; {blocks[key].lift}" == said


@pytest.mark.parametrize(("case", "column"), COLUMNS, ids=[f"{case['title']} ({column})" for case, column in COLUMNS])
def test_warnings(case: Short, column: str) -> None:
    said = {change.key: change.warnings for change in planned(case, column).changes if change.warnings}
    assert said == {key: (warning,) for key, warning in case.get("warns", {}).items()}


def test_a_warning_of_a_saved_plan_is_not_given_again() -> None:
    plan = renames(a=("A", "B"), b=("B", "Free"))
    once = apply_guards(plan, desired({}), applied({}), live({"a": {"name": "A"}, "b": {"name": "B"}}))
    again = apply_guards(once, desired({}), applied({}), live({"a": {"name": "A"}, "b": {"name": "B"}}))
    assert [len(change.warnings) for change in once.changes] == [0, 1]
    assert again.changes == once.changes


def test_what_would_block_an_overwrite_is_said_once() -> None:
    """The plan that says it may be saved, and is held against the guards again."""
    wanted, known = desired({"a": {"name": "New"}}), applied({"a": {"name": "N"}})
    seen = live({"a": {"name": "Theirs", "campaigns": ["June"]}})
    once = apply_guards(build(wanted, known, seen), wanted, known, seen)
    assert apply_guards(once, wanted, known, seen).changes == once.changes


def test_a_look_alike_is_warned_of_once_and_never_of_the_list_itself() -> None:
    plan, seen = renames(a=("Alpha", "\u0410lpha")), live({"a": {"name": "Alpha"}, "z": {"name": "Alpha"}})
    once = apply_guards(plan, desired({}), applied({}), seen)
    said = (
        "the name looks like that of the undeclared list cl-z, but U+0410 CYRILLIC CAPITAL LETTER A stands for U+0041 "
    )
    assert [change.warnings for change in once.changes] == [(f"{said}LATIN CAPITAL LETTER A",)]
    assert apply_guards(once, desired({}), applied({}), seen).changes == once.changes


def renames(**names: tuple[str, str]) -> EnvironmentPlan:
    """Return a plan of renames, as a saved one might hold it: key = (old, new)."""
    changes = tuple(
        Update(
            key=key,
            id=f"cl-{key}",
            cause="edit",
            before={"name": old},
            after={"name": new},
            source=None,
            fields=("name",),
        )
        for key, (old, new) in names.items()
    )
    return EnvironmentPlan("prod", TARGET, "", 0, changes)


def test_two_renames_to_one_name() -> None:
    seen = live({"a": {"name": "A"}, "b": {"name": "B"}})
    plan = apply_guards(renames(a=("A", "Same"), b=("B", "SAME")), desired({}), applied({}), seen)
    assert rows(plan) == {"a": "update edit name", "b": "blocked edit name by name_taken"}
    stopped = plan.changes[1]
    assert isinstance(stopped, Blocked)
    assert stopped.block.reason == (
        "a, renamed to it by this plan, has the name 'SAME' (names are compared ignoring case) and keeps it"
    )


def test_a_rename_to_a_name_that_the_manifest_declares_for_another_key() -> None:
    seen = live({"a": {"name": "A"}, "b": {"name": "B"}})
    plan = apply_guards(renames(a=("A", "Wanted")), desired({"b": {"name": "Wanted"}}), applied({}), seen)
    assert rows(plan) == {"a": "blocked edit name by name_taken"}


def test_what_waits_behind_a_circle_is_blocked_too() -> None:
    seen = live({key: {"name": key.upper()} for key in "abc"} | {"b2": {"name": "B"}})
    plan = apply_guards(renames(a=("A", "B"), b=("B", "A"), c=("C", "A")), desired({}), applied({}), seen)
    assert rows(plan)["c"] == "blocked edit name by name_taken"


def test_a_name_that_two_lists_have_comes_free_when_both_gave_it_up() -> None:
    seen = live({"a": {"name": "X"}, "b": {"name": "x"}, "c": {"name": "C"}})
    plan = apply_guards(renames(a=("X", "A"), b=("x", "B"), c=("C", "X")), desired({}), applied({}), seen)
    assert rows(plan) == {"a": "update edit name", "b": "update edit name", "c": "update edit name after a b"}


def test_a_rename_that_is_stopped_takes_no_name_from_another() -> None:
    seen = live({"a": {"name": "A"}, "b": {"name": "x"}})
    plan = apply_guards(renames(a=("A", "X"), b=("x", "X")), desired({}), applied({}), seen)
    assert rows(plan) == {"a": "blocked edit name by name_taken", "b": "update edit name"}


def test_a_circle_names_its_members_only() -> None:
    seen = live({"a": {"name": "A"}, "b": {"name": "B"}, "c": {"name": "b"}})
    plan = apply_guards(renames(a=("A", "B"), b=("B", "A"), c=("b", "C")), desired({}), applied({}), seen)
    first = plan.changes[0]
    assert rows(plan)["a"] == "blocked edit name by rename_cycle"
    assert isinstance(first, Blocked)
    assert first.block.reason == "the renames of a, b take one another's names, so that each waits for another"


def test_where_a_list_stands_in_the_manifest_is_no_part_of_why_it_is_blocked() -> None:
    """Else the digest would change with every line above it."""
    known, seen = applied({"b": {"name": "B"}}), live({"b": {"name": "B"}})
    blocks = []
    above: Short
    for above in ({}, {"a": {"name": "A"}}):
        wanted = desired({**above, "b": {"name": "New", "protect": True}})
        (change,) = apply_guards(renames(b=("B", "New")), wanted, known, seen).changes
        assert isinstance(change, Blocked)
        blocks.append(change.block)
    assert blocks[0] == blocks[1]


def test_the_campaigns_of_what_is_changed_or_drifted_are_named_by_id() -> None:
    known = applied({key: {"name": key.upper()} for key in "abcd"})
    wanted = desired({"a": {"name": "New"}, "b": {"name": "B"}, "c": {"name": "C"}, "d": {"name": "New too"}})
    seen = live({
        "a": {"name": "A", "campaigns": ["June", "July"]},
        "b": {"name": "Moved", "campaigns": ["May"]},
        "c": {"name": "C", "campaigns": ["August"]},
        "d": {"name": "D"},
    })  # fmt: skip
    plan = apply_guards(build(wanted, known, seen), wanted, known, seen)
    assert plan.campaigns == {"cl-a": (Campaign("June"), Campaign("July")), "cl-b": (Campaign("May"),)}
    assert apply_guards(build(wanted, known), wanted, known, None).campaigns == {}
    gone = live({"b": {"name": "B"}, "c": {"name": "C"}, "a": None, "d": {"name": "D"}})
    assert apply_guards(build(wanted, known, gone), wanted, known, gone).campaigns == {}


def test_what_is_changed_or_drifted_is_named_as_live_or_else_as_last_applied() -> None:
    known = applied({key: {"name": key.upper(), "description": "x"} for key in "abcd"})
    wanted = desired({key: {"description": text} for key, text in {"a": "y", "b": "x", "c": "x", "d": "y"}.items()})
    seen = live({
        "a": {"name": "Fiber Upgrade Köln", "description": "x"},
        "b": {"name": "Moved", "description": "z"},
        "c": {"name": "C", "description": "x"},
        "d": None,
    })  # fmt: skip
    plan = apply_guards(build(wanted, known, seen), wanted, known, seen)
    names = {change.id: plan.names.get(change.id) for change in (*plan.changes, *plan.drift)}
    assert names == {"cl-a": "Fiber Upgrade Köln", "cl-b": "Moved", "cl-d": "D", "cl-c": "C"}
    assert apply_guards(build(wanted, known), wanted, known, None).names["cl-a"] == "A"
    nowhere = applied({})
    assert apply_guards(build(wanted, nowhere), wanted, nowhere, None).names == {}


def circle(number: int) -> EnvironmentPlan:
    """Return the plan of so many lists, each of which takes the name of the next."""
    wanted = {f"k{each:04}": {"name": f"N{(each + 1) % number}"} for each in range(number)}
    known = {f"k{each:04}": {"name": f"N{each}"} for each in range(number)}
    return apply_guards(
        build(desired(wanted), applied(known), live(known)), desired(wanted), applied(known), live(known)
    )


def reasons(plan: EnvironmentPlan) -> dict[str, str]:
    return {change.key: change.block.reason for change in plan.changes if isinstance(change, Blocked)}


@pytest.mark.parametrize(
    ("number", "named"),
    [(5, "k0000, k0001, k0002, k0003, k0004"), (7, "k0000, k0001, k0002, k0003, k0004 and 2 more")],
)
def test_a_circle_is_worded_once_for_all_and_in_bounds(number: int, named: str) -> None:
    said = f"the renames of {named} take one another's names, so that each waits for another"
    assert reasons(circle(number)) == {f"k{each:04}": said for each in range(number)}


@pytest.mark.slow
def test_a_large_circle_is_found_soon() -> None:
    began = time.process_time()
    assert len(set(reasons(circle(4_000)).values())) == 1
    assert time.process_time() - began < 20


def test_two_circles_are_two() -> None:
    wanted = {"a": {"name": "B"}, "b": {"name": "A"}, "c": {"name": "D"}, "d": {"name": "C"}}
    known = {key: {"name": key.upper()} for key in wanted}
    plan = apply_guards(
        build(desired(wanted), applied(known), live(known)), desired(wanted), applied(known), live(known)
    )
    reasons = {
        change.key: change.block.reason.split(" take ")[0] for change in plan.changes if isinstance(change, Blocked)
    }
    ab, cd = "the renames of a, b", "the renames of c, d"
    assert reasons == {"a": ab, "b": ab, "c": cd, "d": cd}

"""Plans as text, whole, against golden files; and what holds for every plan."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.changes import Blocked, Cause, Check, Guard, Plan, Update
from reconciler.model.lists import Campaign
from reconciler.planning.guard import name_campaigns
from reconciler.report import escape
from reconciler.report.text import lines
from reconciler.report.view.of_plan import view_of_plan
from tests.report import samples
from tests.report.golden_files import assert_golden

ANSI = re.compile(r"\x1b\[[0-9;]*m")
DEV = samples.environment("dev", samples.RENAME, unchanged=3, requests=4, seconds=2)
STAGING = replace(DEV, name="staging", target=samples.OTHER_ACCOUNT, seconds=9)
IDLE = samples.environment("prod", unchanged=1000, requests=1)
PLANS = {
    "plan.txt": samples.planned(samples.FEW),
    "plan-everything.txt": samples.planned(samples.EVERYTHING),
    "plan-offline.txt": samples.planned(samples.FEW, refreshed=False),
    "plan-environments.txt": samples.planned(samples.FEW, DEV, STAGING, replace(IDLE, name="test")),
    "plan-empty.txt": samples.planned(IDLE),
    "plan-empty-offline.txt": samples.planned(IDLE, refreshed=False),
    "plan-without-lists.txt": samples.planned(samples.environment("prod", requests=1)),
    "plan-warned.txt": samples.planned(replace(IDLE, warnings=("the API stores the name of vip in lower case",))),
    "plan-drift.txt": samples.planned(samples.environment("prod", drift=samples.DRIFT[:1], unchanged=2, requests=1)),
    "plan-wide.txt": samples.planned(samples.WIDE),
    "plan-hostile.txt": samples.planned(samples.FOUL),
}


def show(plan: Plan, *, colour: bool, width: int) -> str:
    return lines.render(view_of_plan(plan), colour=colour, width=width)


@pytest.mark.parametrize("name", PLANS)
def test_whole(name: str) -> None:
    assert_golden(name, show(PLANS[name], colour=False, width=100))


def test_whole_in_colour() -> None:
    assert_golden("plan-everything.ansi", show(PLANS["plan-everything.txt"], colour=True, width=100))


def test_narrow() -> None:
    assert_golden("plan-narrow.txt", show(PLANS["plan.txt"], colour=False, width=60))


@pytest.mark.parametrize(("action", "may_rename"), [("forget", False), ("check", True)])
def test_campaigns_are_spoken_of_only_where_a_rename_may_come(action: str, may_rename: bool) -> None:
    of = samples.environment("prod", *(each for each in samples.EVERYTHING.changes if each.action == action))
    shown = show(samples.planned(of, refreshed=False), colour=False, width=100)
    assert ("Which campaigns use these lists was not looked up" in shown) is may_rename


def test_samples_hold_every_cause_and_guard() -> None:
    changes = samples.EVERYTHING.changes
    assert {change.cause for change in changes} == set(get_args(Cause))
    assert {change.block.guard for change in changes if isinstance(change, Blocked)} == set(get_args(Guard))


@pytest.mark.parametrize("plan", PLANS.values(), ids=list(PLANS))
@pytest.mark.parametrize("colour", [False, True], ids=["plain", "colour"])
@pytest.mark.parametrize("width", [0, 60, 100, 1000])
def test_no_line_ends_in_white_space(plan: Plan, colour: bool, width: int) -> None:
    output = show(plan, colour=colour, width=width)
    assert output.endswith("\n")
    assert not output.endswith("\n\n")
    assert [line for line in output.splitlines() if line != line.rstrip()] == []


def test_colour_adds_nothing_but_colour() -> None:
    """Short texts only: pieces of a long one are told apart by markers in plain text, by colour in colour."""
    plan = samples.planned(replace(samples.EVERYTHING, changes=(samples.RENAME, *samples.GUARDS, *samples.OTHERS)))
    assert ANSI.sub("", show(plan, colour=True, width=100)) == lines.render(view_of_plan(plan), colour=False, width=100)


def test_a_thousand_changes_are_all_shown() -> None:
    changes = [
        Check(
            key=f"list-{at}", id=samples.list_id(at), cause="new", before={}, after={"name": "n"}, source=samples.at(at)
        )
        for at in range(1000)
    ]
    output = show(samples.planned(samples.environment("prod", *changes)), colour=False, width=100)
    assert output.startswith("prod  1,000 to check  (")
    assert re.findall(r"^  \? (\S+)", output, re.MULTILINE) == [change.key for change in changes]


@given(st.text(), st.text(), st.booleans(), st.integers(20, 200))
def test_no_text_acts_hides_or_forges_a_line(hostile: str, other: str, refreshed: bool, width: int) -> None:
    foul, more = f"{hostile}\nFORGED", f"{other}\r\x85FORGED"
    update = Update(
        key=foul,
        id=more,
        cause="edit",
        before={"name": foul, "description": foul * 9},
        after={"name": more, "description": more + foul * 9},
        source=None,
        fields=("name", "description"),
        warnings=(foul,),
    )
    plan = samples.planned(samples.environment(more, update, warnings=(more,)), refreshed=refreshed)
    shown = show(plan, colour=False, width=width).split("\n")
    assert [line for line in shown if escape.terminal(line) != line or line.startswith("FORGED")] == []


def _protected(count: int) -> list[Blocked]:
    return [replace(samples.GUARDS[0], key=f"list-{at}") for at in range(count)]


def test_campaigns_are_named_once() -> None:
    """A block or a warning of a rename names them itself."""
    used = {each.id: (Campaign("Advent", "cm-1"),) for each in (samples.DESCRIBED, samples.RENAME)}
    named = replace(samples.RENAME, warnings=(f"{name_campaigns(used[samples.RENAME.id])}: look",))
    shown = show(
        samples.planned(replace(samples.environment("prod", samples.DESCRIBED, named), campaigns=used)),
        colour=False,
        width=200,
    )
    assert shown.count('      used by: "Advent" [cm-1]\n') == 1
    assert shown.count("Advent") == 2


def test_what_lifts_several_blocks_alike_is_said_once() -> None:
    blocked = _protected(7)
    lift = blocked[0].block.lift
    alone = show(samples.planned(samples.environment("prod", *blocked)), colour=False, width=200)
    assert alone.count(lift) == 1
    assert f"  what to do about these 7: {lift}\n" in alone
    other = replace(blocked[0], key="other", block=replace(blocked[0].block, lift="ask"))
    both = show(samples.planned(samples.environment("prod", *blocked, other)), colour=False, width=200)
    assert f"  what to do about these 7 (list-0, list-1, list-2, list-3, list-4 and 2 more): {lift}\n" in both
    assert "      what to do: ask\n" in both


def test_on_a_terminal_a_long_plan_is_cut_and_ends_with_its_totals() -> None:
    plan = samples.planned(samples.environment("prod", samples.RENAME, *_protected(20)))
    output = lines.render(view_of_plan(plan), colour=False, width=100, most=15)
    assert "… and 5 more, left out on a terminal: plan --report text=FILE has all\n" in output
    assert "  ~ renewal-due  " in output
    assert "\ntotal  1 to update, 20 blocked  (" in output
    few = samples.planned(samples.environment("prod", *_protected(8)))
    assert "total" not in lines.render(view_of_plan(few), colour=False, width=100)


def test_a_change_says_where_else_it_is_pending_and_where_it_is_applied() -> None:
    here = samples.environment("test", samples.DESCRIBED)
    there = samples.environment("prod", samples.DESCRIBED, samples.ADOPTED)
    done = samples.environment("dev", as_declared=frozenset({samples.DESCRIBED.key, samples.ADOPTED.key}))
    first, second, _ = view_of_plan(samples.planned(here, there, done)).environments
    assert [entry.other_environments for entry in first.entries] == ["pending in prod; nothing to do in dev"]
    assert [entry.other_environments for entry in second.entries] == ["pending in test; nothing to do in dev", ""]

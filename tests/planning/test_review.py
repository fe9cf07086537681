"""Saved plans held against now: they may only do less."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from reconciler.model.changes import Adopt, Block, Blocked, Cause, Change, Check, EnvironmentPlan, Update
from reconciler.model.lists import Applied, Source
from reconciler.planning.build import build
from reconciler.planning.guard import apply_guards
from reconciler.planning.revalidation import revalidate
from tests.planning.worlds import TARGET, Short, applied, desired, live, rows

CASES: list[Short] = yaml.safe_load((Path(__file__).parent / "cases" / "review.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_review(case: Short) -> None:
    wanted, known = desired(case["desired"]), applied(case["applied"])
    seen = live(case["planned_live"]) if "planned_live" in case else None
    plan = apply_guards(build(wanted, known, seen), wanted, known, seen)
    now = live(case.get("now", case.get("planned_live", case["applied"])))
    left = revalidate(
        plan, desired(case.get("manifest", case["desired"])), applied(case.get("state", case["applied"])), now
    )
    assert rows(left) == case["becomes"]


def test_words() -> None:
    wanted, known = (
        desired({"a": {"name": "New"}, "b": {"name": "B"}}),
        applied({"a": {"name": "N"}, "c": {"name": "C"}}),
    )
    plan = build(wanted, known)
    blocks = {
        change.key: f"{change.block.reason}; {change.block.lift}"
        for manifest, state, seen in [
            (wanted, known, {"a": {"name": "X"}, "b": {"name": "Y"}}),
            (desired({"c": {"name": "C"}}), applied({"c": {"name": "C"}}), {"c": {"name": "C"}}),
        ]
        for change in revalidate(plan, manifest, state, live(seen)).changes
        if isinstance(change, Blocked) and change.key + change.block.guard != "bunknown"
    }
    assert blocks == {
        "a": "neither the manifest nor the state has 'a' with the id cl-a; make a new plan from the present manifest",
        "b": (
            "the plan was made without seeing the live name, and live is not as desired; "
            "make the plan with --refresh, and have that one reviewed"
        ),
        "c": (
            "the plan forgets this list, but the manifest declares it again; make a new plan from the present manifest"
        ),
    }
    moved = revalidate(plan, wanted, known, live({"a": {"name": "X"}})).changes[0]
    assert isinstance(moved, Blocked)
    assert moved.block.reason == "changed elsewhere since the plan was made (name: planned from 'N', now live 'X')"


FULL = Update(
    key="a",
    id="cl-a",
    cause="edit",
    before={"name": "N", "description": "D"},
    after={"name": "New", "description": "New"},
    source=Source("lists.yaml", 7),
    warnings=("careful",),
    fields=("name", "description"),
)
PLAN = EnvironmentPlan("prod", TARGET, "lineage", 7, (FULL,))
KNOWN = applied({"a": {"name": "N", "description": "D"}})


def only(seen: Short, known: Applied = KNOWN, wanted: Short | None = None) -> Change:
    (change,) = revalidate(PLAN, desired({"a": wanted or {"name": "New"}}), known, live({"a": seen})).changes
    return change


def test_what_is_stopped_keeps_all_that_it_says() -> None:
    assert only({"name": "X", "description": "Y"}) == Blocked(
        key="a",
        id="cl-a",
        cause="conflict",
        before=FULL.before,
        after=FULL.after,
        source=FULL.source,
        warnings=("careful",),
        fields=("name", "description"),
        block=Block(
            "conflict",
            "changed elsewhere since the plan was made (name: planned from 'N', now live 'X'; "
            "description: planned from 'D', now live 'Y')",
            "look at it, and make a new plan",
        ),
    )


@pytest.mark.parametrize(("cause", "becomes"), [("edit", "conflict"), ("new", "new"), ("undo", "undo")])
def test_what_is_stopped_is_only_called_an_edit_if_it_was_one(cause: Cause, becomes: Cause) -> None:
    plan = replace(PLAN, changes=(replace(FULL, cause=cause),))
    seen = live({"a": {"name": "X", "description": "D"}})
    (stopped,) = revalidate(plan, desired({"a": {"name": "New"}}), KNOWN, seen).changes
    assert isinstance(stopped, Blocked)
    assert (stopped.cause, stopped.block.guard) == (becomes, "conflict")
    if cause == "undo":
        assert stopped.block == Block(
            "conflict",
            "the undo would overwrite a change made elsewhere since that apply (name: planned from 'N', now live 'X')",
            "leave it as it is, or write the text that you want into the manifest, then plan and apply",
        )


def test_what_is_adopted_keeps_all_that_it_says() -> None:
    assert only({"name": "New", "description": "New"}) == Adopt(
        key="a",
        id="cl-a",
        cause="edit",
        before=FULL.before,
        after=FULL.after,
        source=FULL.source,
        warnings=("careful",),
    )


def test_other_blocks_in_words() -> None:
    gone = revalidate(PLAN, desired({"a": {"name": "New"}}), KNOWN, live({"a": None})).changes[0]
    never_asked = revalidate(PLAN, desired({"a": {"name": "New"}}), KNOWN, live({})).changes[0]
    wrong = only({"name": "N", "description": "D"}, applied({}))
    unseen = revalidate(
        replace(PLAN, changes=(replace(FULL, before={}),)), desired({}), KNOWN, live({"a": {"name": "X"}})
    ).changes[0]
    reasons = [change.block.reason for change in (gone, never_asked, wrong, unseen) if isinstance(change, Blocked)]
    assert reasons == [
        "the account has no list cl-a (HTTP 404: not found)",
        "the account has no list cl-a",
        "cl-a is a list named 'N', which is not the declared name 'New'",
        "the plan was made without seeing the live name and description, and live is not as desired",
    ]


def test_a_list_unknown_to_the_state_is_only_written_under_a_name_that_the_manifest_gives_it() -> None:
    seen = {"name": "New", "description": "D"}
    change = only(seen, applied({}), {"name": "New"})
    assert isinstance(change, Update)
    assert change.fields == ("description",)
    assert isinstance(only(seen, applied({}), {"name": "Other", "previously": "New"}), Update)
    for declared in ({"name": "Other"}, {"description": "D"}):
        other = only(seen, applied({}), declared)
        assert isinstance(other, Blocked)
        assert other.block.guard == "wrong_id"


@pytest.mark.parametrize("action", [Adopt, Check])
@pytest.mark.parametrize(
    ("declared", "becomes"),
    [
        ({"description": "D"}, "adopt new"),
        ({"description": "other"}, "blocked new by wrong_id"),
        ({"name": "X"}, "adopt new"),
        ({"name": "N"}, "blocked new by wrong_id"),
    ],
)
def test_a_list_unknown_to_the_state_is_only_adopted_where_the_manifest_means_it(
    action: type[Adopt | Check], declared: Short, becomes: str
) -> None:
    change = action(key="a", id="cl-a", cause="new", before={}, after={}, source=None)
    seen = live({"a": {"name": "X", "description": "D"}})
    left = revalidate(replace(PLAN, changes=(change,)), desired({"a": declared}), applied({}), seen)
    assert rows(left) == {"a": becomes}


LYING = replace(FULL, fields=("description",), after={"name": "Lie", "description": "New"})
LYING_TOO = Adopt(key="a", id="cl-a", cause="edit", before={"name": "N"}, after={"name": "Lie"}, source=None)


@pytest.mark.parametrize(
    ("entry", "change", "becomes"),
    [
        ({"name": "N"}, LYING, "blocked conflict description by conflict"),
        ({"name": "Lie"}, LYING, "update edit description"),
        ({"name": "Lie", "intended": {"description": "x"}}, LYING, "update edit description"),
        ({"name": "Lie", "intended": {"name": "x"}}, LYING, "blocked conflict description by conflict"),
        ({"name": "N"}, LYING_TOO, "blocked conflict name by conflict"),
        ({"name": "Lie"}, LYING_TOO, "adopt edit"),
        ({"name": "Lie"}, replace(LYING_TOO, before={"name": "Was"}), "blocked conflict name by conflict"),
        ({"name": "Lie"}, replace(LYING_TOO, before={}), "blocked conflict name by conflict"),
    ],
)
def test_a_field_that_is_not_sent_is_only_recorded_where_live_or_the_state_bears_it_out(
    entry: Short, change: Change, becomes: str
) -> None:
    seen = live({"a": {"name": "N", "description": "D"}})
    left = revalidate(replace(PLAN, changes=(change,)), desired({"a": {"name": "N"}}), applied({"a": entry}), seen)
    assert rows(left) == {"a": becomes}


def test_a_field_that_is_not_sent_in_words() -> None:
    seen = live({"a": {"name": "N", "description": "D"}})
    stopped = revalidate(replace(PLAN, changes=(LYING,)), desired({}), KNOWN, seen).changes[0]
    assert isinstance(stopped, Blocked)
    assert stopped.block.reason == "changed elsewhere since the plan was made (name: planned as 'Lie', now live 'N')"
    stopped = revalidate(replace(PLAN, changes=(LYING_TOO,)), desired({}), KNOWN, seen).changes[0]
    assert isinstance(stopped, Blocked)
    assert stopped.block.reason == "changed elsewhere since the plan was made (name: planned as 'Lie', now live 'N')"


def test_fields_let_go_in_words() -> None:
    adopt = Adopt(key="a", id="cl-a", cause="edit", before=FULL.before, after={}, source=None)
    wanted = desired({"a": {"name": "N", "description": "D"}})
    seen = live({"a": {"name": "N", "description": "D"}})
    stopped = revalidate(replace(PLAN, changes=(adopt,)), wanted, KNOWN, seen).changes[0]
    assert isinstance(stopped, Blocked)
    assert stopped.block == Block(
        "unreviewed",
        "the plan lets go of the name and description, but the manifest declares it again",
        "make a new plan from the present manifest",
    )


def test_stored_texts_count_as_sent_only_in_their_own_field() -> None:
    known = applied({"a": {"description": "D", "stored": {"name": "x", "description": "d"}}})
    assert isinstance(only({"name": "x", "description": "d"}, known), Blocked)

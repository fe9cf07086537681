"""Saved plans held against now: they may only do less."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reconciler.model.changes import Blocked
from reconciler.planning.build import build
from reconciler.planning.guard import guarded
from reconciler.planning.review import reviewed
from tests.planning.worlds import Short, applied, desired, live, rows

CASES: list[Short] = yaml.safe_load((Path(__file__).parent / "cases" / "review.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_review(case: Short) -> None:
    wanted, known = desired(case["desired"]), applied(case["applied"])
    seen = live(case["planned_live"]) if "planned_live" in case else None
    plan = guarded(build(wanted, known, seen), wanted, known, seen)
    now = live(case.get("now", case.get("planned_live", case["applied"])))
    left = reviewed(
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
        for change in reviewed(plan, manifest, state, live(seen)).changes
        if isinstance(change, Blocked) and change.key + change.block.guard != "bunknown"
    }
    assert blocks == {
        "a": "neither the manifest nor the state has 'a' with the id cl-a; make a new plan from the present manifest",
        "b": (
            "the plan was made without seeing the live name, and live is not as desired; "
            "make the plan with --refresh, and have that one reviewed"
        ),
        "c": (
            "the plan forgets this list, but lists.yaml:1 declares it again; make a new plan from the present manifest"
        ),
    }
    moved = reviewed(plan, wanted, known, live({"a": {"name": "X"}})).changes[0]
    assert isinstance(moved, Blocked)
    assert moved.block.reason == "changed elsewhere since the plan was made (name: planned from 'N', now live 'X')"

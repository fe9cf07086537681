"""Lists whose live record cannot be understood: named, and in the way of nothing but their own change."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.changes import Blocked, Update
from reconciler.model.lists import AppliedList, Live, OddList
from reconciler.planning.build import build
from reconciler.planning.drifting import drift
from reconciler.planning.guard import apply_guards
from reconciler.planning.revalidation import revalidate
from tests.planning.worlds import Short, applied, desired, live

LIFT = "look at the list in the console, and correct its name and description there"


def odd(lists: dict[str, Short], *records: OddList) -> Live:
    return replace(live(lists), odd={each.id: each for each in records})


SEEN = odd({"a": {"name": "A"}}, OddList("cl-b", "name cannot be used", "B"))
SAID = ("the API's record of cl-b is left out: name cannot be used",)


def test_without_a_change_it_is_named_and_nothing_else() -> None:
    sides = {"a": {"name": "A"}, "b": {"name": "B"}}
    plan = build(desired(sides), applied(sides), SEEN)
    assert (plan.changes, plan.drift, plan.unchanged, plan.warnings) == ((), (), 2, SAID)


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({"name": "Old"}, "edit"),
        ({"name": "B", "id": "cl-other"}, "new"),
        ({"name": "B", "intended": {"name": "C"}}, "retry"),
        (None, "new"),
    ],
)
def test_its_change_is_blocked_by_its_own_cause(known: Short | None, cause: str) -> None:
    sides = {"a": {"name": "A"}} | ({} if known is None else {"b": known})
    plan = build(desired({"a": {"name": "A"}, "b": {"name": "B"}}), applied(sides), SEEN)
    (change,) = plan.changes
    assert isinstance(change, Blocked)
    assert (change.key, change.cause, change.block.guard, change.block.lift) == ("b", cause, "unreadable", LIFT)
    assert change.block.reason == "the API's record of cl-b cannot be understood: name cannot be used"


def test_of_many_the_first_are_named() -> None:
    records = [OddList(f"cl-{number:02}", "odd") for number in reversed(range(12))]
    warnings = build(desired({}), applied({}), odd({}, *records)).warnings
    assert len(warnings) == 11
    assert warnings[0] == "the API's record of cl-00 is left out: odd"
    assert warnings[9] == "the API's record of cl-09 is left out: odd"
    assert warnings[10] == "the API's records of 2 more lists are left out"
    assert len(build(desired({}), applied({}), odd({}, *records[:10])).warnings) == 10


def test_its_name_is_taken_if_it_can_be_read() -> None:
    wanted, known = desired({"a": {"name": "B"}}), applied({"a": {"name": "A"}})
    for record, guard in ((OddList("cl-b", "odd", "b"), "name_taken"), (OddList("cl-b", "odd"), None)):
        seen = odd({"a": {"name": "A"}}, record)
        (change,) = apply_guards(build(wanted, known, seen), wanted, known, seen).changes
        assert (change.block.guard if isinstance(change, Blocked) else None) == guard


def test_a_saved_plan_is_blocked_in_it() -> None:
    wanted, known = desired({"b": {"name": "New"}}), applied({"b": {"name": "B"}})
    plan = build(wanted, known, live({"b": {"name": "B"}}))
    assert isinstance(plan.changes[0], Update)
    (change,) = revalidate(plan, wanted, known, SEEN).changes
    assert isinstance(change, Blocked)
    assert (change.cause, change.block.guard) == ("edit", "unreadable")


def test_a_drift_report_names_it() -> None:
    sides = {"a": {"name": "A"}, "b": {"name": "B"}}
    (missing,) = drift(desired(sides), applied(sides), SEEN, {"cl-a", "cl-b"}).missing
    assert (missing.key, missing.reason) == ("b", "its record cannot be understood: name cannot be used")
    assert isinstance(applied(sides).lists["a"], AppliedList)

"""Documents of several runs as one: what goes together, who did not report, and what contradicts itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.engine.merging import Subject, merge
from reconciler.errors import UsageError
from reconciler.model.changes import Asked, Plan
from reconciler.model.drift_report import DriftReport
from reconciler.model.outcomes import Result
from tests.report.morning import DRIFT, PLAN, RESULT


def planned(number: int, shard: str = "", **rest: object) -> Plan:
    """Return the plan of one of the two environments."""
    part = PLAN.environments[number : number + 1]
    return replace(PLAN, environments=part, asked=Asked(shard=shard), **rest)  # type: ignore[arg-type]


def applied(number: int, shard: str = "") -> Result:
    """Return the result of one of them."""
    approved = replace(RESULT.approved, asked=Asked(shard=shard))
    return replace(RESULT, environments=RESULT.environments[number : number + 1], approved=approved)


def test_plans_are_one_plan() -> None:
    merged = merge({"a": planned(0, created_at="2026-11-22T06:31:00Z"), "b": planned(1)})
    assert isinstance(merged, Plan)
    assert merged == replace(PLAN, environments=PLAN.environments)
    assert merged.created_at == PLAN.created_at


def test_a_part_that_did_not_report_is_named() -> None:
    merged = merge({"a": planned(0, "1/4"), "b": planned(1, "3/4")})
    assert isinstance(merged, Plan)
    assert list(merged.failed) == ["part-2-of-4", "part-4-of-4"]
    assert not merged.asked.shard


def test_drift_reports_are_one() -> None:
    merged = merge({"a": replace(DRIFT, failed={"test": "HTTP 500"}, asked=Asked(shard="1/2"))})
    assert isinstance(merged, DriftReport)
    assert list(merged.failed) == ["test", "part-2-of-2"]


def test_a_refused_apply_stands_beside_those_that_went() -> None:
    nothing = replace(planned(0, "2/4", refused="the state is locked"), environments=())
    refused = planned(1, "3/4", refused="a freeze is on")
    merged = merge({"a": applied(0, "1/4"), "b": nothing, "c": refused})
    assert isinstance(merged, Result)
    stopped = {each.name: each.stopped for each in merged.environments[1:]}
    assert stopped == {
        "part-4-of-4": "this part of the accounts did not report",
        "b": "refused: the state is locked",
        PLAN.environments[1].name: "refused: a freeze is on",
    }
    assert not merged.in_order
    assert merged.plan == RESULT.plan


def test_results_of_several_plans_have_no_plan_in_common() -> None:
    merged = merge({"a": applied(0), "b": replace(applied(1), plan="sha256:other")})
    assert isinstance(merged, Result)
    assert merged.plan == ""


def test_plans_that_were_all_refused_say_each_reason_once() -> None:
    merged = merge({"a": planned(0, refused="locked"), "b": planned(1, refused="locked", refreshed=False)})
    assert isinstance(merged, Plan)
    assert (merged.refused, merged.refreshed) == ("locked", False)


WRONG: list[tuple[dict[str, Subject], str]] = [
    ({"a": planned(0), "b": planned(0)}, "is in both a and b"),
    ({"a": planned(0), "b": replace(DRIFT, environments=())}, "do not go together: name plans"),
    ({"a": planned(0), "b": applied(1)}, "do not go together"),
    ({"a": planned(0, "1/2"), "b": planned(1, "1/2")}, "a and b are both of part 1/2"),
    ({"a": planned(0, "1/2"), "b": planned(1, "1/3")}, "not parts of one whole: a of part 1/2; b of part 1/3"),
    ({"a": planned(0, "1/2"), "b": planned(1)}, "not parts of one whole: a of part 1/2; b of no part"),
]


@pytest.mark.parametrize(("parts", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_does_not_go_together_is_refused(parts: dict[str, Subject], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        merge(parts)

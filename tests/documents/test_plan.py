"""The plan document, whole, and what its digest notices."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.documents.plan_document import digest, plan_document
from reconciler.model.changes import Blocked, Drift, EnvironmentPlan, Plan
from reconciler.model.lists import LastSave, Source
from reconciler.planning.build import build
from tests import golden
from tests.planning.worlds import TARGET, applied, desired, live

PLANNED = replace(
    build(
        desired({"a": {"name": "New"}, "b": {"name": "B"}, "c": {"name": "C"}, "d": {"name": "D", "description": "x"}}),
        applied({"a": {"name": "N"}, "c": {"name": "C"}, "d": {"name": "D"}, "gone": {"name": "G"}}),
        live({"a": {"name": "N"}, "b": {"name": "Other"}, "c": {"name": "X"}, "d": {"name": "D", "description": "x"}}),
    ),
    requests=3,
    seconds=2,
)


def plan_of(*environments: EnvironmentPlan) -> Plan:
    return Plan("0.1.0", "2026-11-22T10:00:00Z", True, {"lists.yaml": "ab" * 32}, environments)


def test_the_whole_document() -> None:
    document = plan_document(plan_of(PLANNED))
    golden.check(Path(__file__).parent / "plan.json", json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def test_what_is_unknown_is_null() -> None:
    offline = build(desired({"a": {"name": "N"}}), applied({}))
    environments = plan_document(plan_of(offline))["environments"]
    assert isinstance(environments, list)
    assert environments[0]["changes"][0]["before"] is None


def test_environments_that_failed_are_told_of_where_there_are_any() -> None:
    plan = replace(plan_of(PLANNED), failed={"dev": "HTTP 401", "test": "gone"})
    assert list(plan_document(plan))[-2:] == ["environments", "failed"]
    assert plan_document(plan)["failed"] == [
        {"name": "dev", "error": "HTTP 401"},
        {"name": "test", "error": "gone"},
    ]
    assert not {"failed", "refused"} & plan_document(plan_of(PLANNED)).keys()


def test_an_apply_that_was_refused_is_told_of() -> None:
    document = plan_document(replace(plan_of(PLANNED), refused="over max_changes"))
    assert list(document.items())[-1] == ("refused", "over max_changes")


UNDIGESTED: dict[str, Callable[[Plan], Plan]] = {
    "tool": lambda plan: replace(plan, tool="9"),
    "time": lambda plan: replace(plan, created_at="x"),
    "failures": lambda plan: replace(plan, failed={"dev": "HTTP 401"}),
    "refusal": lambda plan: replace(plan, refused="no"),
    "refreshed": lambda plan: replace(plan, refreshed=False),
    "files": lambda plan: replace(plan, files={}),
    "state": lambda plan: replace(plan, environments=(replace(PLANNED, lineage="x", serial=9),)),
    "summary": lambda plan: replace(plan, environments=(replace(PLANNED, unchanged=9, requests=9, seconds=9),)),
    "warnings of the environment": lambda plan: replace(plan, environments=(replace(PLANNED, warnings=("x",)),)),
    "drift": lambda plan: replace(
        plan,
        environments=(replace(PLANNED, drift=(Drift("z", "cl-z", ("name",), {}, {}, Source("f", 1)),)),),
    ),
    "who saved a list": lambda plan: replace(
        plan, environments=(replace(PLANNED, last_saves={PLANNED.changes[0].id: LastSave("u-1", "x")}),)
    ),
    "source": lambda plan: _with_first(source=Source("other.yaml", 99)),
    "warnings": lambda plan: _with_first(warnings=("x",)),
    "order of execution hints": lambda plan: _with_first(waits_for=("zz",)),
}
DIGESTED: dict[str, Callable[[Plan], Plan]] = {
    "environment": lambda plan: replace(plan, environments=(replace(PLANNED, name="dev"),)),
    "target": lambda plan: replace(plan, environments=(replace(PLANNED, target=replace(TARGET, account_id="b")),)),
    "key": lambda plan: _with_first(key="x"),
    "id": lambda plan: _with_first(id="cl-x"),
    "cause": lambda plan: _with_first(cause="drift"),
    "fields": lambda plan: _with_first(fields=("name", "description")),
    "before": lambda plan: _with_first(before={"name": "x"}),
    "after": lambda plan: _with_first(after={"name": "x"}),
    "one change less": lambda plan: replace(plan, environments=(replace(PLANNED, changes=PLANNED.changes[1:]),)),
    "one environment more": lambda plan: replace(plan, environments=(PLANNED, PLANNED)),
    "a block": lambda plan: replace(
        plan, environments=(replace(PLANNED, changes=(PLANNED.changes[0], _other_block(), *PLANNED.changes[2:])),)
    ),
}


def _with_first(**changed: object) -> Plan:
    first = replace(PLANNED.changes[0], **changed)  # type: ignore[arg-type]  # any field, by name
    return plan_of(replace(PLANNED, changes=(first, *PLANNED.changes[1:])))


def _other_block() -> Blocked:
    blocked = PLANNED.changes[1]
    assert isinstance(blocked, Blocked)
    return replace(blocked, block=replace(blocked.block, reason="another"))


@pytest.mark.parametrize("what", UNDIGESTED)
def test_the_digest_ignores(what: str) -> None:
    assert digest(UNDIGESTED[what](plan_of(PLANNED))) == digest(plan_of(PLANNED))


@pytest.mark.parametrize("what", DIGESTED)
def test_the_digest_notices(what: str) -> None:
    assert digest(DIGESTED[what](plan_of(PLANNED))) != digest(plan_of(PLANNED))

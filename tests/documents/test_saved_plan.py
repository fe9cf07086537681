"""A saved plan comes back as it was made; one that was altered, or is not as the program writes them, is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.documents.plan_document import digest, plan_document
from reconciler.documents.saved_plan import load_plan
from reconciler.errors import PlanRefusedError, UsageError
from reconciler.model.changes import Block, Blocked, Plan, Update
from reconciler.model.fields import TABLE, ManagedField
from reconciler.model.lists import LastSave
from reconciler.report.json import render
from tests.documents.test_plan import PLANNED, plan_of

BLOCKED = Blocked(
    key="z",
    id="cl-z",
    cause="edit",
    before={},
    after={"name": "Z"},
    source=None,
    fields=("name",),
    block=Block("protect", "protect is set", "take it out"),
)
WHOLE = replace(
    plan_of(replace(PLANNED, changes=(*PLANNED.changes, BLOCKED)), replace(PLANNED, name="dev")),
    failed={"test": "HTTP 401"},
)


def save(folder: Path, content: str) -> Path:
    path = folder / "plan.json"
    path.write_text(content, encoding="utf-8")
    return path


def told(plan: Plan) -> Plan:
    """Return what a document holds of a plan beside what a reader needs not: drift, counts, forecasts."""
    environments = tuple(
        replace(each, drift=(), warnings=(), requests=0, seconds=0, campaigns={}) for each in plan.environments
    )
    return replace(plan, environments=environments)


def test_it_comes_back(tmp_path: Path) -> None:
    loaded = load_plan(save(tmp_path, render(plan_document(WHOLE))))
    assert told(loaded) == told(WHOLE)
    assert digest(loaded) == digest(WHOLE)


def test_who_saved_a_list_is_read_and_left_out(tmp_path: Path) -> None:
    moved = (PLANNED.changes[0], *PLANNED.drift)
    asked = plan_of(replace(PLANNED, last_saves={each.id: LastSave("u-1", "x") for each in moved}))
    document = plan_document(asked)
    (found,) = document["environments"]
    part = {"by": "u-1", "at": "x", "since_apply": True}
    assert [each.get("last_saved") for each in (found["changes"][0], *found["drift"])] == [part] * len(moved)
    loaded = load_plan(save(tmp_path, render(document)))
    assert (told(loaded), loaded.environments[0].last_saves) == (told(asked), {})


def _first(document: Any) -> Any:
    return document["environments"][0]["changes"][0]


ALTERED: dict[str, tuple[Callable[[Any], object], str]] = {
    "another name": (lambda it: _first(it)["after"].update(name="Evil"), "was altered after it was made"),
    "another digest": (lambda it: it.update(digest="sha256:00"), "was altered after it was made"),
    "another format": (lambda it: it.update(format="reconciler/plan/2"), "is of the format 'reconciler/plan/2'"),
    "a property more": (lambda it: _first(it).update(more=1), "environments.0.changes.0.more"),
    "a property less": (lambda it: _first(it).pop("id"), "environments.0.changes.0.id: Field required"),
    "a number for a text": (lambda it: _first(it)["after"].update(name=1), "environments.0.changes.0.after.name"),
    "an id that is a path": (lambda it: _first(it).update(id="cl-a/../b"), "environments.0.changes.0.id"),
    "a field that after lacks": (lambda it: _first(it).update(fields=["description"]), "fields names what after"),
    "a field twice": (lambda it: _first(it).update(fields=["name", "name"]), "fields names what after"),
    "fields of an adoption": (lambda it: _first(it).update(action="adopt"), "fields does not go with the action"),
    "a block of an update": (
        lambda it: _first(it).update(blocked_by={"guard": "protect", "reason": "", "lift": ""}),
        "blocked_by goes with the action blocked",
    ),
    "a key twice": (
        lambda it: it["environments"][0]["changes"].append(_first(it)),
        "environments.0: a key, or the id of an update, stands twice",
    ),
    "an environment twice": (
        lambda it: it["environments"].append(it["environments"][0]),
        "environments: an environment is there twice",
    ),
}


@pytest.mark.parametrize(("alter", "words"), ALTERED.values(), ids=list(ALTERED))
def test_what_was_altered_is_refused(tmp_path: Path, alter: Callable[[Any], object], words: str) -> None:
    document = json.loads(render(plan_document(WHOLE)))
    alter(document)
    with pytest.raises(PlanRefusedError) as refused:
        load_plan(save(tmp_path, json.dumps(document)))
    assert words in str(refused.value)


@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_a_field_comes_back_and_may_hold_what_its_row_says(tmp_path: Path, row: ManagedField) -> None:
    def check(text: str) -> None:
        update = Update(
            key="u", id="cl-u", cause="edit", before={}, after={row.name: text}, source=None, fields=(row.name,)
        )
        plan = plan_of(replace(PLANNED, changes=(update,)))
        assert told(load_plan(save(tmp_path, render(plan_document(plan))))) == told(plan)

    check("x" * row.longest)
    with pytest.raises(PlanRefusedError, match=f"a {row.label} has at most {row.longest} UTF-16 units"):
        check("x" * (row.longest + 1))
    with nullcontext() if row.may_be_empty else pytest.raises(PlanRefusedError, match=f"a {row.label} is not empty"):
        check("")
    with pytest.raises(PlanRefusedError, match="no control characters") if row.one_line else nullcontext():
        check("a\nb")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "\x00", '{"format": null}', "[" * 100_000])
def test_what_is_no_plan_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(PlanRefusedError):
        load_plan(save(tmp_path, content))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load_plan(tmp_path / "plan.json")

"""Worlds in short form: three sides from plain mappings, and plans in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from reconciler.model.changes import Blocked, Change, EnvironmentPlan, Update
from reconciler.model.fields import FIELDS
from reconciler.model.lists import (
    Absent,
    Applied,
    AppliedList,
    Campaign,
    Desired,
    DesiredList,
    DoubtfulList,
    KnownList,
    Live,
    LiveList,
    MaxChanges,
    Policy,
    Target,
)
from reconciler.model.texts import Texts

Short: TypeAlias = Mapping[str, Any]  # as YAML has it
TARGET = Target("https://h.example", "st-1", "a1")
AT = "2026-11-22T10:00:00Z"


def texts(short: Short) -> Texts:
    return {field: short[field] for field in FIELDS if field in short}


def desired(lists: Mapping[str, Short], policy: Short | None = None) -> Desired:
    """Return the desired side; ids are `cl-KEY` unless given."""
    rules = dict(policy or {})
    if "max_changes" in rules:
        limit = rules["max_changes"]
        rules["max_changes"] = (
            MaxChanges(limit) if isinstance(limit, int) else MaxChanges(int(limit.rstrip("%")), percent=True)
        )
    return Desired(
        "prod",
        TARGET,
        {key: _desired(key, short, n) for n, (key, short) in enumerate(lists.items(), 1)},
        replace(Policy(), **rules),
    )


def _desired(key: str, short: Short, line: int) -> DesiredList:
    return DesiredList(
        key,
        short.get("id", f"cl-{key}"),
        texts(short),
        "lists.yaml",
        line,
        short.get("previously"),
        short.get("protect", False),
    )


def applied(lists: Mapping[str, Short]) -> Applied:
    """Return the state; an entry with `intended` is in doubt."""
    return Applied("prod", TARGET, "lineage", 7, {key: _known(key, short) for key, short in lists.items()})


def _known(key: str, short: Short) -> KnownList:
    list_id, stored = short.get("id", f"cl-{key}"), texts(short.get("stored", {}))
    if "intended" in short:
        return DoubtfulList(key, list_id, texts(short), AT, texts(short["intended"]), stored)
    return AppliedList(key, list_id, texts(short), AT, stored)


def live(lists: Mapping[str, Short | None]) -> Live:
    """Return the live side by key or id; None is a list that was asked for alone, in vain."""
    found, absent = {}, {}
    for key, short in lists.items():
        list_id = key if key.startswith("cl-") else f"cl-{key}"
        if short is None:
            absent[list_id] = Absent(list_id, "HTTP 404: not found")
        else:
            every: Texts = {field: short.get(field, "") for field in FIELDS}
            found[list_id] = LiveList(list_id, every, _campaigns(short), short.get("in_use", False))
    return Live(found, absent)


def _campaigns(short: Short) -> tuple[Campaign, ...]:
    """Return those of a list; each is written as its name, or as its name and its id."""
    return tuple(Campaign(*([each] if isinstance(each, str) else each)) for each in short.get("campaigns", ()))


def row(change: Change) -> str:
    """Say a change as the cases do: `update edit name`, `blocked conflict name by conflict`."""
    said: list[str] = [change.action, change.cause]
    if isinstance(change, Update | Blocked):
        said += change.fields
    if isinstance(change, Update) and change.waits_for:
        said += ["after", *change.waits_for]
    if isinstance(change, Blocked):
        said += ["by", change.block.guard]
    return " ".join(said)


def rows(plan: EnvironmentPlan) -> dict[str, str]:
    """Say the changes of a plan by key, in their order, and its drift."""
    said = {change.key: row(change) for change in plan.changes}
    for drift in plan.drift:
        said[drift.key] = f"{said.get(drift.key, '')} drift {' '.join(drift.fields)}".strip()
    return said

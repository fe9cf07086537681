"""The plan: `reconciler/plan/1`, as `plan --out` saves it and `plan --json` prints it.

Its digest covers what a plan does and to whom: all of its environments but source, warnings, last_saved, state, drift
and summary. Equal plans have equal digests, wherever and whenever they were made.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.documents.field_texts import FieldName, SentTexts, ShownTexts
from reconciler.documents.parts import (
    Count,
    FailedPart,
    Key,
    LastSavePart,
    ListId,
    ManifestPart,
    Moment,
    ShardPart,
    SourcePart,
    StatePart,
    TargetPart,
    document,
    failed_parts,
    last_save_part,
    manifest_part,
    source_part,
    target_part,
)
from reconciler.model.changes import Action, Blocked, Cause, Change, Drift, EnvironmentPlan, Guard, Plan, Update
from reconciler.model.fields import FIELDS
from reconciler.model.lists import LastSave
from reconciler.model.texts import only_fields

FORMAT: Literal["reconciler/plan/1"] = "reconciler/plan/1"


@document
class BlockPart(TypedDict):
    """Why a change is not made."""

    guard: Guard
    """The guard that stops it."""
    reason: str
    """Its reason, with names and numbers."""
    lift: str
    """What to do about it."""


@document
class ChangePart(TypedDict):
    """What is to be done about one list."""

    key: Key
    """The key of the list in the manifest."""
    id: ListId
    """The id of the list in this environment."""
    action: Action
    """update: a PUT; adopt: recorded, nothing is sent; forget: dropped from the state, the list stays; check: apply
    reads it first; blocked: a guard stops it."""
    cause: Cause
    """Why: new (not in the state), edit (of the manifest), drift or conflict (changed elsewhere), retry (in doubt),
    missing (not in the account), removed (from the manifest), undo (of a run)."""
    fields: list[FieldName]
    """The fields that the PUT carries, or would carry if it were not blocked."""
    before: ShownTexts | None
    """The managed fields before the change: live if it was read, else as applied; null if nothing is known."""
    after: SentTexts
    """All managed fields as they are desired."""
    blocked_by: BlockPart | None
    """What stops it; null unless the action is blocked."""
    source: SourcePart | None
    """Where the list is declared; null if it is not declared any more."""
    warnings: list[str]
    """What a reviewer should know."""
    last_saved: NotRequired[LastSavePart]
    """Who saved the list last; only with --who, and if it was changed elsewhere."""


@document
class DriftPart(TypedDict):
    """A list that was changed elsewhere, and that this plan leaves alone."""

    key: Key
    """The key of the list in the manifest."""
    id: ListId
    """The id of the list in this environment."""
    fields: list[FieldName]
    """The fields that differ."""
    applied: ShownTexts
    """These fields as they were last applied."""
    live: ShownTexts
    """These fields as the API answers them."""
    source: SourcePart
    """Where the list is declared."""
    last_saved: NotRequired[LastSavePart]
    """Who saved the list last; only with --who."""


@document
class PlanSummary(TypedDict):
    """How many lists there are of each kind, and what an apply takes."""

    update: Count
    """Lists to update, by one PUT each."""
    adopt: Count
    """Lists to record without a PUT."""
    forget: Count
    """Lists to drop from the state."""
    check: Count
    """Lists that apply reads first."""
    blocked: Count
    """Lists that a guard stops."""
    unchanged: Count
    """Lists with nothing to do, and no drift."""
    drifted: Count
    """Lists with drift that is left alone."""
    requests: Count
    """How many requests an apply is expected to send."""
    seconds: Count
    """How many seconds an apply is expected to take, by the limit of requests."""


@document
class EnvironmentPart(TypedDict):
    """What would be done in one environment."""

    name: Key
    """The environment."""
    target: TargetPart
    """Whom the requests go to."""
    state: StatePart
    """The state that was compared."""
    summary: PlanSummary
    """The counts."""
    warnings: list[str]
    """What a reviewer should know of the environment as a whole."""
    changes: list[ChangePart]
    """The changes, in the order in which they are made; unchanged lists are only counted."""
    drift: list[DriftPart]
    """The drift that is left alone."""


@document
class PlanDocument(TypedDict):
    """What a run would do, environment by environment."""

    format: Literal["reconciler/plan/1"]
    """The format of this document."""
    digest: str
    """The SHA-256 of what the plan does (all of environments but source, warnings, last_saved, state, drift and
    summary)."""
    tool: str
    """The version of the program."""
    created_at: Moment
    """When it was made: RFC 3339 in UTC."""
    refreshed: bool
    """Whether live values were read."""
    manifest: ManifestPart
    """The manifest that it was made from."""
    environments: list[EnvironmentPart]
    """The environments, in the order of the manifest."""
    failed: NotRequired[list[FailedPart]]
    """The environments that could not be looked at; absent if there are none."""
    shard: NotRequired[ShardPart]
    """The part of the accounts that was meant, by --shard; absent if all were."""
    refused: NotRequired[str]
    """Why an apply did not carry it out; absent if it was not refused."""


def plan_document(plan: Plan) -> PlanDocument:
    """Return the document of a plan, properties in the order in which people read them."""
    made: PlanDocument = {
        "format": FORMAT,
        "digest": digest(plan),
        "tool": plan.tool,
        "created_at": plan.created_at,
        "refreshed": plan.refreshed,
        "manifest": manifest_part(plan.files),
        "environments": [_environment(environment) for environment in plan.environments],
    }
    if plan.failed:
        made["failed"] = failed_parts(plan.failed)
    if plan.refused:
        made["refused"] = plan.refused
    if plan.asked.shard:
        made["shard"] = plan.asked.shard
    return made


def digest(plan: Plan) -> str:
    """Return `sha256:…` of what the plan does: its environments in canonical JSON."""
    digested = [
        {
            "name": environment.name,
            "target": target_part(environment.target),
            "changes": [_part_to_digest(_change(change)) for change in environment.changes],
        }
        for environment in plan.environments
    ]
    canonical = json.dumps(digested, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def _part_to_digest(change: ChangePart) -> dict[str, object]:
    return {name: value for name, value in change.items() if name not in ("source", "warnings", "last_saved")}


def summary(environment: EnvironmentPlan) -> PlanSummary:
    """Count the changes by action, and the lists without one."""
    actions = Counter(change.action for change in environment.changes)
    return {
        "update": actions["update"],
        "adopt": actions["adopt"],
        "forget": actions["forget"],
        "check": actions["check"],
        "blocked": actions["blocked"],
        "unchanged": environment.unchanged,
        "drifted": len(environment.drift),
        "requests": environment.requests,
        "seconds": environment.seconds,
    }


def _environment(environment: EnvironmentPlan) -> EnvironmentPart:
    return {
        "name": environment.name,
        "target": target_part(environment.target),
        "state": {"lineage": environment.lineage, "serial": environment.serial},
        "summary": summary(environment),
        "warnings": list(environment.warnings),
        "changes": [_change(change, environment.last_saves.get(change.id)) for change in environment.changes],
        "drift": [_drift(drift, environment.last_saves.get(drift.id)) for drift in environment.drift],
    }


def _change(change: Change, save: LastSave | None = None) -> ChangePart:
    block = change.block if isinstance(change, Blocked) else None
    made: ChangePart = {
        "key": change.key,
        "id": change.id,
        "action": change.action,
        "cause": change.cause,
        "fields": list(change.fields) if isinstance(change, Update | Blocked) else [],
        "before": only_fields(change.before, FIELDS) or None,
        "after": only_fields(change.after, FIELDS),
        "blocked_by": {"guard": block.guard, "reason": block.reason, "lift": block.lift} if block else None,
        "source": source_part(change.source) if change.source else None,
        "warnings": list(change.warnings),
    }
    if save:
        made["last_saved"] = last_save_part(save)
    return made


def _drift(drift: Drift, save: LastSave | None) -> DriftPart:
    made: DriftPart = {
        "key": drift.key,
        "id": drift.id,
        "fields": list(drift.fields),
        "applied": only_fields(drift.applied, FIELDS),
        "live": only_fields(drift.live, FIELDS),
        "source": source_part(drift.source),
    }
    if save:
        made["last_saved"] = last_save_part(save)
    return made

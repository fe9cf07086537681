"""The plan as a JSON document, `reconciler/plan/1`, and its digest.

The digest covers what a plan does and to whom: all of its environments but source, warnings, state, drift and
summary. Equal plans have equal digests, wherever and whenever they were made.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping

from reconciler.model.changes import Blocked, Change, Drift, EnvironmentPlan, Plan, Update
from reconciler.model.lists import Source, Target
from reconciler.model.texts import FIELDS, Field, Texts, narrowed

FORMAT = "reconciler/plan/1"


def plan_document(plan: Plan) -> dict[str, object]:
    """Return the document, ready for JSON, fields in the order in which people read them."""
    return {
        "format": FORMAT,
        "digest": digest(plan),
        "tool": plan.tool,
        "created_at": plan.created_at,
        "refreshed": plan.refreshed,
        "manifest": {"files": [{"path": path, "sha256": sha256} for path, sha256 in plan.files.items()]},
        "environments": [_environment(environment) for environment in plan.environments],
        **failed(plan.failed),
        **({"refused": plan.refused} if plan.refused else {}),
    }


def failed(reasons: Mapping[str, str]) -> dict[str, object]:
    """Return what a document says of environments that could not be looked at; nothing where all could."""
    return {"failed": [{"name": name, "error": error} for name, error in reasons.items()]} if reasons else {}


def digest(plan: Plan) -> str:
    """Return `sha256:…` of what the plan does: its environments in canonical JSON."""
    digested = [
        {
            "name": environment.name,
            "target": _target(environment.target),
            "changes": [_digested(change) for change in environment.changes],
        }
        for environment in plan.environments
    ]
    canonical = json.dumps(digested, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def summary(environment: EnvironmentPlan) -> dict[str, int]:
    """Count the changes by action, and the lists without one."""
    actions = Counter(change.action for change in environment.changes)
    return {
        **{action: actions[action] for action in ("update", "adopt", "forget", "check", "blocked")},
        "unchanged": environment.unchanged,
        "drifted": len(environment.drift),
        "requests": environment.requests,
        "seconds": environment.seconds,
    }


def _environment(environment: EnvironmentPlan) -> dict[str, object]:
    return {
        "name": environment.name,
        "target": _target(environment.target),
        "state": {"lineage": environment.lineage, "serial": environment.serial},
        "summary": summary(environment),
        "warnings": list(environment.warnings),
        "changes": [
            {**_digested(change), "source": _source(change.source), "warnings": list(change.warnings)}
            for change in environment.changes
        ],
        "drift": [_drift(drift) for drift in environment.drift],
    }


def _target(target: Target) -> dict[str, object]:
    return {"host": target.host, "stream_id": target.stream_id, "account_id": target.account_id}


def _digested(change: Change) -> dict[str, object]:
    """Return what a change does; `before` is null where nothing is known of the list."""
    block = change.block if isinstance(change, Blocked) else None
    return {
        "key": change.key,
        "id": change.id,
        "action": change.action,
        "cause": change.cause,
        "fields": list(change.fields) if isinstance(change, Update | Blocked) else [],
        "before": _texts(change.before) or None,
        "after": _texts(change.after),
        "blocked_by": {"guard": block.guard, "reason": block.reason, "lift": block.lift} if block else None,
    }


def _texts(texts: Texts) -> dict[Field, str]:
    return narrowed(texts, FIELDS)


def _source(source: Source | None) -> dict[str, object] | None:
    return {"file": source.file, "line": source.line} if source else None


def _drift(drift: Drift) -> dict[str, object]:
    return {
        "key": drift.key,
        "id": drift.id,
        "fields": list(drift.fields),
        "applied": _texts(drift.applied),
        "live": _texts(drift.live),
        "source": _source(drift.source),
    }

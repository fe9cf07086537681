"""Documents for machines: results, plans and problems as JSON, the order of the keys fixed.

Text stands as it is, in any language; only what would act or hide on a terminal is escaped, which means the same.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from reconciler.model.checks import Checkup
from reconciler.model.drift import DriftReport, EnvironmentDrift, ListDrift
from reconciler.model.lists import LiveList
from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result
from reconciler.model.problems import Problem
from reconciler.model.texts import FIELDS
from reconciler.planning.document import failed
from reconciler.report import escape

RESULT_FORMAT = "reconciler/result/1"
PROBLEMS_FORMAT = "reconciler/problems/1"
CHECKUP_FORMAT = "reconciler/doctor/1"
DRIFT_FORMAT = "reconciler/drift/1"

_DONE: tuple[OutcomeKind, ...] = ("updated", "adopted", "forgotten")
_NOT_DONE: tuple[OutcomeKind, ...] = ("failed", "in_doubt", "unverified", "conflict", "blocked", "not_sent")


def result(result: Result) -> str:
    """Return the result document."""
    environments = [_environment(environment) for environment in result.environments]
    return _rendered({"format": RESULT_FORMAT, "plan": result.plan, "environments": environments})


def plan(document: Mapping[str, object]) -> str:
    """Return a plan document, which `planning` made, as text."""
    return _rendered(document)


def drift(report: DriftReport, *, undeclared: bool) -> str:
    """Return a drift report; `undeclared` lists are named, or only counted."""
    return _rendered({
        "format": DRIFT_FORMAT,
        "tool": report.tool,
        "created_at": report.created_at,
        "manifest": {"files": [{"path": path, "sha256": digest} for path, digest in report.files.items()]},
        "environments": [_drift(found, undeclared=undeclared) for found in report.environments],
        **failed(report.failed),
    })  # fmt: skip


def problems(problems: Iterable[Problem]) -> str:
    """Return a manifest's problems, none for a manifest in order."""
    return _rendered({"format": PROBLEMS_FORMAT, "problems": [problem._asdict() for problem in problems]})


def checkups(found: Iterable[Checkup]) -> str:
    """Return what `doctor` found."""
    environments = [{"name": checkup.environment, "checks": [asdict(c) for c in checkup.checks]} for checkup in found]
    return _rendered({"format": CHECKUP_FORMAT, "environments": environments})


def _rendered(document: Mapping[str, object]) -> str:
    return escape.json_document(json.dumps(document, ensure_ascii=False, indent=1)) + "\n"


def _drift(found: EnvironmentDrift, *, undeclared: bool) -> dict[str, object]:
    return {
        "name": found.name,
        "target": asdict(found.target),
        "state": {"lineage": found.lineage, "serial": found.serial},
        "summary": {
            "drifted": len(found.drifted),
            "missing": len(found.missing),
            "edited": len(found.pending),
            "undeclared": len(found.undeclared),
            "ignored": found.ignored,
            "as_declared": found.declared - len(found.lists) - len(found.missing),
            "requests": found.requests,
        },
        "lists": [_list_drift(each) for each in found.lists],
        "missing": [{**asdict(each), "source": each.source._asdict()} for each in found.missing],
        "undeclared": [_live_list(each) for each in found.undeclared] if undeclared else None,
    }


def _list_drift(found: ListDrift) -> dict[str, object]:
    return {
        "key": found.key,
        "id": found.id,
        "moved": found.moved,
        "in_doubt": found.doubtful,
        "fields": [asdict(each) for each in found.fields],
        "campaigns": found.campaigns,
        "source": found.source._asdict(),
    }


def _live_list(found: LiveList) -> dict[str, object]:
    texts: dict[str, object] = {field: found.texts[field] for field in FIELDS}
    return {"id": found.id, **texts, "campaigns": found.campaigns}


def _environment(environment: EnvironmentResult) -> dict[str, object]:
    return {
        "name": environment.name,
        "summary": _summary(environment),
        "stopped": environment.stopped,
        "outcomes": [_outcome(outcome) for outcome in environment.outcomes],
    }


def _summary(environment: EnvironmentResult) -> dict[str, int | float]:
    counts = Counter(outcome.outcome for outcome in environment.outcomes)
    return {
        **{kind: counts[kind] for kind in _DONE},
        "unchanged": environment.unchanged,
        **{kind: counts[kind] for kind in _NOT_DONE},
        "requests": environment.requests,
        "seconds": round(environment.seconds, 1),
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "key": outcome.key,
        "id": outcome.id,
        "action": outcome.action,
        "outcome": outcome.outcome,
        "attempts": outcome.attempts,
        "verified": outcome.verified,
        "error": outcome.error,
    }

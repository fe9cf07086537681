"""Plans, results and drift reports as their documents tell them, to be reported again, together with others.

What no document holds is not there: which lists are as declared, how many are in doubt, and, of a result, why its
changes were planned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeAlias

from pydantic_core import from_json

from reconciler.documents import drift_document, plan_document, result_document
from reconciler.documents.drift_document import DriftDocument, EnvironmentDriftPart, ListDriftPart
from reconciler.documents.parts import LastSavePart, parse, read_file
from reconciler.documents.plan_document import EnvironmentPart
from reconciler.documents.result_document import EnvironmentResultPart, ResultDocument
from reconciler.documents.saved_plan import parse_plan
from reconciler.errors import UsageError
from reconciler.model.changes import Asked, Drift, EnvironmentPlan, Plan
from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing
from reconciler.model.fields import FIELDS
from reconciler.model.lists import Campaign, LastSave, LiveList, Source, Standing, Target
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result

Reread: TypeAlias = Plan | Result | DriftReport


def read(path: Path) -> Reread:
    """Return what the document in a file tells. Raises UsageError, or PlanRefusedError of a plan that is not whole."""
    content = read_file(path)
    try:
        found = from_json(content)
    except ValueError as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    form = found.get("format") if isinstance(found, dict) else None
    if form == plan_document.FORMAT:
        return _plan(content, path)
    if form == result_document.FORMAT:
        return _result(parse(content, path, ResultDocument, "a result of apply --json"))
    if form == drift_document.FORMAT:
        return _drift_report(parse(content, path, DriftDocument, "a report of drift --json"))
    raise UsageError(f"{path} is no document of plan, apply or drift: its format is {form!r}")


def _plan(content: bytes, path: Path) -> Plan:
    plan, document = parse_plan(content, path)
    parts = zip(plan.environments, document["environments"], strict=True)
    return replace(
        plan,
        environments=tuple(_planned(environment, part) for environment, part in parts),
        refused=document.get("refused", ""),
        asked=Asked(shard=document.get("shard", "")),
    )


def _planned(environment: EnvironmentPlan, part: EnvironmentPart) -> EnvironmentPlan:
    saved: list[tuple[str, LastSavePart | None]] = [(each["id"], each.get("last_saved")) for each in part["changes"]]
    saved += [(each["id"], each.get("last_saved")) for each in part["drift"]]
    return replace(
        environment,
        drift=tuple(
            Drift(
                key=each["key"],
                id=each["id"],
                fields=tuple(each["fields"]),
                applied=each["applied"],
                live=each["live"],
                source=Source(**each["source"]),
            )
            for each in part["drift"]
        ),
        warnings=tuple(part["warnings"]),
        standing=Standing(known=False),
        requests=part["summary"]["requests"],
        seconds=part["summary"]["seconds"],
        last_saves={list_id: save for list_id, each in saved if (save := _last_save(each))},
    )


def _result(document: ResultDocument) -> Result:
    created_at, asked = document.get("created_at", "1970-01-01T00:00:00Z"), Asked(shard=document.get("shard", ""))
    approved = Plan(document.get("tool", ""), created_at, refreshed=True, files={}, asked=asked)
    return Result(document["plan"], tuple(map(_applied, document["environments"])), approved)


def _applied(part: EnvironmentResultPart) -> EnvironmentResult:
    return EnvironmentResult(
        name=part["name"],
        outcomes=tuple(
            Outcome(
                key=each["key"],
                id=each["id"],
                action=each["action"],
                outcome=each["outcome"],
                attempts=each["attempts"],
                verified=each["verified"],
                error=each["error"],
                guard=each.get("guard"),
                before=each.get("before"),
                after=each.get("after"),
            )
            for each in part["outcomes"]
        ),
        unchanged=part["summary"]["unchanged"],
        requests=part["summary"]["requests"],
        seconds=part["summary"]["seconds"],
        stopped=part["stopped"],
        broke_freeze=part.get("broke_freeze", ""),
        began_with=(part["state"]["lineage"], part["state"]["serial"]) if "state" in part else None,
    )


def _drift_report(document: DriftDocument) -> DriftReport:
    return DriftReport(
        document["tool"],
        document["created_at"],
        {file["path"]: file["sha256"] for file in document["manifest"]["files"]},
        tuple(map(_compared, document["environments"])),
        {each["name"]: each["error"] for each in document.get("failed", [])},
        Asked(shard=document.get("shard", "")),
    )


def _compared(part: EnvironmentDriftPart) -> EnvironmentDrift:
    counts = part["summary"]
    return EnvironmentDrift(
        name=part["name"],
        target=Target(**part["target"]),
        lineage=part["state"]["lineage"],
        serial=part["state"]["serial"],
        declared=counts["as_declared"] + len(part["lists"]) + len(part["missing"]),
        lists=tuple(map(_list, part["lists"])),
        missing=tuple(
            Missing(each["key"], each["id"], each["reason"], Source(**each["source"])) for each in part["missing"]
        ),
        undeclared=tuple(map(_live, part["undeclared"] or ())),
        unnamed=counts["undeclared"] if part["undeclared"] is None else 0,
        ignored=counts["ignored"],
        requests=counts["requests"],
        warnings=tuple(part.get("warnings", ())),
        standing=Standing(known=False),
    )


def _list(part: ListDriftPart) -> ListDrift:
    return ListDrift(
        key=part["key"],
        id=part["id"],
        fields=tuple(FieldDrift(**each) for each in part["fields"]),
        campaigns=_campaigns(part["campaigns"], part.get("campaign_ids", ())),
        source=Source(**part["source"]),
        doubtful=part["in_doubt"],
        last_save=_last_save(part.get("last_saved")),
    )


def _live(part: Mapping[str, Any]) -> LiveList:
    texts = {field: part[field] for field in FIELDS}
    return LiveList(part["id"], texts, _campaigns(part["campaigns"], part.get("campaign_ids", ())))


def _campaigns(names: Sequence[str], ids: Sequence[str]) -> tuple[Campaign, ...]:
    return tuple(Campaign(name, list_id) for name, list_id in zip_longest(names, ids[: len(names)], fillvalue=""))


def _last_save(part: LastSavePart | None) -> LastSave | None:
    return LastSave(**part) if part else None

"""A plan that was saved, read as strictly as a manifest: the file may be forged.

What it asks for is judged later, by `planning.revalidation`. Here it must be whole: of this format, of a shape that
`plan` writes, and unaltered since, by its digest. (The digest is no signature.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json

from reconciler.documents.parts import read_file
from reconciler.documents.plan_document import FORMAT, ChangePart, EnvironmentPart, PlanDocument, digest
from reconciler.errors import PlanRefusedError
from reconciler.model.changes import (
    Adopt,
    Block,
    Blocked,
    Change,
    Check,
    CommonFields,
    EnvironmentPlan,
    Forget,
    Plan,
    Update,
)
from reconciler.model.lists import Source, Target


def load_plan(path: Path) -> Plan:
    """Return the plan in the file `path`: what it does, and to whom.

    Raises PlanRefusedError if it is not whole, UsageError if the file cannot be read.
    """
    return parse_plan(read_file(path, "the plan "), path)[0]


def parse_plan(content: bytes, path: Path) -> tuple[Plan, PlanDocument]:
    """Return a plan, and its document, of which the plan holds what it does. Raises PlanRefusedError."""
    document = _document(content, path)
    plan = _plan(document)
    if digest(plan) != document["digest"]:
        raise PlanRefusedError(
            f"{path} was altered after it was made: its digest is {document['digest']}, its content gives "
            f"{digest(plan)}; make a new plan"
        )
    return plan, document


def _document(content: bytes, path: Path) -> PlanDocument:
    """Return a document of the declared shape that does not contradict itself."""
    try:
        found = from_json(content)
    except ValueError as error:
        raise PlanRefusedError(
            f"{path} is not a saved plan: {error}; make one with: reconciler plan --out FILE"
        ) from error
    form = found.get("format") if isinstance(found, dict) else None
    if form != FORMAT:
        raise PlanRefusedError(f"{path} is of the format {form!r}, this version reads {FORMAT!r}: make a new plan")
    try:
        document = _adapter().validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise _format_error(path, f"{where}: {first['msg']}{more}") from error
    if contradiction := _contradiction(document):
        raise _format_error(path, contradiction)
    return document


@cache
def _adapter() -> TypeAdapter[PlanDocument]:
    return TypeAdapter(PlanDocument)


def _format_error(path: Path, what: str) -> PlanRefusedError:
    return PlanRefusedError(f"{path} is not as this program writes plans: {what}; make a new plan")


def _contradiction(document: PlanDocument) -> str | None:
    """Return where a document contradicts itself, and how; None if it does not."""
    if _twice(environment["name"] for environment in document["environments"]):
        return "environments: an environment is there twice"
    for number, environment in enumerate(document["environments"]):
        where = f"environments.{number}"
        for position, change in enumerate(environment["changes"]):
            if wrong := _wrong_change(change):
                return f"{where}.changes.{position}: {wrong}"
        keys = [change["key"] for change in environment["changes"]]
        updated = [change["id"] for change in environment["changes"] if change["action"] == "update"]
        if _twice(keys) or _twice(updated):
            return f"{where}: a key, or the id of an update, stands twice"
    return None


def _wrong_change(change: ChangePart) -> str | None:
    fields, action = change["fields"], change["action"]
    if _twice(fields) or not change["after"].keys() >= set(fields):
        return "fields names what after does not hold, or one twice"
    if bool(fields) != (action in ("update", "blocked")):
        return f"fields does not go with the action {action}"
    if (change["blocked_by"] is not None) != (action == "blocked"):
        return "blocked_by goes with the action blocked, and with no other"
    return None


def _twice(values: Iterable[str]) -> bool:
    found = list(values)
    return len(set(found)) < len(found)


def _plan(document: PlanDocument) -> Plan:
    return Plan(
        tool=document["tool"],
        created_at=document["created_at"],
        refreshed=document["refreshed"],
        files={file["path"]: file["sha256"] for file in document["manifest"]["files"]},
        environments=tuple(_environment(environment) for environment in document["environments"]),
        failed={each["name"]: each["error"] for each in document.get("failed", [])},
    )


def _environment(environment: EnvironmentPart) -> EnvironmentPlan:
    return EnvironmentPlan(
        name=environment["name"],
        target=Target(**environment["target"]),
        lineage=environment["state"]["lineage"],
        serial=environment["state"]["serial"],
        changes=tuple(_change(change) for change in environment["changes"]),
        unchanged=environment["summary"]["unchanged"],
    )


_WITHOUT_FIELDS: Mapping[str, type[Adopt | Forget | Check]] = {"adopt": Adopt, "forget": Forget, "check": Check}


def _change(change: ChangePart) -> Change:
    source, block = change["source"], change["blocked_by"]
    common: CommonFields = {
        "key": change["key"],
        "id": change["id"],
        "cause": change["cause"],
        "before": change["before"] or {},
        "after": change["after"],
        "source": Source(**source) if source else None,
        "warnings": tuple(change["warnings"]),
    }
    if block:
        why = Block(block["guard"], block["reason"], block["lift"])
        return Blocked(**common, fields=tuple(change["fields"]), block=why)
    if change["action"] == "update":
        return Update(**common, fields=tuple(change["fields"]))
    return _WITHOUT_FIELDS[change["action"]](**common)

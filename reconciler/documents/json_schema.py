"""The JSON Schemas of the documents, made of their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from reconciler.documents.compare_document import CompareDocument
from reconciler.documents.doctor_document import DoctorDocument
from reconciler.documents.drift_document import DriftDocument
from reconciler.documents.environments_document import AccountsDocument, EnvironmentsDocument
from reconciler.documents.plan_document import PlanDocument
from reconciler.documents.problems_document import ProblemsDocument
from reconciler.documents.result_document import ResultDocument
from reconciler.documents.state_entries import ListedEntry, StateListDocument
from reconciler.documents.state_history import StateHistoryDocument

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
DECLARED: Mapping[str, Any] = {
    "plan": PlanDocument,
    "result": ResultDocument,
    "drift": DriftDocument,
    "compare": CompareDocument,
    "problems": ProblemsDocument,
    "doctor": DoctorDocument,
    "environments": EnvironmentsDocument,
    "accounts": AccountsDocument,
    "state-list": StateListDocument,
    "state-show": ListedEntry,
    "state-history": StateHistoryDocument,
}
"""The declaration of each kind of document."""


def document_schema(kind: str) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a kind of document; a reader checks more than it can say."""
    return publishable(kind, TypeAdapter(DECLARED[kind]).json_schema())


def publishable(kind: str, schema: Mapping[str, object]) -> dict[str, object]:
    """Return a schema that pydantic made as it is published: with a title, and for every validator."""
    title = f"reconciler: {kind.replace('-', ' ')}"
    return identified(kind, {"title": title, **_for_every_validator(schema)})


def identified(kind: str, schema: Mapping[str, object]) -> dict[str, object]:
    """Return a schema with its `$id`: a name that only a new number of the format of the document changes."""
    return {"$schema": _DRAFT, "$id": f"urn:reconciler:schema:{kind}:1", **schema}


def _for_every_validator(node: Mapping[str, object]) -> dict[str, object]:
    r"""Drop made-up titles and a keyword of OpenAPI; write the end of a text (`\z`) as all validators do."""
    kept: dict[str, object] = {}
    for key, value in node.items():
        if (key == "title" and isinstance(value, str)) or (key == "discriminator" and "oneOf" in node):
            continue
        if key == "pattern" and isinstance(value, str):
            kept[key] = value.replace(r"\z", "$")
        elif isinstance(value, dict):
            kept[key] = _for_every_validator(value)
        elif isinstance(value, list):
            kept[key] = [_for_every_validator(each) if isinstance(each, dict) else each for each in value]
        else:
            kept[key] = value
    return kept

"""Two environments side by side: `reconciler/compare/1`, as `compare --json` prints it."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict

from reconciler.documents.field_texts import FieldName
from reconciler.documents.parts import (
    Count,
    Key,
    ManifestPart,
    Moment,
    SourcePart,
    document,
    manifest_part,
    source_part,
)
from reconciler.model.comparison import Basis, Comparison, FieldComparison, ListComparison

FORMAT: Literal["reconciler/compare/1"] = "reconciler/compare/1"


@document
class CompareSummary(TypedDict):
    """How many lists there are of each kind."""

    different: Count
    """Lists that differ, and not only as the overrides of the manifest say."""
    only_before: Count
    """Lists that only the first environment has."""
    only_after: Count
    """Lists that only the second environment has."""
    on_purpose: Count
    """Lists that differ only as the overrides of the manifest say."""
    alike: Count
    """Lists that do not differ."""
    requests: Count
    """The HTTP requests that were sent."""


@document
class ComparedFieldPart(TypedDict):
    """One field that differs, or a text of a list that only one environment has."""

    field: FieldName
    """The field."""
    before: str | None
    """Its text in the first environment; null if it has none, or does not manage the field."""
    after: str | None
    """Its text in the second environment; null if it has none, or does not manage the field."""
    overridden_in: list[Key]
    """The environments whose override says the text."""
    not_declared_in: list[Key]
    """The environments in which the text is not what the manifest declares."""


@document
class ComparedListPart(TypedDict):
    """One list that differs."""

    key: str
    """The key of the list in the manifest, or in the state."""
    only_in: Key | None
    """The environment that alone has the list; null if both have it."""
    reason: str | None
    """Why the other one lacks it; null if both have it."""
    on_purpose: bool
    """Whether it differs only as the overrides of the manifest say."""
    fields: list[ComparedFieldPart]
    """The fields that differ; of a list that only one environment has, its texts."""
    source: SourcePart | None
    """Where the list is declared; null if neither environment declares it."""


@document
class CompareDocument(TypedDict):
    """In which lists two environments differ; names are compared without the `name_format` of their environment."""

    format: Literal["reconciler/compare/1"]
    """The format of this document."""
    tool: str
    """The version of the program."""
    created_at: Moment
    """When it was made: RFC 3339 in UTC."""
    manifest: ManifestPart
    """The manifest that has both environments."""
    basis: Basis
    """What was compared: what the manifest declares, what the state knows as applied, or what is live."""
    before: Key
    """The first environment."""
    after: Key
    """The second environment."""
    summary: CompareSummary
    """The counts."""
    lists: list[ComparedListPart]
    """The lists that differ, by key."""
    warnings: list[str]
    """What a reader should know of the environments as a whole."""


def compare_document(found: Comparison) -> CompareDocument:
    """Return the document of a comparison."""
    return {
        "format": FORMAT,
        "tool": found.tool,
        "created_at": found.created_at,
        "manifest": manifest_part(found.files),
        "basis": found.basis,
        "before": found.before,
        "after": found.after,
        "summary": {
            "different": len(found.different),
            "only_before": len(found.only_in(found.before)),
            "only_after": len(found.only_in(found.after)),
            "on_purpose": len(found.on_purpose),
            "alike": found.alike,
            "requests": found.requests,
        },
        "lists": [_list(each) for each in found.lists],
        "warnings": list(found.warnings),
    }


def _list(found: ListComparison) -> ComparedListPart:
    return {
        "key": found.key,
        "only_in": found.only_in or None,
        "reason": found.reason or None,
        "on_purpose": found.on_purpose,
        "fields": [_field(each) for each in found.fields],
        "source": source_part(found.source) if found.source else None,
    }


def _field(found: FieldComparison) -> ComparedFieldPart:
    return {
        "field": found.field,
        "before": found.before,
        "after": found.after,
        "overridden_in": list(found.overridden_in),
        "not_declared_in": list(found.not_declared_in),
    }

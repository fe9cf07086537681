"""The shapes of the documents that this package renders, for their JSON Schemas."""

from __future__ import annotations

from typing import Literal, NotRequired

from pydantic import ConfigDict, TypeAdapter, with_config
from typing_extensions import TypedDict

from reconciler.model.changes import Action
from reconciler.model.drift import Mover
from reconciler.model.outcomes import OutcomeKind
from reconciler.model.texts import Field

_closed = with_config(ConfigDict(extra="forbid"))


@_closed
class _ResultSummary(TypedDict):
    updated: int
    adopted: int
    forgotten: int
    unchanged: int
    failed: int
    in_doubt: int
    unverified: int
    conflict: int
    blocked: int
    not_sent: int
    requests: int
    seconds: float


@_closed
class _Outcome(TypedDict):
    key: str
    id: str
    action: Action
    outcome: OutcomeKind
    attempts: int
    verified: bool | None
    error: str | None


@_closed
class _EnvironmentResult(TypedDict):
    name: str
    summary: _ResultSummary
    stopped: str | None
    outcomes: list[_Outcome]


@_closed
class ResultDocument(TypedDict):
    """What `apply --json` prints."""

    format: Literal["reconciler/result/1"]
    plan: str
    environments: list[_EnvironmentResult]


@_closed
class _Target(TypedDict):
    host: str
    stream_id: str
    account_id: str


@_closed
class _State(TypedDict):
    lineage: str
    serial: int


@_closed
class _Source(TypedDict):
    file: str
    line: int


@_closed
class _DriftSummary(TypedDict):
    drifted: int
    missing: int
    edited: int
    undeclared: int
    ignored: int
    as_declared: int
    requests: int


@_closed
class _FieldDrift(TypedDict):
    field: Field
    desired: str
    applied: str | None
    live: str
    moved: Mover


@_closed
class _ListDrift(TypedDict):
    key: str
    id: str
    moved: Mover
    in_doubt: bool
    fields: list[_FieldDrift]
    campaigns: list[str]
    source: _Source


@_closed
class _Missing(TypedDict):
    key: str
    id: str
    reason: str
    source: _Source


@_closed
class _LiveList(TypedDict):
    id: str
    name: str
    description: str
    campaigns: list[str]


@_closed
class _EnvironmentDrift(TypedDict):
    name: str
    target: _Target
    state: _State
    summary: _DriftSummary
    lists: list[_ListDrift]
    missing: list[_Missing]
    undeclared: list[_LiveList] | None


@_closed
class _File(TypedDict):
    path: str
    sha256: str


@_closed
class _Manifest(TypedDict):
    files: list[_File]


@_closed
class _Failed(TypedDict):
    name: str
    error: str


@_closed
class DriftDocument(TypedDict):
    """What `drift --json` prints; `undeclared` is null unless they were asked for, `failed` never empty."""

    format: Literal["reconciler/drift/1"]
    tool: str
    created_at: str
    manifest: _Manifest
    environments: list[_EnvironmentDrift]
    failed: NotRequired[list[_Failed]]


def result_schema() -> dict[str, object]:
    """Return the JSON Schema of a result document."""
    return TypeAdapter(ResultDocument).json_schema()


def drift_schema() -> dict[str, object]:
    """Return the JSON Schema of a drift document."""
    return TypeAdapter(DriftDocument).json_schema()

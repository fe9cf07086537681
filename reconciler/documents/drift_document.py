"""What was changed elsewhere: `reconciler/drift/1`, as `drift --json` prints it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypeAlias

from pydantic import Field as Described
from typing_extensions import TypedDict

from reconciler.documents.field_texts import FieldName
from reconciler.documents.parts import (
    Count,
    FailedPart,
    LastSavePart,
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
from reconciler.model.drift_report import DriftReport, EnvironmentDrift, FieldDrift, ListDrift, Missing, Mover
from reconciler.model.fields import FIELDS, TABLE
from reconciler.model.lists import LiveList

FORMAT: Literal["reconciler/drift/1"] = "reconciler/drift/1"
_CampaignNames: TypeAlias = Annotated[list[str], Described(description="The campaigns that use the list.")]
_IDS = 'The ids of these campaigns, in the same order, "" for one without; absent if there are no campaigns.'
_CampaignIds: TypeAlias = Annotated[list[str], Described(description=_IDS)]


@document
class DriftSummary(TypedDict):
    """How many lists there are of each kind."""

    drifted: Count
    """Declared lists that were changed elsewhere."""
    missing: Count
    """Declared lists that the account does not have."""
    edited: Count
    """Declared lists that only the manifest changed, or that were never applied, and that await an apply."""
    undeclared: Count
    """Live lists that are not declared."""
    ignored: Count
    """Live lists that policy.ignore_undeclared leaves to others."""
    as_declared: Count
    """Declared lists that are as declared."""
    requests: Count
    """The HTTP requests that were sent."""


@document
class FieldDriftPart(TypedDict):
    """One field whose live text is not the declared one."""

    field: FieldName
    """The field."""
    desired: str
    """The text that the manifest declares."""
    applied: str | None
    """The text that was last applied; null if none was."""
    live: str
    """The text that the API answers."""
    moved: Mover
    """Who changed it since the last apply: live (changed elsewhere), file (the manifest), or both."""


@document
class ListDriftPart(TypedDict):
    """One declared list with such fields."""

    key: str
    """The key of the list in the manifest."""
    id: str
    """The id of the list in this environment."""
    moved: Mover
    """Who changed it since the last apply, as a whole."""
    in_doubt: bool
    """Whether its last PUT was never confirmed."""
    fields: list[FieldDriftPart]
    """The fields that differ."""
    campaigns: _CampaignNames
    campaign_ids: NotRequired[_CampaignIds]
    source: SourcePart
    """Where the list is declared."""
    last_saved: NotRequired[LastSavePart]
    """Who saved it last; only with --who, and if it drifted."""


@document
class MissingPart(TypedDict):
    """A declared list that the account does not have."""

    key: str
    """The key of the list in the manifest."""
    id: str
    """The id that nothing has."""
    reason: str
    """What the API answered."""
    source: SourcePart
    """Where the list is declared."""


if TYPE_CHECKING:
    LiveListPart: TypeAlias = dict[str, object]
else:
    LiveListPart = document(TypedDict("LiveListPart", {
        "id": Annotated[str, Described(description="The id of the list.")],
        **{row.name: Annotated[str, Described(description=f"Its live {row.label}.")] for row in TABLE},
        "campaigns": _CampaignNames,
        "campaign_ids": NotRequired[_CampaignIds],
    }))  # fmt: skip
    LiveListPart.__doc__ = "A live list that is not declared."


@document
class EnvironmentDriftPart(TypedDict):
    """What was found in one environment."""

    name: str
    """The environment."""
    target: TargetPart
    """Whom the requests went to."""
    state: StatePart
    """The state that was compared."""
    summary: DriftSummary
    """The counts."""
    lists: list[ListDriftPart]
    """The lists that differ: drifted, or edited in the manifest only."""
    missing: list[MissingPart]
    """The lists that the account does not have."""
    undeclared: list[LiveListPart] | None
    """The live lists that are not declared; null unless they were asked for."""
    warnings: NotRequired[list[str]]
    """What a reader should know of the environment as a whole; absent if there is nothing."""


@document
class DriftDocument(TypedDict):
    """What live differs in from what was applied and declared."""

    format: Literal["reconciler/drift/1"]
    """The format of this document."""
    tool: str
    """The version of the program."""
    created_at: Moment
    """When it was made: RFC 3339 in UTC."""
    manifest: ManifestPart
    """The manifest that was compared."""
    environments: list[EnvironmentDriftPart]
    """The environments, in the order of the manifest."""
    failed: NotRequired[list[FailedPart]]
    """The environments that could not be looked at; absent if there are none."""
    shard: NotRequired[ShardPart]
    """The part of the accounts that was meant, by --shard; absent if all were."""


def drift_document(report: DriftReport, *, undeclared: bool) -> DriftDocument:
    """Return the document of a drift report; `undeclared` lists are named, or only counted."""
    made: DriftDocument = {
        "format": FORMAT,
        "tool": report.tool,
        "created_at": report.created_at,
        "manifest": manifest_part(report.files),
        "environments": [_environment(found, undeclared=undeclared) for found in report.environments],
    }
    if report.failed:
        made["failed"] = failed_parts(report.failed)
    if report.asked.shard:
        made["shard"] = report.asked.shard
    return made


def _environment(found: EnvironmentDrift, *, undeclared: bool) -> EnvironmentDriftPart:
    made: EnvironmentDriftPart = {
        "name": found.name,
        "target": target_part(found.target),
        "state": {"lineage": found.lineage, "serial": found.serial},
        "summary": {
            "drifted": len(found.drifted),
            "missing": len(found.missing),
            "edited": len(found.pending),
            "undeclared": len(found.undeclared) + found.unnamed,
            "ignored": found.ignored,
            "as_declared": found.declared - len(found.lists) - len(found.missing),
            "requests": found.requests,
        },
        "lists": [_list(each) for each in found.lists],
        "missing": [_missing(each) for each in found.missing],
        "undeclared": [_live(each) for each in found.undeclared] if undeclared and not found.unnamed else None,
    }
    if found.warnings:
        made["warnings"] = list(found.warnings)
    return made


def _list(found: ListDrift) -> ListDriftPart:
    made: ListDriftPart = {
        "key": found.key,
        "id": found.id,
        "moved": found.moved,
        "in_doubt": found.doubtful,
        "fields": [_field(each) for each in found.fields],
        "campaigns": [each.name for each in found.campaigns],
        "source": source_part(found.source),
    }
    if found.campaigns:
        made["campaign_ids"] = [each.id for each in found.campaigns]
    if found.last_save:
        made["last_saved"] = last_save_part(found.last_save)
    return made


def _field(found: FieldDrift) -> FieldDriftPart:
    return {
        "field": found.field,
        "desired": found.desired,
        "applied": found.applied,
        "live": found.live,
        "moved": found.moved,
    }


def _missing(found: Missing) -> MissingPart:
    return {"key": found.key, "id": found.id, "reason": found.reason, "source": source_part(found.source)}


def _live(found: LiveList) -> LiveListPart:
    campaigns = {"campaigns": [each.name for each in found.campaigns]}
    ids = {"campaign_ids": [each.id for each in found.campaigns]} if found.campaigns else {}
    return {"id": found.id, **{field: found.texts[field] for field in FIELDS}, **campaigns, **ids}

"""The types of a manifest and of included files. pydantic checks them and makes their JSON Schemas.

The managed fields come from their table (`model.fields`). Rules for texts are in `rules`; rules for several values
(lengths after `name_format`, ids of one account, equal names) in `resolve`; the wording of problems in `messages`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    StringConstraints,
    Tag,
    create_model,
)
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.model_base import TRIMMED, Entry, Glob, broken_rule, free_of
from reconciler.manifest.policy_models import PolicyEntry
from reconciler.manifest.rules import folder_fault, name_format_fault
from reconciler.manifest.values import AS_WRITTEN
from reconciler.model import fields, hosts
from reconciler.model.identifiers import LIST_ID, LONGEST

NAME = r"^(?:[a-wyz0-9][a-z0-9_-]*|x(?:[a-z0-9_][a-z0-9_-]*)?)$"
"""The pattern of a key of a list and of the name of an environment; neither begins with x-."""

LEAST_REQUESTS, MOST_REQUESTS = 5, 100_000


def _host(text: str) -> str:
    try:
        return hosts.normalise(text)
    except ValueError as error:
        raise broken_rule(Flaw(Kind.HOST, str(error))) from error


def _form_of_texts(value: object) -> str:
    return "by environment" if isinstance(value, dict) else "one text"


Name: TypeAlias = Annotated[str, StringConstraints(pattern=NAME)]
ListId: TypeAlias = Annotated[str, StringConstraints(pattern=f"^{LIST_ID.pattern}$", max_length=LONGEST)]
LiveName: TypeAlias = Annotated[str, Field(json_schema_extra={"minLength": 1})]
Ids: TypeAlias = Annotated[
    Annotated[ListId, Tag("one text")] | Annotated[dict[Name, ListId], Field(min_length=1), Tag("by environment")],
    Discriminator(_form_of_texts),
]
LiveNames: TypeAlias = Annotated[
    Annotated[LiveName, Tag("one text")] | Annotated[dict[Name, LiveName], Tag("by environment")],
    Discriminator(_form_of_texts),
]


class ListTexts(Entry):
    """The managed fields of a list, as written."""

    @property
    def texts(self) -> dict[fields.Field, str]:
        """The texts that are written, by field, in the order of the table."""
        return {name: text for name in fields.FIELDS if (text := getattr(self, name)) is not None}


def _with_managed_fields(left_out: str) -> type[Entry]:
    """Return a model with one text for each managed field; `left_out` says what holds without it."""
    texts: dict[str, Any] = {row.name: (str, _managed_field(row, left_out)) for row in fields.TABLE}
    return create_model("Managed", __base__=Entry, **texts)


def _managed_field(row: fields.ManagedField, left_out: str) -> object:
    clears = '"" clears it. ' if row.may_be_empty else ""
    checks: dict[str, JsonValue] = {"maxLength": row.longest, "pattern": f"^$|{TRIMMED}"}
    if not row.may_be_empty:
        checks |= {"minLength": 1, "pattern": TRIMMED}
    description = f"{row.meaning} At most {row.longest} characters. {clears}{left_out}"
    return Field(default=None, title=row.label.capitalize(), description=description, json_schema_extra=checks)


class Override(ListTexts, _with_managed_fields("Left out, what stands in the list itself holds.")):  # type: ignore[misc]  # of the table
    """What one environment has instead, taken as written, without name_format."""

    model_config = ConfigDict(title="Override")


class _Identified(Entry):
    """The first key of a list, in a class of its own so that it stands before the managed fields."""

    id: Ids = Field(
        description="The id of the list; with several environments, one for each.",
        examples=["cl-718e888-3aca-4008-973e-6d7994000000", {"dev": "cl-5f1e", "prod": "cl-718e"}],
    )


class ListEntry(ListTexts, _with_managed_fields("Left out, it is unmanaged."), _Identified):  # type: ignore[misc]  # of the table
    """One contact list."""

    model_config = ConfigDict(title="Contact list")

    previously: LiveNames = Field(
        default_factory=dict,  # a `default` would be copied for each list, which takes as long as to check the list
        json_schema_extra={"default": {}},
        description="The live name, or one for each environment, that this key may take over when it is adopted.",
        examples=["Renewal Due - May 2025", {"prod": "Renewal Due - May 2025"}],
    )
    protect: bool = Field(default=False, description="Block every change to this list.", examples=[True])
    overrides: dict[Name, Override] = Field(
        default_factory=dict,
        json_schema_extra={"default": {}},
        description="What single environments have instead, taken as written, without name_format.",
        examples=[{"dev": {"name": "Renewal Due (test)"}}],
    )


class EnvironmentEntry(Entry):
    """One environment: an account of the platform, and how to reach it."""

    model_config = ConfigDict(title="Environment")

    host: Annotated[str, AfterValidator(_host)] = Field(
        description="platform.kore.ai or another host, with or without https://; plain http:// only on loopback.",
        examples=["https://platform.kore.ai", "de-platform.kore.ai"],
        json_schema_extra={"pattern": r"^(?:[hH][tT][tT][pP][sS]?://)?[^\s/?#@]+/?$"},
    )
    stream_id: Annotated[str, StringConstraints(pattern=r"^st-[0-9A-Za-z._~-]+$")] = Field(
        description="The stream id of the app.", examples=["st-0603182c-7ffb-53c3-b307-47ca14b00000"]
    )
    account_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]+$")] = Field(
        description="The id of the account that the app belongs to.", examples=["67777ce93e25326494e00000"]
    )
    credentials: Annotated[str, StringConstraints(pattern=r"^KORE(?:_[A-Z0-9_]+)?$")] = Field(
        default="KORE", description="Prefix of the environment variables with the credentials.", examples=["KORE_PROD"]
    )
    requests_per_minute: int = Field(
        default=30,
        ge=LEAST_REQUESTS,
        le=MOST_REQUESTS,
        description="Requests a minute at most. The account's limit is 60, shared with everything that uses its API.",
        examples=[45],
    )
    name_format: Annotated[str, free_of(name_format_fault)] = Field(
        default=AS_WRITTEN,
        description="How this environment writes names.",
        examples=["[dev] {name}"],
        json_schema_extra={"pattern": r"^[^{}]*\{name\}[^{}]*$"},
    )
    policy: PolicyEntry = Field(
        default_factory=PolicyEntry,
        description="Single keys of the manifest's policy, as they are in this environment.",
        examples=[{"max_changes": "100%"}],
    )


class Head(Entry):
    """A manifest without its lists."""

    version: int = Field(
        ge=1, le=1, description="The format of the manifest.", examples=[1], json_schema_extra={"const": 1}
    )
    state: Annotated[str, free_of(folder_fault)] = Field(
        default=".reconciler",
        description="Where the last-applied state is kept: a folder inside the manifest's, a branch, an object store.",
        examples=["git+branch://reconciler-state", "s3://bucket/folder"],
        json_schema_extra={"minLength": 1},
    )
    environments: dict[Name, EnvironmentEntry] = Field(
        min_length=1,
        description="The environments by name.",
        examples=[{"prod": {"host": "https://platform.kore.ai", "stream_id": "st-0603182c", "account_id": "67777ce9"}}],
    )
    policy: PolicyEntry = Field(
        default_factory=PolicyEntry,
        description="What an apply may do in every environment.",
        examples=[{"max_changes": "20%", "on_drift": "overwrite"}],
    )
    include: list[Glob] = Field(
        default=[],
        description="Further files, as globs: relative, inside the manifest's folder. They hold only lists.",
        examples=[["lists/*.yaml"]],
    )


class IncludedFile(Entry):
    """A file that a manifest includes; it holds only lists."""

    model_config = ConfigDict(title="File included by a manifest of contact lists")

    lists: dict[Name, ListEntry] = Field(
        default={},
        description="The contact lists by key.",
        examples=[{"renewal-due": {"id": "cl-718e888", "name": "Renewal Due"}}],
    )


class ManifestFile(IncludedFile, Head):
    """A manifest: contact lists, their environments, and what an apply may do."""

    model_config = ConfigDict(title="Manifest of contact lists")


class _Generator(GenerateJsonSchema):
    """Adjusts pydantic's JSON Schema to what the reader accepts."""

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Forbid keys that are not valid names."""
        return {**super().dict_schema(schema), "additionalProperties": False}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out the default None, which stands for a text that is not written."""
        made = super().default_schema(schema)
        return {key: value for key, value in made.items() if key != "default" or value is not None}


def json_schema(model: type[Entry]) -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of a whole file; `load` checks more than it can say."""
    return {"$schema": _Generator.schema_dialect, **model.model_json_schema(schema_generator=_Generator)}

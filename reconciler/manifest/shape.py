"""The types of a manifest: what pydantic checks at the border, and the JSON Schema that editors are given.

What cannot be said of one value alone (lengths after `name_format`, ids of one account, equal names) is in `rules`
and `desiring`. The words for what is wrong are in `wording`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Required, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, Tag, TypeAdapter, with_config
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from reconciler.manifest import hosts
from reconciler.manifest.rules import LIST_ID, folder_fault, name_format_fault
from reconciler.model.texts import MOST_UNITS

JsonSchema: TypeAlias = "dict[str, JsonSchema] | list[JsonSchema] | str | int | bool | None"

_NAME = r"^(?:[a-wyz0-9][a-z0-9_-]*|x(?:[a-z0-9_][a-z0-9_-]*)?)$"  # a word that does not begin with x-
_strictly = with_config(ConfigDict(strict=True, extra="forbid", json_schema_extra={"patternProperties": {"^x-": True}}))
_TRIMMED = r"^\S(?:[\s\S]*\S)?$"


def _house_rule(fault: str | None) -> None:
    if fault:
        raise PydanticCustomError("house_rule", "{fault}", {"fault": fault})


def _checked_host(text: str) -> str:
    try:
        return hosts.normalised(text)
    except ValueError as error:
        raise PydanticCustomError("house_rule", "{fault}", {"fault": str(error)}) from error


def _checked_folder(text: str) -> str:
    _house_rule(folder_fault(text))
    return text


def _checked_format(text: str) -> str:
    _house_rule(name_format_fault(text))
    return text


Name = Annotated[str, Field(pattern=_NAME)]
ListId = Annotated[str, Field(pattern=f"^{LIST_ID.pattern}$")]
_NameText = Annotated[
    str,
    Field(
        description=f"The list's name, at most {MOST_UNITS['name']} characters; left out, it is unmanaged.",
        json_schema_extra={"minLength": 1, "maxLength": MOST_UNITS["name"], "pattern": _TRIMMED},
    ),
]
_DescriptionText = Annotated[
    str,
    Field(
        description=f'At most {MOST_UNITS["description"]} characters; "" clears it, left out it is unmanaged.',
        json_schema_extra={"maxLength": MOST_UNITS["description"], "pattern": rf"^$|{_TRIMMED}"},
    ),
]
_LiveName = Annotated[str, Field(json_schema_extra={"minLength": 1})]


@_strictly
class Override(TypedDict, total=False):
    """What one environment has instead, taken as written."""

    name: _NameText
    description: _DescriptionText


@_strictly
class ListEntry(TypedDict, total=False):
    """One contact list."""

    id: Required[
        Annotated[
            Annotated[ListId, Tag("<text>")] | Annotated[dict[Name, ListId], Field(min_length=1), Tag("<mapping>")],
            Field(description="The list's id; with several environments one each: {dev: cl-…, prod: cl-…}."),
        ]
    ]
    name: _NameText
    description: _DescriptionText
    previously: Annotated[
        Annotated[_LiveName, Tag("<text>")] | Annotated[dict[Name, _LiveName], Tag("<mapping>")],
        Field(description="The live name, or one per environment, that this key may take over when adopted."),
    ]
    protect: Annotated[bool, Field(description="Block any change to this list.")]
    overrides: Annotated[
        dict[Name, Override], Field(description="Per environment: name and description, taken as written.")
    ]


@_strictly
class PolicyEntry(TypedDict, total=False):
    """What an apply may do."""

    max_changes: Annotated[
        Annotated[int, Field(ge=0), Tag("<number>")]
        | Annotated[str, Field(pattern=r"^(?:100|[1-9]?[0-9])%$"), Tag("<percent>")],
        Field(description="PUTs in one apply: a number, or a percentage of the lists, never under 10. Default 30%."),
    ]
    on_drift: Annotated[
        Literal["keep", "overwrite"],
        Field(description="keep: show what was changed elsewhere. overwrite: set it back. Default keep."),
    ]
    rename_in_use: Annotated[
        Literal["block", "warn"],
        Field(description="What becomes of renames of lists that campaigns use. Default block."),
    ]
    ignore_undeclared: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        Field(description="Name globs of live lists that someone else looks after."),
    ]


@_strictly
class EnvironmentEntry(TypedDict, total=False):
    """One environment: an account of the platform, and how to reach it."""

    host: Required[
        Annotated[
            str,
            AfterValidator(_checked_host),
            Field(
                description="platform.kore.ai or another host; https, plain http only on loopback.",
                json_schema_extra={"pattern": r"^(?:[hH][tT][tT][pP][sS]?://)?[^\s/?#@]+/?$"},
            ),
        ]
    ]
    stream_id: Required[
        Annotated[str, Field(pattern=r"^st-[0-9A-Za-z._~-]+$", description="The app's stream id, st-….")]
    ]
    account_id: Required[Annotated[str, Field(pattern=r"^[0-9A-Za-z]+$", description="The account's id.")]]
    credentials: Annotated[
        str,
        Field(
            pattern=r"^KORE(?:_[A-Z0-9_]+)?$",
            description="Prefix of the environment variables with the credentials. Default KORE.",
        ),
    ]
    requests_per_minute: Annotated[
        int, Field(ge=5, description="The account's limit is 60, shared with all that uses its API. Default 30.")
    ]
    name_format: Annotated[
        str,
        AfterValidator(_checked_format),
        Field(
            description='How this environment writes names, e.g. "[dev] {name}".',
            json_schema_extra={"pattern": r"^[^{}]*\{name\}[^{}]*$"},
        ),
    ]
    policy: Annotated[PolicyEntry, Field(description="Overrides single keys of policy for this environment.")]


@_strictly
class IncludedFile(TypedDict, total=False):
    """An included file."""

    lists: Annotated[dict[Name, ListEntry], Field(description="The contact lists by key.")]


@_strictly
class Head(TypedDict, total=False):
    """All of a manifest but its lists."""

    version: Required[
        Annotated[int, Field(ge=1, le=1, description="The manifest's format.", json_schema_extra={"const": 1})]
    ]
    state: Annotated[
        str,
        AfterValidator(_checked_folder),
        Field(
            description="Where the state is kept: a folder beside the manifest, or a URL. Default .reconciler.",
            json_schema_extra={"minLength": 1},
        ),
    ]
    environments: Required[
        Annotated[dict[Name, EnvironmentEntry], Field(min_length=1, description="The environments by name.")]
    ]
    policy: PolicyEntry
    include: Annotated[
        list[Annotated[str, Field(min_length=1)]],
        Field(description="Globs of more files that hold only lists; relative, inside the manifest's folder."),
    ]


@_strictly
class ManifestFile(Head, total=False):
    """A manifest of contact lists."""

    lists: Annotated[dict[Name, ListEntry], Field(description="The contact lists by key.")]


HEAD = TypeAdapter(Head)
LISTS = TypeAdapter(list[ListEntry])
INCLUDED = TypeAdapter(IncludedFile)
NAME = re.compile(_NAME)


def json_schema() -> dict[str, JsonSchema]:
    """Return the JSON Schema (draft 2020-12) of a manifest, for editors; `load` checks more than it can say."""
    schema: dict[str, JsonSchema] = TypeAdapter(ManifestFile).json_schema()
    _close(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _close(node: JsonSchema) -> None:
    """Allow no keys but the named ones and patterns, and drop the titles that pydantic makes up from them."""
    match node:
        case dict():
            if isinstance(node.get("title"), str):
                del node["title"]
            if "patternProperties" in node:
                node["additionalProperties"] = False
            for child in node.values():
                _close(child)
        case list():
            for child in node:
                _close(child)
        case _:
            pass

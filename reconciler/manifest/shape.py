"""The types of a manifest, for the type checker and, as schemas, for pydantic-core, which checks at the border.

pydantic would make the schemas out of the types, but its import takes longer than all the rest of a plan; that of its
validator alone, pydantic-core, does not. A test keeps both equal; `published` makes the JSON Schema of the schemas.
What cannot be said of one value alone (lengths after `name_format`, ids of one account, equal names) is in `rules`
and `desiring`. The words for what is wrong are in `wording`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, Required, TypedDict, TypeVar, cast

from pydantic_core import SchemaValidator

from reconciler.manifest import grammar, hosts
from reconciler.manifest.grammar import by_name, either, entry, flag, key, number, refused, ruled, sequence, text, word
from reconciler.manifest.rules import folder_fault, name_format_fault
from reconciler.model.fields import MANAGED
from reconciler.model.identifiers import LIST_ID, LONGEST

if TYPE_CHECKING:
    from pydantic_core import CoreSchema

_Checked_co = TypeVar("_Checked_co", covariant=True)
_TRIMMED = r"^\S(?:[\s\S]*\S)?$"


MOST_REQUESTS = 100_000


class Shape(Protocol[_Checked_co]):
    """A schema, ready to check values."""

    def validate_python(self, value: object, /) -> _Checked_co:
        """Return `value`, checked and in its normal form. Raises pydantic_core.ValidationError."""
        ...


class Override(TypedDict, total=False):
    """What one environment has instead, taken as written."""

    name: str
    description: str


class ListEntry(TypedDict, total=False):
    """One contact list."""

    id: Required[str | dict[str, str]]
    name: str
    description: str
    previously: str | dict[str, str]
    protect: bool
    overrides: dict[str, Override]


class PolicyEntry(TypedDict, total=False):
    """What an apply may do."""

    max_changes: int | str
    on_drift: Literal["keep", "overwrite"]
    rename_in_use: Literal["block", "warn"]
    ignore_undeclared: list[str]


class EnvironmentEntry(TypedDict, total=False):
    """One environment: an account of the platform, and how to reach it."""

    host: Required[str]
    stream_id: Required[str]
    account_id: Required[str]
    credentials: str
    requests_per_minute: int
    name_format: str
    policy: PolicyEntry


class IncludedFile(TypedDict, total=False):
    """An included file."""

    lists: dict[str, ListEntry]


class Head(TypedDict, total=False):
    """All of a manifest but its lists."""

    version: Required[int]
    state: str
    environments: Required[dict[str, EnvironmentEntry]]
    policy: PolicyEntry
    include: list[str]


class ManifestFile(Head, total=False):
    """A manifest of contact lists."""

    lists: dict[str, ListEntry]


def _normalised_host(host: str) -> str:
    try:
        return hosts.normalised(host)
    except ValueError as error:
        raise refused(str(error)) from error


def _free_of(fault: Callable[[str], str | None]) -> Callable[[str], str]:
    def checked(value: str) -> str:
        if found := fault(value):
            raise refused(found)
        return value

    return checked


_list_id = text(pattern=f"^{LIST_ID.pattern}$", max_length=LONGEST)
_live_name = text(metadata={"minLength": 1})
_texts = {
    "name": key(
        f"The list's name, at most {MANAGED['name'].longest} characters; left out, it is unmanaged.",
        text(),
        minLength=1,
        maxLength=MANAGED["name"].longest,
        pattern=_TRIMMED,
    ),
    "description": key(
        f'At most {MANAGED["description"].longest} characters; "" clears it, left out it is unmanaged.',
        text(),
        maxLength=MANAGED["description"].longest,
        pattern=rf"^$|{_TRIMMED}",
    ),
}
OVERRIDE = entry(Override, **_texts)
LIST = entry(
    ListEntry,
    id=key(
        "The list's id; with several environments one each: {dev: cl-…, prod: cl-…}.",
        either(text=_list_id, mapping=by_name(_list_id, min_length=1)),
        required=True,
    ),
    **_texts,
    previously=key(
        "The live name, or one per environment, that this key may take over when adopted.",
        either(text=_live_name, mapping=by_name(_live_name)),
    ),
    protect=key("Block any change to this list.", flag()),
    overrides=key("Per environment: name and description, taken as written.", by_name(OVERRIDE)),
)
POLICY = entry(
    PolicyEntry,
    max_changes=key(
        "PUTs in one apply: a number, or a percentage of the lists, never under 10. Default 30%.",
        either(number=number(ge=0), percent=text(pattern=r"^(?:100|[1-9]?[0-9])%$")),
    ),
    on_drift=key(
        "keep: show what was changed elsewhere. overwrite: set it back. Default keep.", word("keep", "overwrite")
    ),
    rename_in_use=key("What becomes of renames of lists that campaigns use. Default block.", word("block", "warn")),
    ignore_undeclared=key("Name globs of live lists that someone else looks after.", sequence(text(min_length=1))),
)
ENVIRONMENT = entry(
    EnvironmentEntry,
    host=key(
        "platform.kore.ai or another host; https, plain http only on loopback.",
        ruled(_normalised_host),
        required=True,
        pattern=r"^(?:[hH][tT][tT][pP][sS]?://)?[^\s/?#@]+/?$",
    ),
    stream_id=key("The app's stream id, st-….", text(pattern=r"^st-[0-9A-Za-z._~-]+$"), required=True),
    account_id=key("The account's id.", text(pattern=r"^[0-9A-Za-z]+$"), required=True),
    credentials=key(
        "Prefix of the environment variables with the credentials. Default KORE.",
        text(pattern=r"^KORE(?:_[A-Z0-9_]+)?$"),
    ),
    requests_per_minute=key(
        "The account's limit is 60, shared with all that uses its API. Default 30.", number(ge=5, le=MOST_REQUESTS)
    ),
    name_format=key(
        'How this environment writes names, e.g. "[dev] {name}".',
        ruled(_free_of(name_format_fault)),
        pattern=r"^[^{}]*\{name\}[^{}]*$",
    ),
    policy=key("Overrides single keys of policy for this environment.", POLICY),
)
_head = {
    "version": key("The manifest's format.", number(ge=1, le=1), required=True, const=1),
    "state": key(
        "Where the state is kept: a folder beside the manifest, or a URL. Default .reconciler.",
        ruled(_free_of(folder_fault)),
        minLength=1,
    ),
    "environments": key("The environments by name.", by_name(ENVIRONMENT, min_length=1), required=True),
    "policy": key("What an apply may do.", POLICY),
    "include": key(
        "Globs of more files that hold only lists; relative, inside the manifest's folder.",
        sequence(text(min_length=1)),
    ),
}
_lists = {"lists": key("The contact lists by key.", by_name(LIST))}
MANIFEST = entry(ManifestFile, **_head, **_lists)


def _validator(schema: grammar.Schema) -> SchemaValidator:
    return SchemaValidator(cast("CoreSchema", schema))


HEAD: Shape[Head] = _validator(entry(Head, **_head))
LISTS: Shape[list[ListEntry]] = _validator(sequence(LIST))
INCLUDED: Shape[IncludedFile] = _validator(entry(IncludedFile, **_lists))
NAME = re.compile(grammar.NAME)

"""Lists of the last-applied state: entries of its document, and what `state list` and `state show` print as JSON.

Every plan reads entries, so `Field` describes their properties: with docstrings, as in `parts.document`, pydantic would
take some milliseconds more for each type.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypeAlias

from pydantic import ConfigDict, Field, InstanceOf, with_config
from typing_extensions import TypedDict

from reconciler.documents.parts import document
from reconciler.model.fields import TABLE

exactly = with_config(ConfigDict(strict=True, extra="forbid"))
"""Decorates a type that is read at each start: exactly these properties, exactly these types."""

# Any str: pydantic's own check refuses halves of surrogate pairs, which the API may answer and a state must keep.
AnyText: TypeAlias = InstanceOf[str]

if TYPE_CHECKING:

    class SomeTexts(TypedDict):
        """Some managed fields of a list."""

else:
    _some = with_config(ConfigDict(strict=True, extra="forbid", json_schema_extra={"minProperties": 1}))
    SomeTexts = _some(TypedDict("SomeTexts", {
        row.name: NotRequired[Annotated[AnyText, Field(description=f"The {row.label}; may be absent.")]]
        for row in TABLE
    }))  # fmt: skip
    SomeTexts.__doc__ = "Some managed fields of a list."

# The JSON Schema has this as minProperties of SomeTexts: pydantic would make the least length of a text of it.
_OneText: TypeAlias = Annotated[
    SomeTexts, Field(min_length=1, json_schema_extra=lambda schema: schema.pop("minLength"))
]

Id: TypeAlias = Annotated[
    AnyText, Field(description="The id of the list.", examples=["cl-718e888-3aca-4008-973e-6d7994000000"])
]
Stored: TypeAlias = Annotated[
    _OneText, Field(description="Those fields that the API keeps unlike what was sent, such as without outer spaces.")
]
AppliedAt: TypeAlias = Annotated[
    AnyText,
    Field(description="When its fields were last recorded: RFC 3339 in UTC.", examples=["2026-11-22T10:00:00Z"]),
]


@exactly
class AppliedEntry(SomeTexts):
    """A list as its last acknowledged write, or a read, showed it."""

    id: Id
    status: Annotated[Literal["applied"], Field(description="Applied: its fields are known.")]
    stored: NotRequired[Stored]
    applied_at: AppliedAt


@exactly
class DoubtfulEntry(SomeTexts):
    """A list whose last PUT may or may not have landed. Its fields are as they were before that PUT."""

    id: Id
    status: Annotated[Literal["in_doubt"], Field(description="In doubt: the next apply reads the list first.")]
    stored: NotRequired[Stored]
    intended: Annotated[_OneText, Field(description="The fields that the PUT carried.")]
    applied_at: AppliedAt


Entry: TypeAlias = Annotated[AppliedEntry | DoubtfulEntry, Field(discriminator="status")]

if TYPE_CHECKING:
    ListedEntry: TypeAlias = dict[str, object]
else:
    _Key: TypeAlias = Annotated[AnyText, Field(description="The key of the list in the manifest.")]

    @exactly
    class ListedApplied(AppliedEntry):
        """A list that is applied, with its key."""

        key: _Key

    @exactly
    class ListedDoubtful(DoubtfulEntry):
        """A list that is in doubt, with its key."""

        key: _Key

    ListedEntry = Annotated[
        ListedApplied | ListedDoubtful,
        Field(discriminator="status", description="One list of the state, as `state show --json` prints it."),
    ]


@document
class StateListDocument(TypedDict):
    """Every list of a state, as `state list --json` prints it."""

    lists: list[ListedEntry]
    """The lists; none if nothing was applied yet."""

"""What the files of a state may hold, for pydantic to check.

A document that is just as it was written needs no such check: what only reads one imports none of this.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal, NotRequired, TypeAlias, TypeVar

from pydantic import ConfigDict, Field, InstanceOf, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from reconciler.store.jsontext import damaged, encode

_Shape = TypeVar("_Shape")
exactly = with_config(ConfigDict(strict=True, extra="forbid"))
# Any str: pydantic's own check refuses halves of surrogate pairs, which the API may answer and a state must keep.
AnyText: TypeAlias = InstanceOf[str]


@exactly
class SomeTexts(TypedDict):
    """Some fields of a list."""

    name: NotRequired[AnyText]
    description: NotRequired[AnyText]


@exactly
class TargetShape(TypedDict):
    """A Target."""

    host: AnyText
    stream_id: AnyText
    account_id: AnyText


_OneText: TypeAlias = Annotated[SomeTexts, Field(min_length=1)]


@exactly
class AppliedEntry(SomeTexts):
    """An AppliedList."""

    id: AnyText
    status: Literal["applied"]
    stored: NotRequired[_OneText]
    applied_at: AnyText


@exactly
class DoubtfulEntry(SomeTexts):
    """A DoubtfulList."""

    id: AnyText
    status: Literal["in_doubt"]
    stored: NotRequired[_OneText]
    intended: _OneText
    applied_at: AnyText


Entry: TypeAlias = Annotated[AppliedEntry | DoubtfulEntry, Field(discriminator="status")]


@exactly
class WrittenShape(TypedDict):
    at: AnyText
    user: AnyText
    host: AnyText
    command: AnyText
    job: AnyText


@exactly
class Document(TypedDict):
    format: AnyText
    lineage: AnyText
    serial: Annotated[int, Field(ge=0)]
    environment: AnyText
    target: TargetShape
    fence: NotRequired[Annotated[int, Field(ge=0)]]
    written: NotRequired[WrittenShape]
    moved_to: NotRequired[AnyText]
    checksum: NotRequired[AnyText]
    lists: dict[AnyText, Entry]


@cache
def document_shape() -> TypeAdapter[Document]:
    """Return the shape of a document; made when it is first asked for."""
    return TypeAdapter(Document)


def check_shape(shape: TypeAdapter[_Shape], content: object, *, where: str) -> _Shape:
    """Return `content` as `shape`; raises StateDamagedError with the first thing that is wrong, and how many are."""
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = ".".join(str(step) for step in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise damaged(where, encode(f"{path}: {first['msg']}")[1:-1] + more) from error

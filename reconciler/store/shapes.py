"""What the files of a state may hold, for pydantic to check."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal, NotRequired, TypeAlias, TypeVar, cast

from pydantic import ConfigDict, Field, InstanceOf, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from reconciler.model.fields import TABLE
from reconciler.store.jsontext import damage_error, encode, shorten

_AT_ONCE = 1000
_WIDEST = 20  # keys: no object has more, but for that of all lists
_Shape = TypeVar("_Shape")
exactly = with_config(ConfigDict(strict=True, extra="forbid"))
# Any str: pydantic's own check refuses halves of surrogate pairs, which the API may answer and a state must keep.
AnyText: TypeAlias = InstanceOf[str]


if TYPE_CHECKING:

    class SomeTexts(TypedDict):
        """Some fields of a list."""

else:
    _some = with_config(ConfigDict(strict=True, extra="forbid", json_schema_extra={"minProperties": 1}))
    SomeTexts = _some(TypedDict("SomeTexts", {row.name: NotRequired[AnyText] for row in TABLE}))
    SomeTexts.__doc__ = "Some fields of a list."


@exactly
class TargetShape(TypedDict):
    """A Target."""

    host: AnyText
    stream_id: AnyText
    account_id: AnyText


Count: TypeAlias = Annotated[int, Field(ge=0, le=2**53 - 1)]

# The JSON Schema has this as minProperties of SomeTexts: pydantic would make the least length of a text of it.
_OneText: TypeAlias = Annotated[
    SomeTexts, Field(min_length=1, json_schema_extra=lambda schema: schema.pop("minLength"))
]


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
    serial: Count
    environment: AnyText
    target: TargetShape
    manifest: NotRequired[AnyText]
    fence: NotRequired[Count]
    written: NotRequired[WrittenShape]
    moved_to: NotRequired[AnyText]
    checksum: NotRequired[AnyText]
    lists: dict[AnyText, Entry]


@cache
def document_shape() -> TypeAdapter[Document]:
    """Return the shape of a document; made when it is first asked for."""
    return TypeAdapter(Document)


def check_document(content: dict[str, object], *, where: str) -> Document:
    """Return `content` as a document; raises as `check_shape`, with the problems of the first lists that have any.

    What pydantic keeps of each problem is far larger than what it is about, so no more than so many lists are looked
    at once, and nothing that is wider than anything in a state.
    """
    lists = content.get("lists")
    entries: dict[str, object] = lists if isinstance(lists, dict) else {}
    _check_width(content, entries, where)
    if entries is not lists or not entries:
        return check_shape(document_shape(), content, where=where)
    left = iter(entries.items())
    while some := dict(islice(left, _AT_ONCE)):
        check_shape(document_shape(), {**content, "lists": some}, where=where)
    return cast("Document", content)


def check_lines(shape: TypeAdapter[_Shape], lines: list[object], *, where: str) -> list[_Shape]:
    """Return `lines` of a journal, each as `shape`; bounds and raises as `check_document`."""
    checked = []
    for line in lines:
        if isinstance(line, dict):
            _check_width(line, {}, where)
        checked.append(check_shape(shape, line, where=where))
    return checked


def _check_width(content: dict[str, object], entries: dict[str, object], where: str) -> None:
    others = {key: value for key, value in content.items() if value is not entries}
    for path, value in _objects(others, entries):
        if len(value) > _WIDEST:
            place = encode(shorten(path))[1:-1] or "it"
            raise damage_error(where, f"{place} has {len(value)} keys, more than anything in a state has")


def _objects(others: dict[str, object], entries: dict[str, object]) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield every object that a document may have, but for that of all lists, with its path."""
    yield "", others
    for path, level in (("", others), ("lists.", entries)):
        for key, value in level.items():
            if isinstance(value, dict):
                yield f"{path}{key}", value
                yield from ((f"{path}{key}.{name}", inner) for name, inner in value.items() if isinstance(inner, dict))


def check_shape(shape: TypeAdapter[_Shape], content: object, *, where: str) -> _Shape:
    """Return `content` as `shape`; raises StateDamagedError with the first thing that is wrong, and how many are."""
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = shorten(".".join(str(step) for step in first["loc"]))
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise damage_error(where, encode(f"{path}: {shorten(first['msg'])}")[1:-1] + more) from error

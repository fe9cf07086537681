"""What the files of a state may hold, for pydantic to check."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import Annotated, NotRequired, TypeAlias, TypeVar, cast

from pydantic import Field, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from reconciler.documents.state_entries import AnyText, Entry, exactly
from reconciler.state.jsontext import WAY_OUT, damage_error, encode, shorten

_AT_ONCE = 1000
_WIDEST = 20  # keys: no object has more, but for that of all lists
_Shape = TypeVar("_Shape")


@exactly
class TargetShape(TypedDict):
    """The stream and account that a state belongs to."""

    host: Annotated[AnyText, Field(description="The host with its scheme.", examples=["https://platform.kore.ai"])]
    stream_id: Annotated[AnyText, Field(description="The stream (app), st-….")]
    account_id: Annotated[AnyText, Field(description="The account, 24 hex digits.")]


Count: TypeAlias = Annotated[int, Field(ge=0, le=2**53 - 1)]


@exactly
class WrittenShape(TypedDict):
    """Who wrote a document."""

    at: Annotated[AnyText, Field(description="When: RFC 3339 in UTC.")]
    user: Annotated[AnyText, Field(description="The user.")]
    host: Annotated[AnyText, Field(description="The machine.")]
    command: Annotated[AnyText, Field(description="The command.")]
    job: Annotated[AnyText, Field(description="The URL of the CI job; empty if it was none.")]


@exactly
class Document(TypedDict):
    """What was last applied in one environment."""

    format: Annotated[AnyText, Field(description="The format of this document.", examples=["reconciler/state/1"])]
    lineage: Annotated[AnyText, Field(description="The identity of the state through all its serials, a UUID.")]
    serial: Annotated[Count, Field(description="How often the state was written.")]
    environment: Annotated[AnyText, Field(description="The environment.")]
    target: Annotated[TargetShape, Field(description="Whose lists these are.")]
    manifest: NotRequired[
        Annotated[
            AnyText,
            Field(description="The manifest that this is the state of: its path from the document's folder, or from "
                  "the repository's; absent if it is not known."),
        ]
    ]  # fmt: skip
    fence: NotRequired[
        Annotated[Count, Field(description="In an object store: the number of the lease that it was written under.")]
    ]
    follows: NotRequired[
        Annotated[
            Count,
            Field(description="In an object store: the serial that the run which wrote it began with, that of the copy "
                  "before; absent if that is not known."),
        ]
    ]  # fmt: skip
    written: NotRequired[Annotated[WrittenShape, Field(description="In an object store: who wrote it.")]]
    moved_to: NotRequired[
        Annotated[
            AnyText, Field(description="The URL of the store that this state was moved to; nothing reads it here.")
        ]
    ]
    checksum: NotRequired[
        Annotated[
            AnyText,
            Field(description="The SHA-256 of all the rest, sha256:…. A document without one counts as edited on "
                  "purpose, and is taken as it stands."),
        ]
    ]  # fmt: skip
    lists: Annotated[dict[AnyText, Entry], Field(description="The lists, by their keys in the manifest.")]


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


def check_lines(shape: TypeAdapter[_Shape], lines: list[dict[str, object]], *, where: str) -> list[_Shape]:
    """Return `lines` of a journal, each as `shape`; bounds and raises as `check_document`."""
    checked = []
    for line in lines:
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


def check_shape(shape: TypeAdapter[_Shape], content: object, *, where: str, way_out: str = WAY_OUT) -> _Shape:
    """Return `content` as `shape`; raises StateDamagedError with the first thing that is wrong, and how many are."""
    try:
        return shape.validate_python(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = shorten(".".join(str(step) for step in first["loc"]))
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        raise damage_error(where, encode(f"{path}: {shorten(first['msg'])}")[1:-1] + more, way_out) from error

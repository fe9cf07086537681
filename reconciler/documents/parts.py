"""What several documents hold: targets, states, places in the manifest, files, texts of a list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, NotRequired, TypeAlias, TypeVar

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, with_config
from typing_extensions import TypedDict

from reconciler import files
from reconciler.errors import UsageError
from reconciler.model import lists
from reconciler.model.identifiers import KEY, LIST_ID, LONGEST
from reconciler.model.shards import parse_shard

document = with_config(ConfigDict(strict=True, extra="forbid", use_attribute_docstrings=True))
"""Decorates each part of a document: exactly these properties, exactly these types, described by their docstrings."""

_MOST = 256 * 1024 * 1024  # bytes
_Document = TypeVar("_Document")


def _check_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


def _check_shard(text: str) -> str:
    if not parse_shard(text):
        raise ValueError("must be part I of N")
    return text


Key: TypeAlias = Annotated[str, StringConstraints(pattern=rf"^{KEY.pattern}\z", max_length=LONGEST)]
ListId: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=rf"^{LIST_ID.pattern}\z", max_length=LONGEST),
    Field(examples=["cl-718e888-3aca-4008-973e-6d7994000000"]),
]
Moment: TypeAlias = Annotated[str, AfterValidator(_check_moment), Field(examples=["2026-11-22T10:00:00Z"])]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
ShardPart: TypeAlias = Annotated[
    str, AfterValidator(_check_shard), Field(pattern=r"^[0-9]{1,4}/[0-9]{1,4}\z", examples=["2/5"])
]


@document
class TargetPart(TypedDict):
    """A host, and a stream and an account there."""

    host: Annotated[str, Field(examples=["https://platform.kore.ai"])]
    """The host with its scheme."""
    stream_id: Annotated[str, Field(examples=["st-0603182c-7ffb-53c3-b307-47ca14b00000"])]
    """The stream (app), st-…."""
    account_id: Annotated[str, Field(examples=["67777ce93e25326494e00000"])]
    """The account, 24 hex digits."""


@document
class StatePart(TypedDict):
    """One content of a state."""

    lineage: str
    """The identity of the state through all its serials; empty if there was no state yet."""
    serial: Count
    """How often the state had been written; 0 if there was no state yet."""


@document
class SourcePart(TypedDict):
    """Where a list is declared."""

    file: str
    """The file, relative to the manifest's folder."""
    line: int
    """The line, counted from 1."""


@document
class LastSavePart(TypedDict):
    """Who saved a list last, as reading it alone answers; a hint, since an integration that fills a list saves it."""

    by: str
    """The id of the user."""
    at: str
    """When, as the API answers it; empty if it does not say."""
    since_apply: bool
    """Whether that was after the last apply of the list; true if that is not known."""
    applied_by: NotRequired[str]
    """Who ran that apply, if the state's store says so and no run followed; only if since_apply is false."""


@document
class FilePart(TypedDict):
    """One file of the manifest."""

    path: str
    """The file, relative to the manifest's folder."""
    sha256: str
    """The SHA-256 of its bytes, in hex."""


@document
class ManifestPart(TypedDict):
    """The manifest that was read."""

    files: list[FilePart]
    """Its files: the manifest itself first, then those that it includes."""


@document
class FailedPart(TypedDict):
    """An environment that could not be looked at."""

    name: Key
    """The environment."""
    error: str
    """Why not, in words."""


def read_file(path: Path, what: str = "") -> bytes:
    """Return what the file of a document holds. Raises UsageError, which says `what` it is, such as `the plan `."""
    try:
        return files.read(path, most=_MOST, pipe=True)
    except OSError as error:
        raise UsageError(f"cannot read {what}{path}: {error.strerror}") from error


def parse(content: bytes, path: Path, declared: type[_Document], what: str) -> _Document:
    """Return the document in a file, which is to be `what`. Raises UsageError if it is not as `declared`."""
    try:
        return TypeAdapter(declared).validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{path} is not {what}: {where and where + ': '}{first['msg']}") from error


def target_part(target: lists.Target) -> TargetPart:
    """Return what a document says of a target."""
    return {"host": target.host, "stream_id": target.stream_id, "account_id": target.account_id}


def source_part(source: lists.Source) -> SourcePart:
    """Return what a document says of a place in the manifest."""
    return {"file": source.file, "line": source.line}


def last_save_part(save: lists.LastSave) -> LastSavePart:
    """Return what a document says of a save."""
    made: LastSavePart = {"by": save.by, "at": save.at, "since_apply": save.since_apply}
    if save.applied_by:
        made["applied_by"] = save.applied_by
    return made


def manifest_part(files: Mapping[str, str]) -> ManifestPart:
    """Return what a document says of the manifest, given the SHA-256 of each file by its path."""
    return {"files": [{"path": path, "sha256": sha256} for path, sha256 in files.items()]}


def failed_parts(reasons: Mapping[str, str]) -> list[FailedPart]:
    """Return what a document says of environments that could not be looked at, given the reasons by name."""
    return [{"name": name, "error": error} for name, error in reasons.items()]

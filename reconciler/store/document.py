"""The state document: `<environment>.state.json`, one list a line, so that it can live in git.

Its `checksum` covers all the rest: a document of which a byte was changed is refused, or loads equal where only the
layout was (line ends, indentation). One without a checksum is taken as it stands, so whoever edits or merges a
document by hand takes that line out, and the next write puts it back.

Three keys are there only where they are needed: `fence` and `written` in an object store, where they make each content
unlike any before it and say whose it is; `moved_to` in a state that was given up for another place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

from reconciler.errors import StateDamagedError
from reconciler.model.lists import Applied, KnownList, Target
from reconciler.store.entries import NONE_ALIKE, Alike, understood, written
from reconciler.store.jsontext import WAY_OUT, as_text, damaged, decode, encode, refuse_newer

if TYPE_CHECKING:
    from reconciler.store.shapes import Document

_FAMILY = "reconciler/state"
_LISTS, _END = b'\n "lists": {', b"\n }\n}\n"
_AT_ONCE = 256 * 1024  # bytes
Source: TypeAlias = str | bytes | BinaryIO
_CHECKSUM_LINE = re.compile(r'^ "checksum": "sha256:([0-9a-f]{64})",\n', re.MULTILINE)
_EDITED = 'If it was edited or merged on purpose, take its "checksum" line out: what it says then counts as meant'


@dataclass(frozen=True, slots=True)
class Written:
    """When a document was written (RFC 3339 in UTC), by whom and by which command; `job` is a CI job's URL or ""."""

    at: str
    user: str
    host: str
    command: str
    job: str = ""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an object store keeps in the document beside the state: the fence of its last writer, and who that was."""

    fence: int
    written: Written


def render(applied: Applied, stamp: Stamp | None = None) -> str:
    """Return the document of `applied`; equal states, equally stamped, give equal bytes."""
    head, lists = _head(applied, stamp), _lists(applied)
    return head + _checksum_line(_checksum(head + lists)) + lists


def parse(source: Source, *, where: str, alike: Alike = NONE_ALIKE) -> Applied:
    """Return the state that a document holds; `where` names it in errors.

    Raises StateDamagedError for what this program does not write, StateError for what a newer version wrote.
    """
    return parse_stamped(source, where=where, alike=alike)[0]


def parse_stamped(source: Source, *, where: str, alike: Alike = NONE_ALIKE) -> tuple[Applied, Stamp | None]:
    """Return the state that a document holds, and its stamp where it has one; takes and raises what `parse` does."""
    raw = source.encode(errors="surrogatepass") if isinstance(source, str) else source
    file = BytesIO(raw) if isinstance(raw, bytes) else raw
    # What is wrong with a document is said below, by the closer look, which also knows other layouts.
    with suppress(StateDamagedError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return _as_written(file, where, alike)
    file.seek(0)
    text = source if isinstance(source, str) else as_text(file.read(), where=where)
    from reconciler.store.shapes import check_shape, document_shape  # noqa: PLC0415 - takes longer than most plans

    document = check_shape(document_shape(), _content(text, where), where=where)
    applied, stamp = _said(document, {key: understood(key, entry) for key, entry in document["lists"].items()})
    as_it_stands = _CHECKSUM_LINE.sub("", text, count=1)  # whoever wrote it may have another layout
    sums = (_checksum(as_it_stands), _checksum(_head(applied, stamp) + _lists(applied)))
    if "checksum" in document and document["checksum"] not in sums:
        raise damaged(where, "its content does not match its checksum", f"{WAY_OUT}. {_EDITED}")
    return applied, stamp


def state_schema() -> dict[str, object]:
    """Return the JSON Schema of a state document; `parse` checks more than it can say."""
    from reconciler.store.shapes import document_shape  # noqa: PLC0415 - as above

    return document_shape().json_schema()


def _as_written(file: BinaryIO, where: str, alike: Alike) -> tuple[Applied, Stamp | None]:
    """Return what a document says that is as it was written, byte by byte: it has the shape, and a list a line.

    It is decoded piece by piece: all of it, and what JSON makes of that, takes more room than what is kept.
    Raises ValueError, or what else comes of a document that is written otherwise.
    """
    rest = file.read(_AT_ONCE)
    begin = rest.index(_LISTS) + len(_LISTS)
    head = rest[:begin].decode()
    line = _CHECKSUM_LINE.search(head)
    if line is None:
        raise ValueError("no checksum")
    digest = hashlib.sha256(_CHECKSUM_LINE.sub("", head, count=1).encode() + rest[begin:])
    document, rest = _content(head + "}}", where), rest[begin:]
    lists: dict[str, KnownList] = {}
    while piece := file.read(_AT_ONCE):
        digest.update(piece)
        rest += piece
        end = max(rest.rfind(b",\n"), 0)
        lists.update(_lines(rest[:end], alike))
        rest = rest[end:].removeprefix(b",")
    last = rest.removesuffix(_END)
    lists.update(_lines(last, alike))
    if last == rest or (lists and not last) or digest.hexdigest() != line[1]:
        raise ValueError("another layout, or another checksum")
    return _said(document, lists)


def _lines(raw: bytes, alike: Alike) -> Iterator[tuple[str, KnownList]]:
    """Yield the lists of some lines, by key."""
    for key, entry in json.loads("{" + raw.decode() + "}").items():
        known = understood(key, entry, alike.get(key))
        yield known.key, known


def _content(text: str, where: str) -> Document:
    """Return what is in a document of this format; its shape is not looked at."""
    content = decode(text, where=where)
    found = content.get("format") if isinstance(content, dict) else None
    refuse_newer(found, family=_FAMILY, where=where)
    if found != f"{_FAMILY}/1":
        raise damaged(where, f'its format is not "{_FAMILY}/1"')
    return cast("Document", content)


def _said(document: Document, lists: Mapping[str, KnownList]) -> tuple[Applied, Stamp | None]:
    applied = Applied(
        environment=document["environment"],
        target=Target(**document["target"]),
        lineage=document["lineage"],
        serial=document["serial"],
        lists=lists,
        moved_to=document.get("moved_to", ""),
    )
    written = document.get("written")
    return applied, Stamp(document.get("fence", 0), Written(**written)) if written else None


def _head(applied: Applied, stamp: Stamp | None) -> str:
    origin = {"lineage": applied.lineage, "serial": applied.serial, "environment": applied.environment}
    lines = [f'"format": "{_FAMILY}/1"', encode(origin)[1:-1], f'"target": {encode(asdict(applied.target))}']
    if stamp:
        lines += [f'"fence": {stamp.fence}', f'"written": {encode(asdict(stamp.written))}']
    if applied.moved_to:
        lines.append(f'"moved_to": {encode(applied.moved_to)}')
    return "{" + "".join(f"\n {line}," for line in lines) + "\n"


def _checksum_line(checksum: str) -> str:
    return f' "checksum": {encode(checksum)},\n'


def _lists(applied: Applied) -> str:
    lines = ("\n  " + encode({key: written(applied.lists[key])})[1:-1] for key in sorted(applied.lists))
    return f' "lists": {{{",".join(lines)}\n }}\n}}\n'


def _checksum(document: str) -> str:
    return "sha256:" + hashlib.sha256(document.encode(errors="surrogatepass")).hexdigest()

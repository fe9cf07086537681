"""The journal: `<environment>.journal.jsonl`, what a run recorded since its document was written.

Its first line says what it builds on, each other line what became of one list (null: dropped). Every line ends with a
checksum over itself and all lines before it, so that a changed, lost or moved line is noticed. A last line that was
cut off is what a write leaves that the death of its process or a power cut interrupted: it does not count, nor do NUL
bytes at the end, with which some file systems fill up what a power cut kept from the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast
from zlib import crc32

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from reconciler.documents.state_entries import AnyText, Entry, exactly
from reconciler.model.lists import Applied, KnownList, Target
from reconciler.state import disk
from reconciler.state.entries import read_entry, write_entry
from reconciler.state.jsontext import as_text, damage_error, decode, encode, refuse_markers, refuse_newer
from reconciler.state.shapes import Count, TargetShape, check_lines

_FAMILY = "reconciler/journal"
_HEADER_BEGINS = f'{{"format": "{_FAMILY}/1", '.encode()
_RECORD_BEGINS = b'{"key": "'
_SEAL = b', "sum": "%08x"}'
_SEAL_LENGTH = len(_SEAL % 0)
_HAS_SEAL = re.compile(rb', "sum": "[0-9a-f]{8}"}')
_FORMAT = re.compile(rb'{"format": "(reconciler/journal/[0-9]+)"')
_WAY_OUT = (
    "Nothing was changed. Bring back a whole copy of this file; or move it away: what it recorded is then forgotten, "
    "and `plan --refresh` shows where live differs from the state"
)
_MERGE = (
    "Nothing was changed. Lines of a journal belong together, so they cannot be merged by hand: take one side whole "
    "(git checkout --ours or --theirs), and run reconciler apply: what it reads live shows what the other side did"
)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a journal holds: the state it builds on, without lists, and the last entry of each key recorded since."""

    base: Applied
    entries: Mapping[str, KnownList | None]


def parse(raw: bytes, *, where: str) -> Recorded | None:
    """Return what the journal holds, or None if nothing was recorded; raises as `document.parse`."""
    if begins := _FORMAT.match(raw):
        refuse_newer(begins[1].decode(), family=_FAMILY, where=where)
    refuse_markers(raw.decode(errors="replace"), where=where, way_out=_MERGE)
    lines = _lines(raw, where)
    if not lines:
        return None
    header = check_lines(_header_shape(), lines[:1], where=where)[0]
    base = Applied(header["environment"], Target(**header["target"]), header["lineage"], header["serial"], {})
    entries: dict[str, KnownList | None] = {}
    for record in check_lines(_record_shape(), lines[1:], where=where):
        key, entry = record["key"], record["entry"]
        entries[key] = None if entry is None else read_entry(key, entry)
    return Recorded(base, entries) if entries else None


def render(base: Applied, entries: Mapping[str, KnownList | None]) -> bytes:
    """Return a whole journal: what it builds on, and one record a key."""
    records: list[dict[str, object]] = [
        {"key": key, "entry": None if entry is None else write_entry(entry)} for key, entry in entries.items()
    ]
    return _seal_lines([_header(base), *records], 0)[0]


class Journal:
    """A journal being written; its file is made by the first record, and there must be none before."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None
        self._end = 0
        self._sum = 0
        self._torn = False
        self._synced = 0

    def record(self, base: Applied, key: str, entry: KnownList | None) -> None:
        """Append one record; raises OSError, and the record then does not count."""
        record: dict[str, object] = {"key": key, "entry": None if entry is None else write_entry(entry)}
        lines, total = _seal_lines([record] if self._end else [_header(base), record], self._sum)
        self._append(lines)
        self._end, self._sum = self._end + len(lines), total

    def sync(self) -> None:
        """Make all records durable; raises OSError, and those since it last did may be lost with the power."""
        if self._descriptor is None or self._synced == self._end:
            return
        os.fsync(self._descriptor)
        if not self._synced:
            disk.sync_folder(self._path.parent)
        self._synced = self._end

    def remove(self) -> None:
        """End the journal and remove its file, also one that an earlier run left."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """End the journal; its file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _append(self, lines: bytes) -> None:
        if self._descriptor is None:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
            self._descriptor = os.open(self._path, flags, 0o644)
        if self._torn:
            os.ftruncate(self._descriptor, self._end)
        self._torn = True
        try:
            disk.write(self._descriptor, lines)
        except OSError:
            with suppress(OSError):  # else it is tried again before the next record
                os.ftruncate(self._descriptor, self._end)
            raise
        self._torn = False


@exactly
class _Header(TypedDict):
    format: Literal["reconciler/journal/1"]
    lineage: AnyText
    serial: Count
    environment: AnyText
    target: TargetShape
    sum: AnyText


@exactly
class _Record(TypedDict):
    key: AnyText
    entry: Entry | None
    sum: AnyText


@cache
def _header_shape() -> TypeAdapter[_Header]:
    return TypeAdapter(_Header)


@cache
def _record_shape() -> TypeAdapter[_Record]:
    return TypeAdapter(_Record)


def _header(base: Applied) -> dict[str, object]:
    return {
        "format": f"{_FAMILY}/1",
        "lineage": base.lineage,
        "serial": base.serial,
        "environment": base.environment,
        "target": asdict(base.target),
    }


def _seal_lines(values: list[dict[str, object]], total: int) -> tuple[bytes, int]:
    """Return `values` as lines, and the sum over all lines so far, of which `total` is the one before them."""
    lines: list[bytes] = []
    for value in values:
        body = encode(value)[:-1].encode()
        total = crc32(body, total)
        lines.append(body + _SEAL % total + b"\n")
    return b"".join(lines), total


def _lines(raw: bytes, where: str) -> list[dict[str, object]]:
    """Return what each line holds, a torn last one left out; raises StateDamagedError at the first odd one."""
    *lines, last = raw.rstrip(b"\0").split(b"\n")
    if last and not _is_torn(last, _RECORD_BEGINS if lines else _HEADER_BEGINS):
        lines.append(last)
    total = 0
    for number, line in enumerate(lines, start=1):
        total = crc32(line[:-_SEAL_LENGTH], total)
        if line[-_SEAL_LENGTH:] != _SEAL % total:
            raise damage_error(where, f"line {number} does not match its checksum", _WAY_OUT)
    # A line ends in the brace of its seal, so whatever of it is JSON is an object.
    return [cast("dict[str, object]", decode(as_text(line, where=where), where=where)) for line in lines]


def _is_torn(last: bytes, beginning: bytes) -> bool:
    """Tell whether a last line without its end is the beginning of a line and no more."""
    return (beginning.startswith(last) or last.startswith(beginning)) and not _HAS_SEAL.search(last)

"""Load a manifest: read its file and the included ones, check types, then rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from reconciler.errors import ManifestError
from reconciler.files import read as files_read
from reconciler.manifest import messages
from reconciler.manifest.includes import included_files
from reconciler.manifest.reading import Place, Reading, Value
from reconciler.manifest.resolve import resolve
from reconciler.manifest.schema import NAME, Entry, Head, IncludedFile, ListEntry
from reconciler.manifest.source import SourceText
from reconciler.manifest.targets import environments, stand_ins
from reconciler.manifest.values import Manifest
from reconciler.manifest.yaml_reader import read
from reconciler.model.problems import Problem

MOST_PROBLEMS = 1_000
LARGEST_FILE = 64 * 1024 * 1024  # bytes
PIPE_SECONDS = 10.0
_NAME = re.compile(NAME)
_Checked = TypeVar("_Checked", bound=Entry)


def load(path: Path, drafts: Mapping[str, bytes] | None = None) -> Manifest:
    """Read and check everything. Raises ManifestError with all problems, by file, line and column.

    `drafts` holds unsaved contents by file name, as in `Manifest.files`; they are used instead of what is on disk.
    """
    files: dict[str, str] = {}
    drafts = drafts or {}
    main = _read(path, path.name, files, drafts)
    readings = [main]
    head = None if main.broken else _head(main)
    if head:
        readings += [_read(path, name, files, drafts) for name in included_files(main, head.include, path, drafts)]
    for reading in readings[1:]:
        for key in reading.root.keys() - {"lists"}:
            reading.blame((key,), f"an included file holds only lists: move {key} to {path.name}", at_key=True)
    for reading in readings:
        if not isinstance(reading.root.get("lists", {}), dict):
            _validate(IncludedFile, {"lists": reading.root["lists"]}, reading)
    named = main.root.get("environments")
    lists = resolve(
        _entries(readings), head.environments if head else stand_ins(named if isinstance(named, dict) else ())
    )
    problems = [problem for reading in readings for problem in sorted(reading.problems)]
    if problems or head is None:
        raise ManifestError(first_problems(problems, sum(reading.problems.more for reading in readings)))
    return Manifest(path=path, files=files, state=head.state, environments=environments(head, lists))


def first_problems(problems: list[Problem], unlisted: int = 0) -> list[Problem]:
    """Return the first problems and a count of the rest, to which `unlisted` is added."""
    if len(problems) <= MOST_PROBLEMS:
        return problems
    first = problems[0]
    more = f"{len(problems) - MOST_PROBLEMS + unlisted:,} more problems are not listed: correct these first"
    return [*problems[:MOST_PROBLEMS], Problem(first.file, first.line, first.column, "", more)]


def _read(manifest: Path, name: str, files: dict[str, str], drafts: Mapping[str, bytes]) -> Reading:
    """Read the file `name` of the manifest's folder, and note its hash."""
    path = manifest.parent / name

    def raw() -> bytes:
        held = (
            drafts[name]
            if name in drafts
            else files_read(path, most=LARGEST_FILE, pipe=path == manifest, seconds=PIPE_SECONDS)
        )
        files[name] = hashlib.sha256(held).hexdigest()
        return held

    try:
        return read(str(path), raw(), may_be_empty=name != manifest.name)
    except OSError as error:
        return _unreadable(str(path), error)


def _unreadable(file: str, error: OSError) -> Reading:
    hint = (
        "name the manifest with -f FILE" if isinstance(error, FileNotFoundError) else "see what it is, and its rights"
    )
    reading = Reading(SourceText(file, ""), broken=True)
    reading.problems.append(Problem(file, 1, 1, "", f"cannot be read ({error.strerror}): {hint}"))
    return reading


def _head(main: Reading) -> Head | None:
    """Check everything except the lists. Return None if that has problems."""
    return _validate(Head, {key: value for key, value in main.root.items() if key != "lists"}, main)


def _validate(model: type[_Checked], value: Value, reading: Reading, place: Place = ()) -> _Checked | None:
    """Check the types of the value at `place`. Add problems to the reading and return None if there are any."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        if reading.problems.is_full:
            reading.problems.more += error.error_count()  # to word them is most of the work
            return None
        for fault in messages.faults(error.errors(include_url=False, include_context=False), value, place):
            reading.blame(fault.place, fault.message, at_key=fault.at_key)
        return None


def _entries(readings: list[Reading]) -> Iterator[tuple[Reading, str, int, ListEntry]]:
    """Yield each list whose types are right, with its file, its key and the line of the key."""
    seen: dict[str, Reading] = {}
    for reading in readings:
        for key, value in reading.lists.items():
            place: Place = ("lists", key)
            line, _ = reading.position(place, at_key=True)
            entry = _validate(ListEntry, value, reading, place)
            if not _NAME.fullmatch(key):
                reading.blame(place, messages.bad_name(key), at_key=True)
            if other := seen.get(key):
                first = f"{other.source.file}:{other.position(place, at_key=True)[0]}"
                reading.blame(place, f"is also in {first}: remove or rename one", at_key=True)
            elif entry:
                yield reading, key, line, entry
            seen.setdefault(key, reading)

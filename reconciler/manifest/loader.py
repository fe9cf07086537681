"""From a path to a manifest: the file and those that it includes are read, checked by type, then by rule."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar, cast

from pydantic_core import ValidationError

from reconciler.errors import ManifestError
from reconciler.files import read as files_read
from reconciler.manifest import wording
from reconciler.manifest.desiring import desire
from reconciler.manifest.including import included
from reconciler.manifest.reader import read
from reconciler.manifest.reading import Place, Reading, Value
from reconciler.manifest.settings import Settings, settings, stand_ins
from reconciler.manifest.shape import HEAD, INCLUDED, LISTS, NAME, Head, ListEntry, Shape
from reconciler.manifest.source import SourceText
from reconciler.manifest.values import Environment, Manifest
from reconciler.model.lists import Desired, DesiredList
from reconciler.model.problems import Problem

DEFAULT_STATE = ".reconciler"
MOST_PROBLEMS = 1_000
LARGEST_FILE = 64 * 1024 * 1024  # bytes
PIPE_SECONDS = 10.0
_AT_ONCE = 100
_Checked = TypeVar("_Checked")


def load(path: Path, drafts: Mapping[str, bytes] | None = None) -> Manifest:
    """Read and check everything. Raises ManifestError with all problems, by file, line and column.

    `drafts` holds, by name as in `Manifest.files`, what files are about to hold: it counts instead of what they do.
    """
    files: dict[str, str] = {}
    drafts = drafts or {}
    main = _read(path, path.name, files, drafts)
    readings = [main]
    head = None if main.broken else _head(main)
    if head:
        names = included(main, head.get("include", []), path, drafts)
        readings += [_read(path, name, files, drafts) for name in names]
    for reading in readings[1:]:
        for key in reading.root.keys() - {"lists"}:
            reading.blame((key,), f"an included file holds only lists: move {key} to {path.name}", at_key=True)
    for reading in readings:
        if not isinstance(reading.root.get("lists", {}), dict):
            _check(INCLUDED, {"lists": reading.root["lists"]}, reading)
    named = main.root.get("environments")
    environments = settings(head) if head else stand_ins(named if isinstance(named, dict) else {})
    lists = desire(_entries(readings), environments)
    problems = [problem for reading in readings for problem in sorted(reading.problems)]
    if problems or head is None:
        raise ManifestError(bounded(problems, sum(reading.problems.more for reading in readings)))
    return Manifest(
        path=path,
        files=files,
        state=head.get("state", DEFAULT_STATE),
        environments={name: _environment(name, of, lists[name]) for name, of in environments.items()},
    )


def bounded(problems: list[Problem], unlisted: int = 0) -> list[Problem]:
    """Return the first of many problems, and how many more there are, `unlisted` ones besides."""
    if len(problems) <= MOST_PROBLEMS:
        return problems
    first = problems[0]
    more = f"{len(problems) - MOST_PROBLEMS + unlisted:,} more problems are not listed: correct these first"
    return [*problems[:MOST_PROBLEMS], Problem(first.file, first.line, first.column, "", more)]


def _environment(name: str, of: Settings, lists: Mapping[str, DesiredList]) -> Environment:
    return Environment(
        Desired(name, of.target, lists, of.policy), of.credentials, of.requests_per_minute, of.name_format
    )


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
    """Check all but the lists; None where the environments cannot be relied on."""
    without_lists = {key: value for key, value in main.root.items() if key != "lists"}
    return _check(HEAD, without_lists, main)


def _check(shape: Shape[_Checked], value: dict[str, Value], reading: Reading) -> _Checked | None:
    try:
        return shape.validate_python(value)
    except ValidationError as error:
        for fault in wording.faults(error.errors(include_url=False, include_context=False), value):
            reading.blame(fault.place, fault.message, at_key=fault.at_key)
        return None


def _entries(readings: list[Reading]) -> Iterator[tuple[Reading, str, int, ListEntry]]:
    """Yield each list of the right types, with its file, its key and the line of that."""
    elsewhere: dict[str, Reading] = {}
    for reading in readings:
        yield from _entries_of(reading, elsewhere)
        if reading is not readings[-1]:
            elsewhere.update((key, reading) for key in reading.lists if key not in elsewhere)


def _entries_of(reading: Reading, elsewhere: Mapping[str, Reading]) -> Iterator[tuple[Reading, str, int, ListEntry]]:
    """Yield those of one file; `elsewhere` holds, by key, in which of those before it a list stands."""
    wrong = _wrong_entries(reading)
    for key, entry in reading.lists.items():
        line, _ = reading.position(("lists", key), at_key=True)
        if not NAME.fullmatch(key):
            reading.blame(("lists", key), wording.bad_name(key), at_key=True)
        if key in elsewhere:
            other = elsewhere[key]
            first = f"{other.source.file}:{other.position(('lists', key), at_key=True)[0]}"
            reading.blame(("lists", key), f"stands in {first} too: remove or rename one", at_key=True)
        elif key not in wrong:
            yield reading, key, line, cast(ListEntry, entry)


def _wrong_entries(reading: Reading) -> frozenset[str]:
    """Check the types of a file's lists; return the keys of those that are not right.

    A few are checked at a time, since the errors of a large file take many times its memory.
    """
    keys, entries = list(reading.lists), list(reading.lists.values())
    wrong: set[str] = set()
    for start in range(0, len(keys), _AT_ONCE):
        try:
            LISTS.validate_python(entries[start : start + _AT_ONCE])
        except ValidationError as error:
            wrong.update(
                _blame_lists(error, keys[start : start + _AT_ONCE], entries[start : start + _AT_ONCE], reading)
            )
    return frozenset(wrong)


def _blame_lists(error: ValidationError, keys: list[str], entries: list[Value], reading: Reading) -> Iterator[str]:
    """Add what is wrong with lists to the problems; yield their keys."""
    errors = error.errors(include_url=False, include_context=False)
    yield from (keys[int(wrong["loc"][0])] for wrong in errors)
    if reading.problems.is_full:
        reading.problems.more += len(errors)  # to word them is most of the work
        return
    for fault in wording.faults(errors, entries, ("lists",)):
        place: Place = ("lists", keys[int(fault.place[1])], *fault.place[2:])
        reading.blame(place, fault.message, at_key=fault.at_key)

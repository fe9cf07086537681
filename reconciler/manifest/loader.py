"""Load a manifest: read its file and the included ones, check types, then rules."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from reconciler.errors import ManifestError
from reconciler.files import read as files_read
from reconciler.manifest import messages
from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.includes import included_files
from reconciler.manifest.model_base import Entry
from reconciler.manifest.models import NAME, Head, IncludedFile, ListEntry
from reconciler.manifest.reading import Place, Problems, Reading, TooManyProblemsError, Value, count_values
from reconciler.manifest.resolve import resolve
from reconciler.manifest.source import SourceText
from reconciler.manifest.targets import environments, policies, stand_ins
from reconciler.manifest.values import Manifest
from reconciler.manifest.yaml_reader import read
from reconciler.model.problems import Problem

MOST_VALUES = 50_000
"""Values in one list, or in all else. pydantic keeps an error for each, so their number is bounded before it looks."""
_TOO_MUCH = f"over {MOST_VALUES:,} values, where a few belong: remove what is not meant"
LARGEST_FILE = 64 * 1024 * 1024  # bytes
PIPE_SECONDS = 10.0
_NAME = re.compile(NAME)
_Checked = TypeVar("_Checked", bound=Entry)


def load(path: Path, drafts: Mapping[str, bytes] | None = None) -> Manifest:
    """Read and check everything. Raises ManifestError with all problems, by file, line and column.

    `drafts` holds unsaved contents by file name, as in `Manifest.files`; they are used instead of what is on disk.
    """
    loading = _Loading(path, drafts or {})
    all_found = True
    try:
        if manifest := loading.manifest():
            return manifest
    except TooManyProblemsError:
        all_found = False
    problems = sorted(loading.problems, key=lambda problem: (problem.file != str(path), problem))
    if not all_found:
        problems.append(problems[0]._replace(path="", message="there are more problems: correct these first", code=""))
    raise ManifestError(problems)


@dataclass(frozen=True)
class _Loading:
    """One manifest while it is loaded; `files` gets the hash of each file that is read."""

    path: Path
    drafts: Mapping[str, bytes]
    files: dict[str, str] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)

    def manifest(self) -> Manifest | None:
        """Read and check everything. Return None if there are problems. Raises TooManyProblemsError."""
        main = self._read(self.path.name)
        head = None if main.broken else _head(main)
        readings = [main]
        if head:
            included = included_files(main, head.include, self.path, self.drafts)
            readings += [self._read(name) for name in included]
        for reading in readings[1:]:
            for key in reading.root.keys() - {"lists"}:
                message = f"an included file holds only lists: move {key} to {self.path.name}"
                reading.blame((key,), Flaw(Kind.ONLY_LISTS, message), at_key=True)
        for reading in readings:
            if not isinstance(reading.root.get("lists", {}), dict):
                _validate(IncludedFile, {"lists": reading.root["lists"]}, reading)
        named = main.root.get("environments")
        lists = resolve(
            _entries(readings),
            head.environments if head else stand_ins(named if isinstance(named, dict) else ()),
            policies(head) if head else {},
        )
        if self.problems or head is None:
            return None
        return Manifest(path=self.path, files=self.files, state=head.state, environments=environments(head, lists))

    def _read(self, name: str) -> Reading:
        """Read the file `name` of the manifest's folder, and note its hash."""
        path = self.path.parent / name
        try:
            raw = self.drafts[name] if name in self.drafts else self._raw(path)
        except OSError as error:
            return _unreadable(str(path), error, self.problems)
        self.files[name] = hashlib.sha256(raw).hexdigest()
        return read(str(path), raw, problems=self.problems, may_be_empty=name != self.path.name)

    def _raw(self, path: Path) -> bytes:
        return files_read(path, most=LARGEST_FILE, pipe=path == self.path, seconds=PIPE_SECONDS)


def _unreadable(file: str, error: OSError, problems: Problems) -> Reading:
    if isinstance(error, FileNotFoundError):
        message = (
            f"there is no such file in {Path(file).absolute().parent}: go to the folder of your manifest, "
            "name it with -f FILE, or begin one with `reconciler init`"
        )
    else:
        message = f"cannot be read ({error.strerror}): see what it is, and its rights"
    problems.append(Problem(file, 1, 1, "", message, Kind.NOT_READ))
    return Reading(SourceText(file, ""), problems=problems, broken=True)


def _head(main: Reading) -> Head | None:
    """Check everything except the lists. Return None if that has problems."""
    head: Value = {key: value for key, value in main.root.items() if key != "lists"}
    if count_values(head) > MOST_VALUES:
        main.blame((), Flaw(Kind.TOO_MUCH, f"besides the lists, the file holds {_TOO_MUCH}"))
        return None
    return _validate(Head, head, main)


def _validate(model: type[_Checked], value: Value, reading: Reading, place: Place = ()) -> _Checked | None:
    """Check the types of the value at `place`. Add problems to the reading and return None if there are any."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        for fault in messages.faults(error.errors(include_url=False), value, place):
            reading.blame(fault.place, fault.flaw, at_key=fault.at_key)
        return None


def _entries(readings: list[Reading]) -> Iterator[tuple[Reading, str, int, ListEntry]]:
    """Yield each list whose types are right, with its file, its key and the line of the key."""
    seen: dict[str, Reading] = {}
    for reading in readings:
        lists = reading.lists
        for key, value in lists.items():
            place: Place = ("lists", key)
            line, _ = reading.source.position(lists.key_offsets[key])
            if count_values(value) > MOST_VALUES:
                reading.blame(place, Flaw(Kind.TOO_MUCH, f"holds {_TOO_MUCH}"), at_key=True)
                continue
            entry = _validate(ListEntry, value, reading, place)
            if not _NAME.fullmatch(key):
                reading.blame(place, messages.bad_name(key), at_key=True)
            if other := seen.get(key):
                first = f"{other.source.file}:{other.position(place, at_key=True)[0]}"
                reading.blame(place, Flaw(Kind.LIST_TWICE, f"is also in {first}: remove or rename one"), at_key=True)
            elif entry:
                yield reading, key, line, entry
            seen.setdefault(key, reading)

"""Find the files that `include` names: by globs that are relative and stay inside the manifest's folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.reading import Reading

_MAGIC = frozenset("*?[")
MOST_GLOBS = 1_000
_MOST_FOLDERS = 10_000
_LONGEST_SHOWN = 200  # characters


class TooManyError(Exception):
    """A glob matches in too many folders."""


def included_files(reading: Reading, globs: list[str], path: Path, drafts: Collection[str] = ()) -> Iterator[str]:
    """Yield each file that `globs` match, once, in the order of the globs; paths are relative to the manifest's folder.

    `drafts` names files that may not exist yet. What a glob must not name becomes a problem of `reading`. The manifest
    itself is never among them.
    """
    seen = {path.name}
    for number, glob in enumerate(globs[:MOST_GLOBS]):
        found, message = _files(path.parent, glob, drafts)
        for name in found:
            if not _stays_inside(path.parent, name):
                message = f"{name!r} is a link out of the manifest's folder: put the file itself there"
            elif name not in seen:
                seen.add(name)
                yield name
        if message:
            reading.blame(("include", number), Flaw(Kind.INCLUDE, message))
    if len(globs) > MOST_GLOBS:
        message = f"only {MOST_GLOBS:,} entries are read: let one glob match several files"
        reading.blame(("include", MOST_GLOBS), Flaw(Kind.INCLUDE, message))


def _files(folder: Path, glob: str, drafts: Collection[str]) -> tuple[list[str], str | None]:
    """Return the files that a glob matches, and what is wrong with the glob."""
    if fault := _fault(glob):
        return [], fault
    try:
        found = sorted({*_matches(folder, glob), *_matching_drafts(glob, drafts)})
    except TooManyError:
        return [], f"{_short(glob)} searches more than {_MOST_FOLDERS:,} folders: name the folder that is meant"
    return found, None if found else f"{_short(glob)} matches no file in {folder}: correct it, or remove it"


def _fault(glob: str) -> str | None:
    parts = PurePosixPath(glob).parts
    if glob.startswith(("/", "~")) or ".." in parts or "\\" in glob or "\0" in glob:
        return f"{_short(glob)} leads out of the manifest's folder: write a glob relative to it, as in lists/*.yaml"
    if any("**" in part and part != "**" for part in parts) or parts[-1:] == ("**",):
        return f"{_short(glob)}: ** stands for any folders, alone between slashes: write it as in lists/**/*.yaml"
    return None


def _short(glob: str) -> str:
    return repr(glob if len(glob) <= _LONGEST_SHOWN else f"{glob[:_LONGEST_SHOWN]}…")


def _matches(folder: Path, glob: str) -> Iterator[str]:
    """Yield the files that `glob` names; one without wildcards names itself, whether it exists or not.

    Wildcards stand neither for names that begin with a dot nor for folders that are links. Each folder is looked at
    once for each part of the glob. Raises TooManyError for too many of them.
    """
    parts = PurePosixPath(glob).parts
    if not _MAGIC & set(glob):
        if _is_file(folder / glob):
            yield PurePosixPath(glob).as_posix()
        return
    left = [(PurePosixPath(), 0)]
    seen = set(left)
    for below, at in left:  # grows while it is gone through
        if len(left) > _MOST_FOLDERS:
            raise TooManyError
        paths = [below / entry.name for entry in _entries(folder / below, parts[at], last=at == len(parts) - 1)]
        if at == len(parts) - 1:
            yield from (path.as_posix() for path in paths if _is_file(folder / path))
            continue
        steps = [(path, at if parts[at] == "**" else at + 1) for path in paths]
        steps += [(below, at + 1)] if parts[at] == "**" else []
        left += [step for step in steps if step not in seen]
        seen.update(steps)


def _entries(folder: Path, part: str, *, last: bool) -> list[os.DirEntry[str]]:
    """Return the entries of a folder that match one part of a glob: folders only, unless it is the `last` part.

    A folder that cannot be read has no entries.
    """
    entries: list[os.DirEntry[str]] = []
    with suppress(OSError):  # no rights, or gone meanwhile
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    pattern, links = "*" if part == "**" else part, not _MAGIC & set(part)
    shown = [entry for entry in entries if part.startswith(".") or not entry.name.startswith(".")]
    fit = [entry for entry in shown if fnmatchcase(entry.name, pattern)]
    return fit if last else [entry for entry in fit if _is_folder(entry, links=links)]


def _is_folder(entry: os.DirEntry[str], *, links: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=links)
    except OSError:  # a link that leads to itself
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # no file can have that name
        return False


def _matching_drafts(glob: str, drafts: Collection[str]) -> Iterator[str]:
    """Yield the `drafts` that `glob` will match once they are saved; `**/` matches any number of folders, or none."""
    for draft in map(PurePosixPath, drafts):
        deep = "**/" in glob
        exact = len(draft.parts) == len(PurePosixPath(glob.replace("**/", "")).parts)
        if (draft.match(glob) and (deep or exact)) or (exact and draft.match(glob.replace("**/", ""))):
            yield draft.as_posix()


def _stays_inside(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())

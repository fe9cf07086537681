"""Which files `include` names: globs, relative, and none that leads out of the manifest's folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath

from reconciler.manifest.reading import Place, Reading

_MAGIC = frozenset("*?[")


def included(reading: Reading, globs: list[str], path: Path, drafts: Collection[str] = ()) -> Iterator[str]:
    """Yield, relative to the folder of the manifest at `path` and sorted by glob, each file that `globs` name, once.

    `drafts` names files that may not exist yet. What a glob must not name becomes a problem of `reading`. The manifest
    itself is never among them.
    """
    seen = {path.name}
    for number, glob in enumerate(globs):
        place: Place = ("include", number)
        fault = _fault(glob)
        found = [] if fault else sorted({*_matches(path.parent, glob), *_named(glob, drafts)})
        if not fault and not found:
            fault = f"{glob!r} names no file in {path.parent}: correct it, or remove it"
        for name in found:
            if not _stays(path.parent, name):
                fault = f"{name!r} is a link out of the manifest's folder: put the file itself there"
            elif name not in seen:
                seen.add(name)
                yield name
        if fault:
            reading.blame(place, fault)


def _fault(glob: str) -> str | None:
    parts = PurePosixPath(glob).parts
    if glob.startswith(("/", "~")) or ".." in parts or "\\" in glob or "\0" in glob:
        return f"{glob!r} leads out of the manifest's folder: write a glob relative to it, as in lists/*.yaml"
    return None


def _matches(folder: Path, glob: str) -> Iterator[str]:
    """Yield the files that `glob` names; one without wildcards names itself, whether it exists or not."""
    if not _MAGIC & set(glob):
        if (folder / glob).is_file():
            yield PurePosixPath(glob).as_posix()
        return
    for found in folder.glob(glob):
        if found.is_file():
            yield found.relative_to(folder).as_posix()


def _named(glob: str, drafts: Collection[str]) -> Iterator[str]:
    """Yield those of `drafts` that `glob` will name once they exist; `**/` stands for any folders, or for none."""
    for draft in map(PurePosixPath, drafts):
        deep = "**/" in glob
        exact = len(draft.parts) == len(PurePosixPath(glob.replace("**/", "")).parts)
        if (draft.match(glob) and (deep or exact)) or (exact and draft.match(glob.replace("**/", ""))):
            yield draft.as_posix()


def _stays(folder: Path, name: str) -> bool:
    return (folder / name).resolve().is_relative_to(folder.resolve())

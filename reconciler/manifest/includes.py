"""Which files a manifest includes: globs, relative to its folder and never leading out of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath


class IncludeError(Exception):
    """A glob that cannot be meant; the message is for people."""


def matching(pattern: str, manifest: Path) -> list[PurePosixPath]:
    """Return the files that `pattern` means, relative to the folder of `manifest` and sorted; the manifest is none.

    Raises IncludeError for a pattern that leads, by itself or by a symbolic link, out of that folder, or that
    matches nothing.
    """
    if PurePosixPath(pattern).is_absolute() or ".." in pattern.split("/") or pattern.startswith("~"):
        raise IncludeError("leads out of the manifest's folder: write a glob that is relative to it and has no ..")
    folder = manifest.parent
    home, itself = folder.resolve(), manifest.resolve()
    files = [file for file in _files(pattern, folder) if file.resolve() != itself]
    if not files:
        raise IncludeError("matches no file: correct the glob, or leave it out")
    for file in files:
        if not file.resolve().is_relative_to(home):
            name = file.relative_to(folder).as_posix()
            raise IncludeError(f"{name} is a link that leads out of the manifest's folder: put the file itself there")
    return sorted(PurePosixPath(file.relative_to(folder).as_posix()) for file in files)


def _files(pattern: str, folder: Path) -> Iterator[Path]:
    try:
        yield from (file for file in folder.glob(pattern) if file.is_file())
    except (ValueError, NotImplementedError) as error:
        raise IncludeError(f"is no glob ({error}): write one such as lists/*.yaml") from error

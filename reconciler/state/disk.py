"""Files that survive the death of the process, or of the machine, at any instant."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from reconciler import files
from reconciler.errors import StateError

MOST = 256 * 1024 * 1024  # bytes of a document or a journal; a state of 100,000 lists has a tenth of that


def read(path: Path) -> bytes | None:
    """Return what a file holds, None if there is none; raises StateError if it cannot be read, or is none."""
    try:
        return files.read(path, most=MOST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateError(f"{path}: cannot be read ({reason(error)}). Nothing was changed") from error


def version(path: Path) -> tuple[int, int, int] | None:
    """Return the inode, time and size by which a file is known; None if it cannot be examined."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_ino, seen.st_mtime_ns, seen.st_size


def replace(path: Path, content: bytes, *, aside: Path) -> None:
    """Put `content` in the place of the file at `path`, whole or not at all, and durable on return.

    It is written to `aside`, in the same folder, first. Raises OSError; the file is then as it was.
    """
    prepare(path, content, aside=aside)
    try:
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise
    sync_folder(path.parent)


def prepare(path: Path, content: bytes, *, aside: Path) -> None:
    """Write to `aside` what is to take the place of the file at `path`; durable on return. Raises OSError.

    The permissions of the file stay, and its owner if that is allowed; a new one gets 0644 less the umask.
    """
    remove_aside(aside)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    try:
        try:
            _take_over_access(path, descriptor)
            write(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        with suppress(OSError):
            aside.unlink()
        raise


def remove_aside(aside: Path) -> None:
    """Remove what a write that was cut off left, and whatever else is there unless it is a folder. Raises OSError."""
    if aside.is_dir() and not aside.is_symlink():
        raise IsADirectoryError(errno.EISDIR, f"{aside} is a folder: remove it")
    aside.unlink(missing_ok=True)


def write(descriptor: int, content: bytes) -> None:
    """Write all of `content`, however many calls the system makes of it."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, durable on return."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        sync_folder(folder.parent)


def sync(path: Path) -> None:
    """Make durable a file, if there is one, and that it is there. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder has, if its file system knows how to."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP}:
            raise
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """Return what the system says about an error, without the path."""
    return error.strerror or str(error)


def _take_over_access(path: Path, descriptor: int) -> None:
    with suppress(FileNotFoundError):
        there = path.stat()
        with suppress(PermissionError):
            os.fchown(descriptor, there.st_uid, there.st_gid)
        os.fchmod(descriptor, there.st_mode & 0o777)  # no set-id bits: another's content is no program

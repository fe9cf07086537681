"""One writer at a time: an operating-system lock, which dies with its holder, and a note of who that is.

The lock file stays for ever: a file that could be removed could be locked twice, once under each of its lives.
"""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

from reconciler.errors import LockedError, StateError
from reconciler.protocols import LockInfo
from reconciler.state.disk import reason
from reconciler.state.jsontext import encode

_LONGEST_NOTE = 100_000
_NOTE_BEGINS = b'{"pid": '
_LOOKERS = 3
_INSTANT = 0.01  # seconds


@contextmanager
def hold_lock(path: Path, holder: LockInfo) -> Iterator[Callable[[], None]]:
    """Hold the lock on the file at `path` while the context lasts; yield a check that it was not removed.

    Raises LockedError, naming the holder, where somebody has it; StateError where there is no locking.
    """
    try:
        _check(path)
        # Child processes do not inherit the descriptor (PEP 446). The umask alone says who else may lock.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        raise StateError(
            f"{path}: cannot be locked ({reason(error)}). Nothing was changed. "
            "Writing the state needs the right to write to this file and to its folder"
        ) from error
    try:
        _check_kind(path, os.fstat(descriptor).st_mode)
        _acquire(descriptor, path, holder)
        _check_ours(path, descriptor)
        with suppress(OSError):  # on a full disk the lock holds all the same, only without a name
            _leave_note(descriptor, encode(asdict(holder)))
        try:
            yield partial(_check_there, path, os.fstat(descriptor))
        finally:
            with suppress(OSError):
                _leave_note(descriptor, "")
    finally:
        os.close(descriptor)


def describe_writer(path: Path, asking: LockInfo) -> str | None:
    """Say who holds the lock on the file at `path`; None if it is free. Takes no lock that a writer would meet.

    Raises StateError where what is there can be no lock.

    A note that a dead holder left is recognised by a shared lock, held for an instant and only where there is a note.
    """
    try:
        import fcntl  # noqa: PLC0415 - not on every system; where it is not, no lock can be held

        _check(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (ImportError, OSError):
        return None
    note = b""
    try:
        note = os.pread(descriptor, _LONGEST_NOTE, 0)
        if note:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _refusal(path, note, asking)[0]
    except OSError:  # a file system without locks: no lock can be held
        return None
    finally:
        os.close(descriptor)
    return None


def _check(path: Path) -> None:
    """Raise StateError where there is something that is no regular file: opening it could block, or do something."""
    try:
        _check_kind(path, path.lstat().st_mode)
    except FileNotFoundError:
        return


def _check_kind(path: Path, kind: int) -> None:
    if not stat.S_ISREG(kind):
        what = "a symbolic link" if stat.S_ISLNK(kind) else "a folder" if stat.S_ISDIR(kind) else "a pipe or a device"
        raise StateError(f"{path}: cannot be locked: it is {what}, not a regular file. Nothing was changed. Remove it")


def _check_ours(path: Path, descriptor: int) -> None:
    """Raise StateError where the note of who holds the lock would be written over what somebody else keeps."""
    if os.fstat(descriptor).st_nlink > 1:
        raise StateError(
            f"{path}: cannot be locked: that file has another name, too (a hard link), and would change there. "
            "Nothing was changed. Make sure that no run is under way, then remove this name of it: the next run makes "
            "a new file"
        )
    held = os.pread(descriptor, _LONGEST_NOTE + 1, 0)
    if len(held) > _LONGEST_NOTE or not (held.startswith(_NOTE_BEGINS) or _NOTE_BEGINS.startswith(held)):
        raise StateError(
            f"{path}: cannot be locked: what it holds is not from this program, and would be lost. Nothing was "
            "changed. Move it away, or name another folder under state: in the manifest"
        )


def _acquire(descriptor: int, path: Path, holder: LockInfo) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on every system; on those, reading a state works
    except ImportError as error:
        raise StateError(
            f"{path}: writing the state is not supported on this system, only on Linux and macOS. Nothing was changed"
        ) from error
    try:
        _retry_a_few_times(lambda: fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError as error:
        raise LockedError(*_refusal(path, os.pread(descriptor, _LONGEST_NOTE, 0), holder)) from error
    except OSError as error:
        raise StateError(
            f"{path}: its file system cannot lock files ({reason(error)}), so two runs could write at once. "
            "Nothing was changed. Keep the state on a local disk"
        ) from error


def _retry_a_few_times(lock: Callable[[], None]) -> None:
    """Try a few times: whoever only looks (`describe_writer`) has the lock for an instant."""
    for _ in range(_LOOKERS):
        try:
            lock()
        except BlockingIOError:
            time.sleep(_INSTANT)
        else:
            return
    lock()


def _check_there(path: Path, mine: os.stat_result) -> None:
    """Raise LockedError where the lock file is another by now, which somebody else may have locked."""
    with suppress(OSError):
        there = path.lstat()
        if (there.st_dev, there.st_ino) == (mine.st_dev, mine.st_ino):
            return
    raise LockedError(
        f"{path}: somebody removed the lock of this run, so another may write by now. Run again: the next run finds "
        "out what this one did"
    )


def _leave_note(descriptor: int, note: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, note.encode(), 0)


def _refusal(path: Path, note: bytes, asking: LockInfo) -> tuple[str, str]:
    """Return what to say of the one who left a note, and the command that it names."""
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - slow to import, and few locks are held

    try:
        holder = TypeAdapter(LockInfo).validate_json(note, strict=True)
    except ValidationError:
        who, command = "a run that left no note of its name", ""
    else:
        who, command = describe(holder, asking.since), holder.command
    said = (
        f"{path}: locked by {who}. Nothing was changed. Wait until that run has ended, or end it, then try again; "
        "there is nothing to clean up, the lock goes with its process"
    )
    return said, command


def describe(holder: LockInfo, now: str) -> str:
    """Say who holds a lock, since when, and how long ago that is at `now` (RFC 3339)."""
    return (
        f"process {holder.pid} on host {encode(holder.host)}, user {encode(holder.user)}, since "
        f"{encode(holder.since)[1:-1]}{_time_since(holder.since, now)}, command {encode(holder.command)}"
    ) + (f", CI job {encode(holder.job)[1:-1]}" if holder.job else "")


def _time_since(since: str, now: str) -> str:
    try:
        seconds = round((datetime.fromisoformat(now) - datetime.fromisoformat(since)).total_seconds())
    except (ValueError, TypeError):
        return ""
    if seconds < 0:
        return ""
    return f" ({seconds} s ago)" if seconds < 120 else f" ({seconds // 60} min ago)"

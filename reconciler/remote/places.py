"""The places in the rate limit that other commands on this machine hold, in a small file in the cache folder.

A courtesy between commands, never a truth: a file that is lost, damaged, locked, unwritable or from another time is as
good as none. It holds times only; which account it is for is hashed into its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, FiniteFloat, ValidationError

from reconciler.errors import StoppedError
from reconciler.protocols import Clock

_LARGEST = 64 * 1024
_TRIES = 20
_PAUSE = 0.01
Stamp: TypeAlias = tuple[int, int, int]
_CAN_LOCK = find_spec("fcntl") is not None


class Places(BaseModel):
    """Wall-clock seconds: of each request, with the run that sent it, when it was answered (or sent, while it is open).

    `held_until` is when a rate-limit answer lets requests go again.
    """

    format: Literal["reconciler/places/1"] = "reconciler/places/1"
    requests: list[tuple[str, FiniteFloat]] = []
    held_until: FiniteFloat = 0.0


class SharedPlaces:
    """The file while it is open and locked; without a file, nothing that is read or kept."""

    def __init__(self, file: int | None) -> None:
        self._file = file
        self._length = 0

    @property
    def is_open(self) -> bool:
        """Whether there is a file, and the lock on it was had."""
        return self._file is not None

    def read(self) -> Places:
        """Return what other commands noted, or nothing."""
        if self._file is None:
            return Places()
        try:
            raw = os.pread(self._file, _LARGEST, 0)
            self._length = len(raw)
            return Places.model_validate_json(raw)
        except (OSError, ValidationError):
            return Places()

    def write(self, places: Places) -> None:
        """Note `places` for other commands, as far as that works; over the longer text that was read."""
        if self._file is not None:
            with suppress(OSError):
                os.pwrite(self._file, places.model_dump_json().encode().ljust(self._length), 0)


def stamped(path: Path | None) -> Stamp | None:
    """Return what tells one writing of the file from the next, as finely as the file system keeps time."""
    try:
        found = None if path is None else path.stat()
    except (OSError, ValueError):
        return None
    return found and (found.st_ino, found.st_size, found.st_mtime_ns)


def path_of(folder: Path, host: str, account_id: str) -> Path:
    """Return the file of an account in `folder`."""
    digest = hashlib.sha256(f"{host.lower()} {account_id}".encode()).hexdigest()
    return folder / f"{digest[:32]}.places.json"


@contextmanager
def opened(path: Path | None, clock: Clock) -> Iterator[SharedPlaces]:
    """Open and lock the file of `path` for a moment; where that does not work, or there is none, do without."""
    file = _open(path) if path is not None and _CAN_LOCK else None
    try:
        yield SharedPlaces(file if file is not None and _locked(file, clock) else None)
    finally:
        if file is not None:
            os.close(file)


def _open(path: Path) -> int | None:
    # Not blocking, not following: whatever may lie there, opening it does no harm.
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW
    try:
        try:
            return os.open(path, flags, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(path, flags, 0o600)
    except (OSError, ValueError):
        return None


def _locked(file: int, clock: Clock) -> bool:
    """Tell whether the lock was had; it goes with the closing of `file`."""
    from fcntl import LOCK_EX, LOCK_NB, flock  # noqa: PLC0415  # the commands that only read run without it too

    for _ in range(_TRIES):
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            try:
                clock.sleep(_PAUSE)
            except StoppedError:  # must not take the place of an answer that has come
                return False
        except OSError:
            return False
        else:
            return True
    return False

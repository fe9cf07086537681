"""The places in the rate limit that other commands on this machine hold, in a small file in the cache folder.

A courtesy between commands, never a truth: a file that is lost, damaged, locked, unwritable or from before the machine
was started is as good as none. It holds times only, by the clock that all processes of a machine share and nobody sets;
which account it is for is hashed into its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Literal, NamedTuple, Self, TypeAlias

from pydantic import BaseModel, FiniteFloat, ValidationError
from pydantic_core import to_json

from reconciler.errors import StoppedError
from reconciler.protocols import Clock

_FORMAT: Final = "reconciler/places/2"
_LARGEST = 64 * 1024
_MOST = 1000
_TRIES = 20
_PAUSE = 0.01
_Stamp: TypeAlias = tuple[int, int, int]
_CAN_LOCK = find_spec("fcntl") is not None


class Places(NamedTuple):
    """Seconds of `Clock.monotonic`: of each request, with the run that sent it, when it was, or will be, answered.

    `held_until` is when a rate-limit answer lets requests go again.
    """

    requests: Sequence[tuple[str, float]] = ()
    held_until: float = 0.0


class _Document(BaseModel):
    format: Literal["reconciler/places/2"] = _FORMAT
    boot: str
    requests: list[tuple[str, FiniteFloat]] = []
    held_until: FiniteFloat = 0.0


_NONE = Places()


class SharedPlaces:
    """The file of one account, as `run` has it in common with others; without one, nothing that is read or kept.

    It is open, and locked, within this context only.
    """

    def __init__(self, path: Path | None, clock: Clock, run: str) -> None:
        """Share by the file of `path`; with None, by nothing."""
        self._path = path if _CAN_LOCK else None
        self._clock = clock
        self._run = run
        self._file: int | None = None
        self._stamp: _Stamp | None = None
        self._raw: bytes | None = None
        self._places = _NONE

    def __enter__(self) -> Self:
        """Open and lock the file; where that does not work, do without."""
        file = None if self._path is None else _open(self._path)
        if file is not None and not _locked(file, self._clock):
            os.close(file)
            file = None
        self._file = file
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def is_open(self) -> bool:
        """Whether there is a file, and the lock on it was had."""
        return self._file is not None

    def read(self) -> Places:
        """Return what others noted, or nothing."""
        if self._file is None:
            return _NONE
        try:
            raw = os.pread(self._file, _LARGEST, 0)
        except OSError:
            return _NONE
        if raw != self._raw:
            self._raw, self._places = raw, self._understood(raw)
        return self._places

    def write(self, others: Places, own: list[float]) -> None:
        """Note for others what they noted, and own places, as far as that works; over the longer text that was read."""
        if self._file is not None:
            requests = [*others.requests, *((self._run, at) for at in own)][-_MOST:]
            noted = {"format": _FORMAT, "boot": boot(), "requests": requests, "held_until": others.held_until}
            raw, self._raw = to_json(noted).ljust(len(self._raw or b"")), None
            with suppress(OSError):
                os.pwrite(self._file, raw, 0)
                self._raw, self._places = raw, others
                self._stamp = _stamp(os.fstat(self._file))

    def glimpse(self) -> Places:
        """Return what others noted; the file is opened only where it was written since this was last asked."""
        try:
            stamp = None if self._path is None else _stamp(self._path.stat())
        except (OSError, ValueError):
            stamp = None
        if stamp is not None and stamp == self._stamp:
            return self._places
        with self:
            self._stamp = stamp if self.is_open else None
            return self.read()

    def _understood(self, raw: bytes) -> Places:
        try:
            found = _Document.model_validate_json(raw)
        except ValidationError:
            return _NONE
        if found.boot != boot():
            return _NONE
        return Places([(run, at) for run, at in found.requests if run != self._run], found.held_until)


@cache
def boot() -> str:
    """Return which start of the machine this is; "" where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _stamp(found: os.stat_result) -> _Stamp:
    """Return what tells one writing of a file from the next, as finely as the file system keeps time."""
    return found.st_ino, found.st_size, found.st_mtime_ns


def path_of(folder: Path, host: str, account_id: str) -> Path:
    """Return the file of an account in `folder`."""
    digest = hashlib.sha256(f"{host.lower()} {account_id}".encode()).hexdigest()
    return folder / f"{digest[:32]}.places.json"


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

"""Files that a command writes where the user says: `--out`, `--undo-out`, `--report FORMAT=FILE`, GitHub's summary.

    -, /dev/stdout          stdout: one document, or reports
    a device or a pipe      is written to, never removed or replaced
    a file, or none yet     is written aside, in the same folder, and takes its place; its access rights stay
    a symbolic link         is refused: a checkout of somebody else's may hold one that leads out of it

Nothing that the command reads is ever written over, under whatever name: that is compared by where links lead and by
what file it is. All of it is checked before anything is sent.
"""

from __future__ import annotations

import argparse
import errno
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select
from typing import TYPE_CHECKING, TypeAlias
from uuid import uuid4

from reconciler.cli.output import say_as_it_is, warn
from reconciler.errors import ReconcilerError, UsageError

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen

_STDOUTS = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")
_NUMBERED = ("/dev/fd/", "/proc/self/fd/")
_NAMED = {"/dev/stderr": 2, "/dev/stdin": 0}
_SYSTEMS = ("/dev/", "/proc/")
_PRECIOUS = (".yaml", ".yml", ".state.json", ".journal.jsonl", ".lock")
_STAYING = {"prometheus"}  # says when it was made, and a collector may read it at any time
_PATIENCE = 30.0  # seconds that a reader of a pipe may take for each piece
_PAUSE = 0.05
Identity: TypeAlias = tuple[str, str] | tuple[str, int, int]


def is_stdout(path: Path | str) -> bool:
    """Tell whether an output goes to stdout, by whichever name."""
    return str(path) in _STDOUTS


def job_summary() -> str:
    """Return the file to which a job of GitHub adds its summary; "" outside of one."""
    return os.environ.get("GITHUB_STEP_SUMMARY", "")


def step_outputs() -> str:
    """Return the file to which a step of GitHub adds its outputs; "" outside of one."""
    return os.environ.get("GITHUB_OUTPUT", "")


def path_in_repository(file: str) -> str:
    """Return the path of a file in the git repository around it, whatever the working folder; else its name."""
    path = Path(os.path.realpath(Path(file).parent), Path(file).name)
    for root in path.parents:
        if (root / ".git").exists():
            return path.relative_to(root).as_posix()
    return file


class Outputs:
    """What a command writes where the user says; made before it reads anything."""

    def __init__(self, options: argparse.Namespace) -> None:
        """Check what can be checked at once; raises UsageError."""
        self._modes: dict[str, int] = {}
        reports = getattr(options, "report", [])
        self._reports = [wanted.path for wanted in reports]
        self._passing = [wanted.path for wanted in reports if wanted.format not in _STAYING]
        plans = [str(path) for name in ("out", "undo_out", "suggest") if (path := getattr(options, name, None))]
        _check_stdout(plans, self._reports, json=options.json)
        for path in (*plans, *self._reports):
            _check_no_link(path)
        self._files = [path for path in (*plans, *self._reports) if not _is_stream(path)]
        appended = {"GITHUB_STEP_SUMMARY": job_summary(), "GITHUB_OUTPUT": step_outputs()}
        self._appended = {name: path for name, path in appended.items() if "report" in options and path}
        _check_distinct(self._files)
        read = (path for name in ("file", "plan") if (path := getattr(options, name, None)))
        self.spare([*read, *(Path(value) for name, value in os.environ.items() if name.endswith("_FILE") and value)])
        for path in self._files:
            _check_writable(Path(path))

    @contextmanager
    def reading(self, manifest: Path) -> Iterator[None]:
        """If what is read meanwhile cannot be, earlier reports go too, but for what may be a part of the manifest."""
        try:
            yield
        except ReconcilerError:
            folder = Path(os.path.realpath(manifest.parent))
            for path in self._existing_reports():
                if path.is_relative_to(folder) and b"lists" in path.read_bytes():
                    warn(f"{path} is not written, and may be of an earlier run")
                else:
                    self._remove(path)
            raise

    def settle(self, chosen: Chosen) -> None:
        """Check that nothing is written over what is read of the manifest and the state; earlier reports go."""
        folder = chosen.manifest.path.parent
        self.spare(folder / name for name in chosen.manifest.files)
        self.spare(path for workspace in chosen.workspaces for path in workspace.store.paths)
        for path in self._existing_reports():
            self._remove(path)

    def write(self, path: Path | str, document: str) -> None:
        """Write a document to one of them. Raises UsageError if that cannot be."""
        name = str(path)
        if is_stdout(path):
            say_as_it_is(document)
            return
        try:
            if _is_stream(name):
                _write_stream(name, document.encode(errors="backslashreplace"))
            else:
                self._replace(Path(name), document.encode(errors="backslashreplace"))
        except OSError as error:
            raise UsageError(f"cannot write {name}: {error.strerror}") from error

    def spare(self, read: Iterable[Path]) -> None:
        """Raise UsageError if an output is one of the files that are read."""
        named = [(path, path) for path in self._files]
        named += [(path, f"{name}={path}") for name, path in self._appended.items()]
        wanted = {identity: name for path, name in named for identity in _identities(path)}
        for each in read:
            for identity in _identities(str(each)):
                if identity in wanted:
                    name = wanted[identity]
                    also = "" if name == str(each) else f" ({each})"
                    raise UsageError(f"{name} is a file that this command reads{also}: name another file")

    def _existing_reports(self) -> list[Path]:
        paths = [Path(path) for path in self._passing if path in self._files]
        return [path for path in paths if path.is_file() and not path.is_symlink()]

    def _remove(self, path: Path) -> None:
        self._modes[str(path)] = path.stat().st_mode & 0o777
        path.unlink()

    def _replace(self, path: Path, content: bytes) -> None:
        mode = self._modes.get(str(path))
        with suppress(FileNotFoundError):
            mode = path.stat().st_mode & 0o777  # no set-id bits: another's content is no program
        aside = _aside(path)
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o666)
        try:
            with open(descriptor, "wb") as file:  # noqa: PTH123  # a descriptor
                file.write(content)
                if mode is not None:
                    os.fchmod(descriptor, mode)
            aside.replace(path)
        except OSError:
            with suppress(OSError):
                aside.unlink()
            raise


def _check_stdout(plans: list[str], reports: list[str], *, json: bool) -> None:
    """Let stdout take one document, or any number of reports."""
    documents = ["--json"] if json else []
    documents += [path for path in plans if is_stdout(path)]
    taken = documents + [f"a report to {path}" for path in reports if is_stdout(path)]
    if documents and len(taken) > 1:
        raise UsageError(f"{taken[0]} and {taken[1]} would both go to stdout: name a file")


def _check_no_link(path: str) -> None:
    """Raise UsageError if an output is a symbolic link; those of the system, such as /dev/stdout, are none here."""
    if not _system_name(path) and os.path.islink(path):  # noqa: PTH114  # a name that can be no file is none
        raise UsageError(f"{path} is a symbolic link, to {os.readlink(path)}: name the file itself")  # noqa: PTH115


def _check_distinct(paths: list[str]) -> None:
    seen: dict[Identity, str] = {}
    for path in paths:
        for identity in _identities(path):
            if identity in seen:
                other = "" if seen[identity] == path else f" ({seen[identity]})"
                raise UsageError(f"{path} is named twice{other}: give each output a file of its own")
        seen.update(dict.fromkeys(_identities(path), path))


def _check_writable(path: Path) -> None:
    """Make sure, before anything is done, that what is to be written at the end can be. Raises UsageError."""
    if path.name.lower().endswith(_PRECIOUS) and path.exists():
        raise UsageError(f"{path} is there, and by its name a manifest or part of a state: name another file")
    try:
        if number := _obstacle(path):
            raise OSError(number, os.strerror(number))  # noqa: TRY301  as the system says it
        aside = _aside(path)
        os.close(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        aside.unlink()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "no file can have that name"
        raise UsageError(f"cannot write {path}: {reason}") from error


def _obstacle(path: Path) -> int:
    """Return the number of the error that stands in the way of a file there, 0 if there is none yet."""
    if path.is_dir():
        return errno.EISDIR
    return errno.EACCES if path.exists() and not os.access(path, os.W_OK) else 0


def _aside(path: Path) -> Path:
    return path.with_name(f".{uuid4().hex[:12]}.new")


def _identities(path: str) -> Iterator[Identity]:
    """Yield the identities of a file, existing or not, so that two names of one file can be matched."""
    yield "path", os.path.realpath(path)
    with suppress(OSError, ValueError):
        status = os.stat(path)  # noqa: PTH116
        if stat.S_ISREG(status.st_mode):
            yield "file", status.st_dev, status.st_ino


def _is_stream(path: str) -> bool:
    """Tell whether a path is stdout, or leads to what the system has no file for."""
    if path in _STDOUTS or _system_name(path):
        return True
    try:
        kind = os.stat(path).st_mode  # noqa: PTH116
    except (OSError, ValueError):
        return False
    return not (stat.S_ISREG(kind) or stat.S_ISDIR(kind))


def _system_name(path: str) -> str:
    """Return the name below /dev or /proc that a path is, "" if it is elsewhere.

    A link there may end at a file, as /dev/stderr does if that is redirected: it is to be written on, not replaced.
    """
    name = os.path.join(os.path.realpath(os.path.dirname(path) or "."), os.path.basename(path))  # noqa: PTH118, PTH119, PTH120
    return next((each for each in (os.path.abspath(path), name) if each.startswith(_SYSTEMS)), "")  # noqa: PTH100


def _write_stream(path: str, content: bytes) -> None:
    descriptor = _open_stream(_system_name(path) or path)
    try:
        rest = memoryview(content)
        while rest:
            if not select([], [descriptor], [], _PATIENCE)[1]:
                raise TimeoutError(errno.ETIMEDOUT, "nothing reads it")
            with suppress(BlockingIOError):
                rest = rest[os.write(descriptor, rest[:4096]) :]
    finally:
        os.close(descriptor)


def _open_stream(path: str) -> int:
    """Open a stream to write on it; one that this process has already is used as it is."""
    number = path.rpartition("/")[2]
    if path in _NAMED:
        return os.dup(_NAMED[path])
    if path.startswith(_NUMBERED) and number.isdecimal():
        return os.dup(int(number))
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except OSError as error:
            if error.errno != errno.ENXIO or not stat.S_ISFIFO(os.stat(path).st_mode):  # noqa: PTH116
                raise
            if time.monotonic() > until:
                raise TimeoutError(errno.ETIMEDOUT, "nothing reads it") from error
            time.sleep(_PAUSE)

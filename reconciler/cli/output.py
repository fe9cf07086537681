"""Where output goes, and what becomes of it if it cannot be written: the only place that writes to stdout and stderr.

    stdout   what people or machines read of a command. It is written as far as it goes without waiting, and the rest
             when all else is done (`ended`): a reader that never reads holds up no run
    stderr   messages and progress. What nothing takes within a second is dropped

A stream that fails (its reader has gone, the disk is full, it is closed) is written to no more, and raises nothing.
Colour goes only to terminals.
"""

from __future__ import annotations

import errno
import io
import os
import select
import stat
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from reconciler.errors import OutputError
from reconciler.report.escape import json_document, log, terminal

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from typing_extensions import Buffer

    from reconciler.report.view.view import View

_PATIENCE = 1.0  # seconds to wait for a reader that is slow, once: afterwards none until it reads again
_PAUSE = 0.01
_MOST_LISTS = 50
_PIECE = 512  # bytes that a pipe takes at once or not at all, by POSIX
_LEFT_OUT = b"(some messages were left out, since nothing read them)\n"


class _Outlet(io.BufferedIOBase):
    """A file descriptor that takes bytes without raising; `failure` is what ended it, None while it works."""

    def __init__(self, descriptor: int, *, closed: bool) -> None:
        self.failure: OSError | None = None
        self._descriptor = descriptor
        self._closed = closed
        self._waiting = bytearray()
        self._stalled = False
        self._is_file = stat.S_ISREG(os.fstat(descriptor).st_mode)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        return not self._closed and os.isatty(self._descriptor)

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, content: Buffer) -> int:
        """Take `content`, and write what goes without waiting for long."""
        taken = bytes(content)
        if self._closed and taken:
            self.failure = OSError(errno.EBADF, "it is closed")
        if self.failure is None:
            self._waiting += taken
            self._drain(0.0 if self._stalled else _PATIENCE)
            self._stalled = bool(self._waiting)
        return len(taken)

    def is_stalled(self) -> bool:
        """Tell whether something still waits for its reader."""
        return bool(self._waiting)

    def finish(self) -> None:
        """Write what still waits, however long its reader takes."""
        self._drain(None)

    def _drain(self, patience: float | None) -> None:
        """Write while the reader takes it; None waits for ever."""
        try:
            while self._waiting and select.select([], [self._descriptor], [], patience)[1]:
                try:
                    written = os.write(self._descriptor, self._waiting if self._is_file else self._waiting[:_PIECE])
                except BlockingIOError:  # whoever shares the descriptor made it so, and fills it too
                    if patience is not None:
                        return
                    time.sleep(_PAUSE)
                    continue
                del self._waiting[:written]
        except OSError as error:
            self.failure = error
            self._waiting.clear()


class _Messages(_Outlet):
    """An outlet that drops what nothing takes, and says so once it is read again."""

    def write(self, content: Buffer) -> int:
        """Write `content` if it goes without waiting for long."""
        if self._stalled:
            self._drain(0.0)
            if self._waiting:
                return len(bytes(content))
            self._waiting += _LEFT_OUT
        return super().write(content)

    def finish(self) -> None:
        """Drop what still waits."""
        self._waiting.clear()


def take_over() -> None:
    """Make stdout and stderr of this process such as never raise; what is closed stays so, and no file takes its place.

    A descriptor from 0 to 2 that is closed would be given to the next file that is opened, and what others print there,
    git for one, would be written into it.
    """
    closed = [descriptor for descriptor in range(3) if not _is_open(descriptor)]
    for descriptor, name, outlet in ((1, "stdout", _Outlet), (2, "stderr", _Messages)):
        before = getattr(sys, name)
        binary = outlet(descriptor, closed=descriptor in closed)
        encoding = getattr(before, "encoding", None) or "utf-8"
        # A terminal that knows no arrows still shows the rest.
        text = io.TextIOWrapper(
            cast("BinaryIO", binary), encoding=encoding, errors="backslashreplace", write_through=True
        )
        setattr(sys, name, text)


def _is_open(descriptor: int) -> bool:
    """Tell whether a descriptor is open; one that is not leads nowhere from now on."""
    try:
        os.fstat(descriptor)
    except OSError:
        os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        return False
    return True


def finish(code: int, *, product: bool) -> int:
    """Write what still waits, and return the exit code.

    It is `code` if stdout was written, or if its reader went before the end: it has what it wanted. Otherwise it is 1
    if what is printed was all that the command is for (its `product`), and `code` if that says what was done.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and isinstance(stream.buffer, _Outlet):
            stream.flush()
            stream.buffer.finish()
    failure = _failure(sys.stdout)
    if failure is None or failure.errno == errno.EPIPE:
        return code
    if product:
        note(f"error: {OutputError(f'stdout could not be written ({failure.strerror})').coded}")
        return 1 if code in {0, 2} else code
    note(f"warning: stdout could not be written ({failure.strerror}); the exit code says what was done")
    return code


def _failure(stream: TextIO) -> OSError | None:
    outlet = getattr(stream, "buffer", None)
    return outlet.failure if isinstance(outlet, _Outlet) else None


def say(text: str) -> None:
    """Print to stdout, for people; no line of it is a command to a CI system."""
    sys.stdout.write(log(text if text.endswith("\n") else text + "\n"))


def say_document(document: str) -> None:
    """Print to stdout a JSON document for machines: UTF-8, whatever the locale; harmless, and with the same meaning."""
    say_as_it_is(json_document(document))


def say_json(document: Mapping[str, object]) -> None:
    """Print to stdout a document for machines as JSON."""
    from reconciler.report import json

    say_document(json.render(document))


def say_view(view: View, options: argparse.Namespace) -> None:
    """Print to stdout, for people, what was planned or found."""
    from reconciler.report.text import lines

    most = _MOST_LISTS if sys.stdout.isatty() else None  # of a kind, of each environment
    say(lines.render(view, colour=uses_colour(sys.stdout, options), width=width(), most=most))


def say_as_it_is(made: str) -> None:
    """Print to stdout, in UTF-8, what was made inert, or is this program's own and may act: reports, completions."""
    text = made if made.endswith("\n") else made + "\n"
    outlet = getattr(sys.stdout, "buffer", None)
    if outlet is None:
        sys.stdout.write(text)
    else:
        sys.stdout.flush()
        outlet.write(text.encode(errors="backslashreplace"))


def note(text: str) -> None:
    """Print to stderr: progress, warnings, what machines need not read; no line is a command to a CI system."""
    sys.stderr.write(log(text if text.endswith("\n") else text + "\n"))
    sys.stderr.flush()


def ask(question: str, *, documents: bool) -> str:
    """Show a question where the person at the terminal sees it; return why it cannot be shown, "" if it is.

    It goes to stdout, or to stderr where stdout is no terminal and stderr is, or where stdout is for `documents`.
    """
    elsewhere = documents or (not sys.stdout.isatty() and sys.stderr.isatty())
    name, stream = ("stderr", sys.stderr) if elsewhere else ("stdout", sys.stdout)
    stream.write(log(question))
    stream.flush()
    if failure := _failure(stream):
        return f"{name} could not be written ({failure.strerror})"
    outlet = getattr(stream, "buffer", None)
    return f"nothing reads {name}" if isinstance(outlet, _Outlet) and outlet.is_stalled() else ""


def last_words(text: str) -> None:
    """Print to stderr from where nothing may wait or fail, such as a signal's handler."""
    with suppress(OSError, ValueError):
        if select.select([], [2], [], 0.0)[1]:
            os.write(2, text.encode()[:_PIECE])


def complain(*lines: str, error: Exception | None = None) -> None:
    """Print to stderr what went wrong, with what was noted on the `error`: lines in which nothing acts or breaks."""
    note("\n".join(map(terminal, [*lines, *getattr(error, "__notes__", ())])))


def warn(words: str) -> None:
    """Print a warning to stderr: one line, in which nothing acts."""
    note(terminal(f"warning: {words}"))


def uses_colour(stream: TextIO, options: argparse.Namespace) -> bool:
    """Tell whether colours are welcome: a terminal, and neither --no-color nor NO_COLOR nor TERM=dumb."""
    unwanted = options.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not unwanted


def at_terminal() -> bool:
    """Tell whether a person can answer."""
    return sys.stdin is not None and sys.stdin.isatty()


def width() -> int:
    """Return the terminal's columns, 100 if there is none."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns

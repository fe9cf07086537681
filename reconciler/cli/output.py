"""Where output goes: documents to stdout, the rest to stderr, colour only to terminals."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import TextIO

from reconciler.errors import UsageError

_PRECIOUS = (".yaml", ".yml", ".state.json", ".journal.jsonl", ".lock")


def say(text: str) -> None:
    """Print to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def note(text: str) -> None:
    """Print to stderr: progress, warnings, what machines need not read."""
    sys.stderr.write(text if text.endswith("\n") else text + "\n")
    sys.stderr.flush()


def complain(message: str, error: Exception | None = None) -> None:
    """Print to stderr what went wrong, with what was noted on the `error`; as text that does nothing to a terminal."""
    from reconciler.report.escape import line, terminal

    lines = "\n".join([message, *getattr(error, "__notes__", ())]).split("\n")
    sys.stderr.write("\n".join(line(terminal(each)) for each in lines) + "\n")


def coloured(stream: TextIO, options: argparse.Namespace) -> bool:
    """Tell whether colours are welcome: a terminal, and neither --no-color nor NO_COLOR nor TERM=dumb."""
    unwanted = options.no_color or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not unwanted


def width() -> int:
    """Return the terminal's columns, 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def write(path: Path, document: str) -> None:
    """Write a document to `path`. Raises UsageError where that cannot be."""
    try:
        path.write_text(document, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def spare(path: Path) -> None:
    """Keep what is, by its name, a manifest or a part of a state from being replaced. Raises UsageError."""
    if path.name.lower().endswith(_PRECIOUS) and path.exists():
        raise UsageError(f"{path} is there, and by its name a manifest or part of a state: name another file")


def check_writable(path: Path) -> None:
    """Make sure, before anything is done, that what is to be written at the end can be. Raises UsageError."""
    spare(path)
    try:
        path.open("a").close()
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error

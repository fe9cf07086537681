"""`--report FORMAT=FILE`, any number of times, and the summary of a GitHub job."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from reconciler.cli import options as shared
from reconciler.cli.output import note
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.report.formats import Subject

FORMATS = ("text", "json", "markdown", "junit", "github", "gitlab", "html")
_MAX_BYTES = 65_000
_LEAST_BYTES = 1_000
_MOST_BYTES = 1_000_000_000
_SUMMARY_BYTES = 900_000  # GitHub takes a mebibyte from each step


class Wanted(NamedTuple):
    """One report: its format, and the file; `-` is stdout."""

    format: str
    path: str


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=_wanted,
        metavar="FORMAT=FILE",
        help=f"write a report besides; repeatable; - is stdout; formats: {', '.join(FORMATS)}",
    )
    parser.add_argument(
        "--max-bytes",
        type=shared.integer(_LEAST_BYTES, _MOST_BYTES),
        default=_MAX_BYTES,
        metavar="N",
        help=f"the most that a Markdown report may take (default {_MAX_BYTES})",
    )


def load(options: argparse.Namespace) -> None:
    """Import what `save` will need, by making each report of an empty plan."""
    if options.report or os.environ.get("GITHUB_STEP_SUMMARY"):
        from reconciler.model.changes import Plan
        from reconciler.report.formats import FORMATS as RENDERED

        for wanted in options.report:
            RENDERED[wanted.format](Plan("", "1970-01-01T00:00:00Z", False, {}), options.max_bytes)


def save(subject: Subject, options: argparse.Namespace) -> bool:
    """Write the reports of what was planned, done or found; tell whether all could be, and say on stderr which not."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if not options.report and not summary:
        return True
    from reconciler.report.formats import FORMATS as RENDERED

    failed = 0
    for wanted in options.report:
        content = RENDERED[wanted.format](subject, options.max_bytes)
        try:
            options.outputs.write(wanted.path, content)
        except UsageError as error:
            note(f"warning: {error}")
            failed += 1
    if summary:
        try:
            with Path(summary).open("a", encoding="utf-8") as file:
                file.write(RENDERED["markdown"](subject, _SUMMARY_BYTES) + "\n")
        except OSError as error:
            note(f"warning: GITHUB_STEP_SUMMARY: cannot write {summary}: {error.strerror}")
    return not failed


def _wanted(text: str) -> Wanted:
    name, equals, path = text.partition("=")
    if name not in FORMATS or not equals or not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=FILE with one of {', '.join(FORMATS)}")
    return Wanted(name, path)

"""`--report FORMAT=FILE`, any number of times, and the summary of a GitHub job."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING, NamedTuple

from reconciler.cli import notifying
from reconciler.cli import options as shared
from reconciler.cli.output import complain, warn
from reconciler.cli.outputs import Outputs, job_summary, path_in_repository, step_outputs
from reconciler.errors import OutputError, UsageError
from reconciler.model.patterns import closest

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.report.formats import Subject
    from reconciler.report.markdown import Report
    from reconciler.report.view.view import View

FORMATS = ("text", "json", "markdown", "junit", "github", "gitlab", "html", "prometheus")
_ENDINGS = {"md": "markdown", "xml": "junit", "prom": "prometheus"}
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
    file_arguments(parser)
    notifying.arguments(parser)


def file_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of what `save_files` writes."""
    parser.add_argument(
        "--report",
        action="append",
        default=[],
        type=parse_request,
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


def load_workspaces(options: argparse.Namespace) -> Chosen:
    """Load what the options choose, after checking where reports and messages are to go. Raises UsageError."""
    from reconciler.cli import wiring

    options.outputs = Outputs(options)
    notifying.check(options)
    with options.outputs.reading(options.file):
        chosen = wiring.load_workspaces(options)
    options.outputs.settle(chosen)
    return chosen


def load(options: argparse.Namespace) -> None:
    """Import what `save` will need, by making each report of an empty plan."""
    if options.report or job_summary() or step_outputs() or notifying.is_asked(options):
        from reconciler.cli.ci_build import build_facts
        from reconciler.model.changes import Plan
        from reconciler.report import message, prometheus
        from reconciler.report.formats import render, view_of

        build_facts(os.environ)
        nothing = Plan("", "1970-01-01T00:00:00Z", False, {})
        prometheus.totals(nothing)
        message.render(view_of(nothing))
        for wanted in options.report:
            render(wanted.format, nothing)


def save(subject: Subject, options: argparse.Namespace) -> bool:
    """Write the reports of what was planned, done or found; say on stderr what is wrong with one, and tell if none is.

    Wrong is one that cannot be written, and one of a plan that cannot hold all that an apply would send: a reviewer
    cannot approve what it does not show.
    """
    summary, counts = job_summary(), step_outputs()
    if not (options.report or summary or counts or notifying.is_asked(options)):
        return True
    view = _view(subject)
    whole = _write(subject, view, options)
    if counts:
        _count(subject, counts)
    whole &= not summary or _summarise(view, summary)
    notifying.send(view, options)
    return whole


def save_files(subject: Subject, options: argparse.Namespace) -> bool:
    """Write what `--report` asks for alone: no summary of a job, no numbers, no message."""
    return not options.report or _write(subject, _view(subject), options)


def _view(subject: Subject) -> View:
    from dataclasses import replace

    from reconciler.cli.ci_build import build_facts
    from reconciler.report.formats import view_of

    return replace(view_of(subject), build=build_facts(os.environ))


def _write(subject: Subject, view: View, options: argparse.Namespace) -> bool:
    """Write the reports; say what is wrong with one, and tell if none is."""
    from reconciler.report.formats import FORMATS as RENDERED
    from reconciler.report.formats import ReportInput

    of = ReportInput(subject, view, options.max_bytes, path_in_repository)
    whole = True
    for wanted in options.report:
        report = RENDERED[wanted.format](of)
        whole &= _is_whole(report, wanted.path, options.max_bytes)
        try:
            options.outputs.write(wanted.path, report.text)
        except UsageError as error:
            warn(str(error))
            whole = False
    return whole


def _count(subject: Subject, outputs: str) -> None:
    """Add the numbers to the outputs of a GitHub step; if they cannot be written, warn, but do not fail."""
    from reconciler.report.prometheus import totals

    lines = "".join(f"{name}={number}\n" for name, number in totals(subject).items())
    try:
        with open(outputs, "a", encoding="utf-8", opener=_open_at_once) as file:  # has an opener
            file.write(lines)
    except OSError as error:
        warn(f"GITHUB_OUTPUT: cannot write {outputs}: {error.strerror}")


def _summarise(view: View, summary: str) -> bool:
    """Append to the summary of a GitHub job; if it cannot be written, warn, but do not fail."""
    from reconciler.report.formats import render_markdown

    try:
        with open(summary, "a", encoding="utf-8", opener=_open_at_once) as file:  # has an opener
            room = _SUMMARY_BYTES - file.tell()  # GitHub shows nothing of a summary that is too long
            report = render_markdown(view, room)
            file.write(report.text + "\n")
    except OSError as error:
        warn(f"GITHUB_STEP_SUMMARY: cannot write {summary}: {error.strerror}")
        return True
    return _is_whole(report, "GITHUB_STEP_SUMMARY", room)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a pipe without a reader is an error rather than a wait without end."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


def _is_whole(report: Report, where: str, most: int) -> bool:
    if report.unshown:
        from reconciler.report.phrases import count

        error = OutputError(
            f"{where}: not reviewable: {count(report.unshown, 'update')} that an apply would send did not fit "
            f"in {most:,} bytes. Plan fewer lists at once (--only), or review an html or text report, which are whole"
        )
        complain(f"error: {error.coded}")
    return not report.unshown


def parse_request(text: str) -> Wanted:
    name, _, path = text.partition("=")
    if name in FORMATS and path:
        return Wanted(name, path)
    word = name.rpartition(".")[2].lower()  # of a file without a format, its ending
    meant = _ENDINGS.get(word) or closest(word, FORMATS)
    instead = f"{meant}={path or (name if '.' in name else 'FILE')}"
    hint = f"; did you mean {instead!r}?" if meant else ""
    raise argparse.ArgumentTypeError(f"{text!r} is not FORMAT=FILE with one of {', '.join(FORMATS)}{hint}")

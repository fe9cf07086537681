"""`reconciler report merge`: one report, and one exit code, of what several runs printed as JSON. Only reads files."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reconciler.cli import exits, reports
from reconciler.cli import options as shared
from reconciler.cli.output import say_document, say_view, warn
from reconciler.cli.outputs import Outputs
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.engine.merging import Subject


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    actions = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    summary = "make one report of several runs, such as those of parts of the accounts"
    merging = actions.add_parser("merge", help=summary, description=f"{summary.capitalize()}.", allow_abbrev=False)
    merging.add_argument(
        "documents",
        nargs="+",
        type=shared.path,
        metavar="FILE",
        help="what plan --json, apply --json or drift --json printed",
    )
    merging.add_argument("--detailed-exitcode", action="store_true", help="exit 2 as plan and drift do")
    reports.arguments(merging)
    shared.output(merging)


def run(options: argparse.Namespace) -> int:
    """Read, merge, print and report."""
    from reconciler.cli import notifying
    from reconciler.documents.reread import read
    from reconciler.engine.merging import merge
    from reconciler.report import formats

    if len(set(options.documents)) < len(options.documents):
        raise UsageError("a file is named twice")
    options.outputs = Outputs(options)
    options.outputs.spare(options.documents)
    notifying.check(options)
    parts = {str(path): read(path) for path in options.documents}
    _tell_differing_manifests(list(parts.values()))
    merged = merge(parts)
    if options.json:
        say_document(formats.document(merged))
    else:
        say_view(formats.view_of(merged), options)
    saved = reports.save(merged, options)
    return exits.worst([_code(merged, detailed=options.detailed_exitcode), 0 if saved else 1])


def _code(merged: Subject, *, detailed: bool) -> int:
    """Return the exit code that the runs have together, as if they had been one."""
    from reconciler.model.changes import Plan
    from reconciler.model.outcomes import Result

    if isinstance(merged, Result):
        return 0 if merged.in_order else 3
    if merged.failed or (isinstance(merged, Plan) and merged.refused):
        return 1
    if isinstance(merged, Plan):
        found = any(environment.changes for environment in merged.environments)
    else:
        found = not merged.in_order
    return 2 if detailed and found else 0


def _tell_differing_manifests(parts: Sequence[Subject]) -> None:
    """Say which files of the manifest were not the same for all: it may have been edited between two runs."""
    from reconciler.model.outcomes import Result

    seen: dict[str, str] = {}
    for each in parts:
        for path, sha256 in {} if isinstance(each, Result) else each.files.items():
            if seen.setdefault(path, sha256) != sha256:
                warn(f"{path} was not the same for all of these runs")

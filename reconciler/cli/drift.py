"""`reconciler drift`: live against applied and desired, and who moved. Has no code path that can write."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from reconciler.cli import exits, notifying, reports
from reconciler.cli import options as shared
from reconciler.cli.output import most_lists, say, say_document, uses_colour, width
from reconciler.cli.outputs import Outputs

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.engine.per_account import Failures
    from reconciler.model.drift_report import DriftReport


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    shared.environments(parser)
    shared.only(parser)
    parser.add_argument(
        "--undeclared", action="store_true", help="name the live lists that the manifest does not declare"
    )
    shared.who(parser)
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 if a list drifted or is missing")
    reports.arguments(parser)
    shared.output(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Read, compare and print."""
    from reconciler.cli import wiring

    options.outputs = Outputs(options)
    notifying.check(options)
    with options.outputs.reading(options.file):
        chosen = wiring.load_workspaces(options)
    options.outputs.settle(chosen)
    report, failures = find_drift(chosen, options)
    wiring.tell_unmatched(options.only, chosen.manifest)
    if failures and not report.environments:
        reports.save(report, options)
        raise exits.of_all(failures)
    if options.json:
        from reconciler.documents.drift_document import drift_document
        from reconciler.report import json

        say_document(json.render(drift_document(report, undeclared=options.undeclared)))
    else:
        from reconciler.report.text import lines
        from reconciler.report.view.of_drift import view_of_drift

        view = view_of_drift(report, undeclared=options.undeclared)
        colour, most = uses_colour(sys.stdout, options), most_lists(sys.stdout)
        say(lines.render(view, colour=colour, width=width(), most=most))
    codes = exits.report_failures(failures)
    if not reports.save(report, options):
        codes.append(1)
    codes.append(2 if options.detailed_exitcode and not report.in_order else 0)
    return exits.worst(codes)


def find_drift(chosen: Chosen, options: argparse.Namespace) -> tuple[DriftReport, Failures]:
    """Read and compare the environments that were chosen; what failed comes beside what was found."""
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.engine.looking import drift

    runtime = Runtime()
    with wiring.readers(chosen.environments, options, runtime) as readers:
        metadata = wiring.plan_metadata(chosen.manifest, runtime.now(), options)
        ids = wiring.declared_ids(chosen.manifest)
        return drift(chosen.workspaces, readers, metadata, ids, wiring.selection(options))

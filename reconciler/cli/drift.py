"""`reconciler drift`: live against applied and desired, and who moved. Has no code path that can write."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reconciler.cli import exits, reports
from reconciler.cli import options as shared
from reconciler.cli.output import say_json, say_view

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.engine.per_account import Failures
    from reconciler.model.drift_report import DriftReport


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    shared.environments(parser)
    shared.shard(parser)
    shared.dask(parser)
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

    chosen = reports.load_workspaces(options)
    report, failures = find_drift(chosen, options)
    wiring.tell_unmatched(options.only, chosen.manifest)
    if failures and not report.environments:
        reports.save(report, options)
        raise exits.of_all(failures)
    if options.json:
        from reconciler.documents.drift_document import drift_document

        say_json(drift_document(report, undeclared=options.undeclared))
    else:
        from reconciler.report.view.of_drift import view_of_drift

        say_view(view_of_drift(report, undeclared=options.undeclared), options)
    codes = exits.report_failures(failures)
    saved = reports.save(report, options)
    return exits.worst([*codes, 0 if saved else 1, 2 if options.detailed_exitcode and not report.in_order else 0])


def find_drift(chosen: Chosen, options: argparse.Namespace) -> tuple[DriftReport, Failures]:
    """Read and compare the environments that were chosen; what failed comes beside what was found."""
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.engine.looking import drift

    runtime = Runtime()
    metadata = wiring.plan_metadata(chosen.manifest, runtime.now(), options)
    if getattr(options, "dask", None):
        from reconciler.cli.fleet.opening import open_fleet

        runtime.watch()
        with open_fleet(chosen, metadata, options, runtime) as fleet:
            return fleet.drift()
    with wiring.readers(chosen.environments, options, runtime) as readers:
        ids = wiring.declared_ids(chosen.manifest)
        return drift(chosen.workspaces, readers, metadata, ids, wiring.selection(options))

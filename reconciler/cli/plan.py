"""`reconciler plan`: show what apply would do. Has no code path that can write to the API or the state."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from reconciler.cli import exits, reports
from reconciler.cli import options as shared
from reconciler.cli.output import note, say, say_document, say_view
from reconciler.cli.outputs import is_stdout
from reconciler.errors import ManifestError, UsageError
from reconciler.report.escape import terminal

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.engine.per_account import Failures
    from reconciler.manifest import Manifest
    from reconciler.model.changes import Plan
    from reconciler.protocols import Reader


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    shared.manifest(parser)
    shared.environments(parser)
    shared.shard(parser)
    shared.dask(parser)
    shared.scope(parser)
    parser.add_argument("--refresh", action="store_true", help="compare with the live API too: one request")
    shared.who(parser)
    parser.add_argument("--out", type=shared.path, metavar="FILE", help="save the plan, for `apply FILE`")
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 if there is anything to do")
    parser.add_argument(
        "--suggest",
        type=shared.path,
        metavar="FILE",
        help="save changes of the manifest, as a review on GitHub takes them",
    )
    reports.arguments(parser)
    shared.output(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Plan, print and save."""
    if options.revert_drift and not options.refresh:
        raise UsageError("--revert-drift needs --refresh: without live values there is no drift to set back")
    if options.who and not options.refresh:
        raise UsageError("--who needs --refresh: without live values there is no drift to ask about")
    manifest, planned, failures = _make_plan(options)
    if failures and not planned.environments:
        reports.save(planned, options)
        raise exits.of_all(failures)
    _show(planned, options)
    if options.suggest:
        from reconciler.cli import suggested_changes
        from reconciler.manifest.edit.suggestions import suggest_changes

        suggested_changes.write(suggest_changes(manifest, planned), options)
    codes = exits.report_failures(failures)
    saved = reports.save(planned, options)
    changes = any(environment.changes for environment in planned.environments)
    return exits.worst([*codes, 0 if saved else 1, 2 if options.detailed_exitcode and changes else 0])


def _make_plan(options: argparse.Namespace) -> tuple[Manifest, Plan, Failures]:
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.engine.looking import plan

    runtime = Runtime()
    try:
        chosen = reports.load_workspaces(options)
    except ManifestError as error:
        if options.suggest:
            _suggest_quotes(error, options)
        raise
    metadata = wiring.plan_metadata(chosen.manifest, runtime.now(), options)
    with ExitStack() as connections:
        readers: Mapping[str, Reader] = {}
        if options.dask:
            from reconciler.cli.fleet.opening import open_fleet

            runtime.watch()
            planned, failures = connections.enter_context(open_fleet(chosen, metadata, options, runtime)).plan()
        else:
            if options.refresh:
                readers = connections.enter_context(wiring.readers(chosen.environments, options, runtime))
            planned, failures = plan(chosen.workspaces, readers, metadata, wiring.selection(options))
    wiring.tell_unmatched(options.only, chosen.manifest, planned)
    _tell_first(chosen, planned)
    return chosen.manifest, planned, failures


def _suggest_quotes(error: ManifestError, options: argparse.Namespace) -> None:
    from reconciler.cli import suggested_changes
    from reconciler.manifest.edit.suggestions import suggest_quotes

    suggested_changes.write(suggest_quotes(options.file, error.problems), options)


def _tell_first(chosen: Chosen, planned: Plan) -> None:
    """Say where no state was found, since a state that is kept elsewhere looks the same."""
    stores = {workspace.name: workspace.store for workspace in chosen.workspaces}
    for environment in planned.environments:
        if not environment.serial:
            note(terminal(f"{environment.name}: there is no state yet: looked in {stores[environment.name].place}"))


def _show(planned: Plan, options: argparse.Namespace) -> None:
    if options.json or options.out:
        from reconciler.documents.plan_document import plan_document
        from reconciler.report import json

        document = json.render(plan_document(planned))
        if options.out:
            options.outputs.write(options.out, document)
        if options.json:
            say_document(document)
        if options.json or (options.out and is_stdout(options.out)):
            return
    from reconciler.report.view.of_plan import view_of_plan

    view = view_of_plan(planned)
    say_view(view, options)
    if any(environment.over_max_changes for environment in planned.environments):
        say(str(view.steps[-1]))  # how to make so many changes

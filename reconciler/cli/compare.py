"""`reconciler compare FROM TO`: two environments side by side. Has no code path that can write."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from reconciler.cli import exits, reports
from reconciler.cli import options as shared
from reconciler.cli.output import say_json, say_view
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.wiring import Chosen
    from reconciler.model.comparison import Comparison


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("before", metavar="FROM", help="an environment")
    parser.add_argument("after", metavar="TO", help="the environment to compare it with")
    shared.manifest(parser)
    basis = parser.add_mutually_exclusive_group()
    basis.add_argument(
        "--state", dest="basis", action="store_const", const="state", help="compare what was last applied"
    )
    basis.add_argument(
        "--live", dest="basis", action="store_const", const="live", help="compare what is live: one request an account"
    )
    parser.set_defaults(basis="manifest")
    shared.only(parser)
    parser.add_argument(
        "--detailed-exitcode", action="store_true", help="exit 2 if they differ, but as overrides of the manifest say"
    )
    reports.arguments(parser)
    shared.output(parser)
    shared.network(parser)


def run(options: argparse.Namespace) -> int:
    """Compare and print."""
    from reconciler.cli import wiring

    if options.before == options.after:
        raise UsageError(f"name two environments to compare, not {options.before!r} twice")
    options.env, options.all_envs = [options.before, options.after], False
    chosen = reports.load_workspaces(options)
    found = _compare(chosen, options)
    wiring.tell_unmatched(options.only, chosen.manifest)
    if options.json:
        from reconciler.documents.compare_document import compare_document

        say_json(compare_document(found))
    else:
        from reconciler.report.view.of_comparison import view_of_comparison

        say_view(view_of_comparison(found), options)
    saved = reports.save(found, options)
    return exits.worst([0 if saved else 1, 2 if options.detailed_exitcode and not found.in_order else 0])


def _compare(chosen: Chosen, options: argparse.Namespace) -> Comparison:
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime
    from reconciler.engine import comparing

    runtime = Runtime()
    environments = [chosen.manifest.environments[name] for name in options.env]
    selection, metadata = wiring.selection(options), wiring.plan_metadata(chosen.manifest, runtime.now(), options)
    pairs = [(environment.desired, environment.unformat_name) for environment in environments]
    requests = 0
    if options.basis == "manifest":
        before, after = (comparing.of_manifest(*pair) for pair in pairs)
    elif options.basis == "state":
        stores = {workspace.name: workspace.store for workspace in chosen.workspaces}
        before, after = (
            comparing.of_state(*pair, stores[name].load()) for pair, name in zip(pairs, options.env, strict=True)
        )
    else:
        desired = [environment.desired for environment in environments]
        with wiring.clients(environments, options, runtime) as readers:
            lives = comparing.read_accounts(desired, readers, selection)
            requests = sum(reader.requests for reader in readers.values())
        managed = comparing.managed_fields(desired)
        before, after = (comparing.of_live(*pair, live, managed) for pair, live in zip(pairs, lives, strict=True))
    return comparing.compare(before, after, options.basis, metadata, selection, requests=requests)

"""`reconciler apply`: read, plan, show, ask, carry out, verify."""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from reconciler.cli import notifying, reports
from reconciler.cli import options as shared
from reconciler.cli.output import at_terminal, complain, note, say, say_json, uses_colour, warn, width
from reconciler.cli.outputs import Outputs, is_stdout
from reconciler.errors import (
    ReconcilerError,
    UsageError,
    in_words,
)
from reconciler.report.escape import terminal
from reconciler.report.phrases import FAILED

if TYPE_CHECKING:
    from reconciler.cli.runtime import Runtime
    from reconciler.cli.wiring import Chosen
    from reconciler.model.changes import Plan
    from reconciler.model.outcomes import Result


_LONGEST_REASON = 200


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("plan", nargs="?", type=shared.path, metavar="PLAN", help="a plan saved by `plan --out`")
    shared.manifest(parser)
    shared.environments(parser)
    shared.shard(parser)
    shared.dask(parser)
    shared.scope(parser)
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument(
        "--allow-mass-change",
        type=shared.integer(0, 1_000_000),
        metavar="N",
        help="let a plan of exactly N updates pass max_changes",
    )
    parser.add_argument(
        "--break-freeze",
        type=_reason,
        metavar="REASON",
        help="apply though policy.freeze allows it only later; the state's history keeps the reason",
    )
    parser.add_argument(
        "--deadline",
        type=shared.deadline,
        metavar="SECONDS",
        help="stop sending in time to verify and record within so many seconds, before a CI job is killed",
    )
    parser.add_argument(
        "--lock-timeout",
        type=shared.deadline,
        metavar="SECONDS",
        help="wait at most so long for a lock that another run holds; without it, not at all",
    )
    parser.add_argument(
        "--undo-out", type=shared.path, metavar="FILE", help="save the plan that sets back what this run did"
    )
    reports.arguments(parser)
    shared.output(parser)
    shared.network(parser)


def _reason(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_REASON:
        raise argparse.ArgumentTypeError(f"must be a reason in one line of at most {_LONGEST_REASON} characters")
    return text.strip()


def run(options: argparse.Namespace) -> int:
    """Apply, print the result, and return the exit code that it means."""
    if options.plan and options.revert_drift:
        raise UsageError("--revert-drift does not go with a saved plan: it would do more than the plan says")
    if options.lock_timeout and options.dask:
        raise UsageError("--lock-timeout does not go with --dask: its workers wait for locks in a way of their own")
    from reconciler.cli import wiring
    from reconciler.cli.runtime import Runtime

    runtime = Runtime(options.deadline, _reserve(options))
    runtime.watch()
    options.outputs = Outputs(options)
    notifying.check(options)
    with options.outputs.reading(options.file):
        saved = _read_saved_plan(options)
        chosen = wiring.load_workspaces(options, saved)
    if not options.yes and not at_terminal():
        raise UsageError("there is no terminal to ask at: review a plan, then give --yes")
    options.outputs.settle(chosen)
    for name, error in saved.failed.items() if saved else ():
        warn(f"the plan has nothing for {name}, which {FAILED} when it was made: {error}")
    _load_what_comes_after(options)
    result = _apply(options, chosen, saved, runtime)
    shown = True
    try:
        _show(result, options)
        reports.save(result, options)
    except Exception as error:  # noqa: BLE001  PUTs went out: whatever it is, the exit code says so
        complain(f"error: not all of the result can be shown: {in_words(error).coded}")
        shown = False
    if runtime.signal is not None:
        return 128 + runtime.signal
    return 0 if result.in_order and shown else 3


def _reserve(options: argparse.Namespace) -> float:
    """Return the seconds that one more PUT, the look at the end, and messages may take."""
    from reconciler.cli import wiring
    from reconciler.execute.verify import SECONDS_BETWEEN

    return 2 * sum(wiring.timeouts(options)) + 2 * SECONDS_BETWEEN + notifying.seconds(options)


def _load_what_comes_after(options: argparse.Namespace) -> None:
    """Import what is needed once PUTs went out: an upgrade of this program meanwhile must not break the run."""
    for name in (
        "documents.plan_document",
        "documents.result_document",
        "report.json",
        "report.text.lines",
        "report.view.of_result",
    ):
        import_module(f"reconciler.{name}")
    import_module("shlex")
    reports.load(options)


def _read_saved_plan(options: argparse.Namespace) -> Plan | None:
    if options.plan is None:
        return None
    from reconciler.documents.saved_plan import load_plan

    return load_plan(options.plan)


def _apply(options: argparse.Namespace, chosen: Chosen, saved: Plan | None, runtime: Runtime) -> Result:
    from reconciler.cli import wiring
    from reconciler.cli.approval import ask, check_freeze, check_mass_change
    from reconciler.cli.progress import progress
    from reconciler.cli.runtime import lock_info
    from reconciler.engine.applying import ApplyOptions, apply, apply_with
    from reconciler.model.changes import Plan

    metadata = wiring.plan_metadata(chosen.manifest, runtime.now(), options)
    known = Plan(metadata.tool, metadata.created_at, True, metadata.files, asked=metadata.asked)
    freezes = {each.name: each.desired.policy.freeze for each in chosen.workspaces}
    with (
        _report_if_refused(lambda: known, options),
        ExitStack() as connections,
        progress(options, runtime) as shown,
    ):

        def approve(plan: Plan) -> None:
            nonlocal known
            known = plan
            _show_plan(plan, options)
            wiring.tell_unmatched(options.only, chosen.manifest, plan)
            check_mass_change(plan, {each.name: each.desired for each in chosen.workspaces}, options.allow_mass_change)
            check_freeze(plan, freezes, runtime.now(), options.break_freeze)
            if not options.yes:
                ask(plan, runtime, options)
                check_freeze(plan, freezes, runtime.now(), options.break_freeze)  # a person may have taken hours
            shown.begin(plan)

        how = ApplyOptions(
            holder=lock_info(),
            clock=runtime,
            stop=runtime,
            jitter=random.random,
            approve=approve,
            progress=shown.outcome,
            undo=lambda plan: _save_undo(plan, options),
            break_freeze=options.break_freeze or "",
            lock_timeout=options.lock_timeout or 0.0,
            saved={environment.name: environment for environment in saved.environments} if saved else {},
        )
        if options.dask:
            from reconciler.cli.fleet.opening import open_fleet

            fleet = connections.enter_context(open_fleet(chosen, metadata, options, runtime))
            until = None if options.deadline is None else runtime.now() + runtime.seconds_left
            return apply_with(fleet.applying(how, until, _reserve(options)), fleet.names, metadata, how)
        remotes = connections.enter_context(wiring.clients(chosen.environments, options, runtime))
        return apply(chosen.workspaces, remotes, metadata, wiring.selection(options), how)


@contextmanager
def _report_if_refused(known: Callable[[], Plan], options: argparse.Namespace) -> Iterator[None]:
    """Write reports of what is known of the plan where nothing of it could, or was allowed to, be carried out."""
    try:
        yield
    except ReconcilerError as error:
        reports.save(replace(known(), refused="; ".join([error.coded, *getattr(error, "__notes__", ())])), options)
        raise


def _show_plan(plan: Plan, options: argparse.Namespace) -> None:
    """Show all that is about to be done; with --json stdout is for the result, so the plan goes to stderr."""
    from reconciler.report.text import lines
    from reconciler.report.view.of_plan import view_of_plan

    stream = sys.stderr if options.json else sys.stdout
    shown = lines.render(view_of_plan(plan), colour=uses_colour(stream, options), width=width())
    (note if options.json else say)(shown)


def _save_undo(plan: Plan, options: argparse.Namespace) -> None:
    if options.undo_out is None:
        return
    from reconciler.documents.plan_document import plan_document
    from reconciler.report import json
    from reconciler.report.steps import command

    name, empty = terminal(str(options.undo_out)), not any(each.changes for each in plan.environments)
    if empty and options.undo_out.is_file() and not is_stdout(options.undo_out):
        note(f"nothing is to be set back after this run: {name} stays as it was, of an earlier run")
        return
    try:
        options.outputs.write(options.undo_out, json.render(plan_document(plan)))
    except UsageError as error:
        warn(f"the plan that sets back what this run did is not whole: {error}")
        return
    if is_stdout(options.undo_out):
        return
    back = command("apply", (), replace(plan.asked, out=str(options.undo_out)))
    note(
        f"{name} is empty: nothing is to be set back after this run"
        if empty
        else f"{name} sets back what this run did ({back}); "
        "set the manifest back too, else the next apply makes the same changes again"
    )


def _show(result: Result, options: argparse.Namespace) -> None:
    if options.json:
        from reconciler.documents.result_document import result_document

        say_json(result_document(result))
        return
    from reconciler.report.text import lines
    from reconciler.report.view.of_result import view_of_result

    colour = uses_colour(sys.stdout, options)
    say(lines.render(view_of_result(result), colour=colour, width=width(), below_plan=True))

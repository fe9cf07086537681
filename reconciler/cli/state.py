"""`reconciler state`: look at the last-applied state, and repair it. Never talks to the API."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import options as shared
from reconciler.cli import state_admin
from reconciler.cli.output import note, say, say_document, say_json
from reconciler.cli.state_differences import difference_lines
from reconciler.errors import ForeignStateError, UsageError
from reconciler.model.fields import NAME
from reconciler.model.identifiers import LONGEST, is_key
from reconciler.model.patterns import did_you_mean
from reconciler.report.escape import quote, terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.documents.state_entries import ListedEntry, StateListDocument
    from reconciler.model.lists import Applied, KnownList
    from reconciler.protocols import LockInfo, StateStore
    from reconciler.state.state_store import Store


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-verbs."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, dest="action")
    listed = _action(actions, "list", "every list of the state", _list)
    listed.add_argument("--json", action="store_true", help="print JSON")
    shown = _action(actions, "show", "one list of the state", _show)
    shown.add_argument("key", metavar="KEY")
    shown.add_argument("--json", action="store_true", help="print JSON")
    moved = _action(actions, "mv", "rename a key, after renaming it in the manifest", _move)
    moved.add_argument("old", metavar="OLD")
    moved.add_argument("new", metavar="NEW")
    removed = _action(actions, "rm", "drop a list from the state; the account is not changed", _remove)
    removed.add_argument("key", metavar="KEY")
    pulled = _action(actions, "pull", "print the state document", _pull)
    pulled.add_argument(
        "--serial", type=shared.integer(0, 10**12 - 1), metavar="N", help="an earlier one, where the store keeps it"
    )
    pushed = _action(actions, "push", "put a state document in the place of the state", _push)
    pushed.add_argument("document", type=shared.path, metavar="FILE")
    pushed.add_argument("--older", action="store_true", help="also one of another serial than the present state's")
    history = _action(
        actions, "history", "what each run made of the state, where the store keeps that", state_admin.history
    )
    form = history.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print JSON")
    form.add_argument(
        "--verify", action="store_true", help="check that the history is whole: exit code 1 if anything is missing"
    )
    history.add_argument(
        "--results", type=shared.path, nargs="+", default=[], metavar="FILE",
        help="with --json: what saved results of apply --json say of each run",
    )  # fmt: skip
    history.add_argument(
        "--last",
        type=shared.integer(1, state_admin.EVERY),
        metavar="N",
        help="so many runs (default 20; with --verify, all)",
    )
    freed = _action(actions, "unlock", "break the lease of a run that is gone", state_admin.unlock)
    freed.add_argument("--at", metavar="URL", help="at another place, which a move that was cut off left locked")
    freed.add_argument("--yes", action="store_true", help="do not ask")
    moved = actions.add_parser(
        "migrate", help="move the state to another store", description="Move the state to another store.",
        allow_abbrev=False,
    )  # fmt: skip
    shared.manifest(moved)
    moved.add_argument("--to", required=True, metavar="URL", help="as `state` of the manifest would say it")


def _action(
    actions: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    summary: str,
    act: Callable[[Store, argparse.Namespace], None],
) -> argparse.ArgumentParser:
    parser = actions.add_parser(
        name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.", allow_abbrev=False
    )
    shared.manifest(parser)
    shared.environments(parser)
    parser.set_defaults(act=act)
    return parser


def run(options: argparse.Namespace) -> int:
    """Act on the state of the one chosen environment."""
    from reconciler.cli import stores, wiring

    if options.action == "migrate":
        options.env, options.all_envs = [], True
        state_admin.migrate(wiring.load_workspaces(options), options)
        return 0
    chosen = wiring.load_workspaces(options, one=True)
    if len(chosen.workspaces) != 1:
        raise UsageError("state acts on one environment at a time: --env NAME")
    store = chosen.workspaces[0].store
    if options.action == "unlock" and options.at:
        store = stores.store(chosen.manifest, chosen.environments[0], options.at)
    options.act(store, options)
    return 0


def _list(store: Store, options: argparse.Namespace) -> None:
    applied = store.load()
    if options.json:
        document: StateListDocument = {"lists": [_entry(known) for known in applied.lists.values()]}
        say_json(document)
        return
    for known in applied.lists.values():
        say(_line(known))
    if not applied.lists:
        note(terminal(f"there is no list in the state yet: looked in {store.place}"))


def _show(store: StateStore, options: argparse.Namespace) -> None:
    known = _find_list(store.load(), options.key)
    if options.json:
        say_json(_entry(known))
        return
    say("\n".join(terminal(f"{name}: {value}") for name, value in _entry(known).items()))


def _move(store: StateStore, options: argparse.Namespace) -> None:
    if not is_key(options.new):
        raise UsageError(
            f"{options.new!r} cannot be a key: use a-z, 0-9, _ and -, beginning with a letter or digit, but not with "
            f"x-; at most {LONGEST} characters"
        )
    with store.lock(_holder()) as writer:
        known = _find_list(writer.applied, options.old)
        if options.new in writer.applied.lists:
            raise UsageError(
                f"the state already has {options.new!r}; remove that first: reconciler state rm {options.new}"
            )
        writer.record(options.new, known._replace(key=options.new))
        writer.record(options.old, None)
        name = writer.applied.environment
    note(f"{name}: {terminal(options.old)} is {options.new} in the state now; the list itself stays as it is")


def _remove(store: StateStore, options: argparse.Namespace) -> None:
    with store.lock(_holder()) as writer:
        _find_list(writer.applied, options.key)
        writer.record(options.key, None)
        name = writer.applied.environment
    note(f"{name}: {terminal(options.key)} is dropped from the state; the list itself stays as it is")


def _pull(store: Store, options: argparse.Namespace) -> None:
    from reconciler.state.document import render

    say_document(render(store.load()) if options.serial is None else state_admin.pull(store, options.serial))


def _push(store: Store, options: argparse.Namespace) -> None:
    """Replace the state, after saying field by field what that changes."""
    from reconciler.documents.parts import read_file
    from reconciler.state.document import parse

    content = read_file(options.document)
    pushed = replace(parse(content, where=str(options.document)), moved_to="")  # it is here from now on
    with store.lock(_holder(), lost=True) as writer:
        _check_same(pushed, writer.applied, options.document)
        _say_differences(writer.applied, pushed)
        _check_serial(pushed, writer.applied, options)
        writer.replace(pushed)


def _check_serial(pushed: Applied, present: Applied, options: argparse.Namespace) -> None:
    """Raise UsageError if the state may have changed since the document was pulled, and --older is not given."""
    if present.serial and pushed.serial != present.serial and not options.older:
        raise UsageError(
            f"{options.document} is serial {pushed.serial}, the state is at serial {present.serial} by now: what was "
            "recorded between them would be lost, as shown above. Nothing was changed. If that is meant, add --older"
        )


def _check_same(pushed: Applied, present: Applied, document: Path) -> None:
    if (pushed.environment, pushed.target) != (present.environment, present.target):
        differences = pushed.target.differences(present.target)
        raise ForeignStateError(
            f"{document} is the state of {pushed.environment} at {pushed.target}; "
            f"the manifest means {present.environment} at {present.target}" + (differences and f" ({differences})")
        )
    if present.lineage and pushed.lineage != present.lineage:
        raise ForeignStateError(
            f"{document} has the lineage {pushed.lineage}, the state that it would replace has {present.lineage}: "
            "it descends from another first apply; if it is the right one, move the present state file away first"
        )


def _say_differences(present: Applied, pushed: Applied) -> None:
    for line in list(difference_lines(present, pushed)) or ["the lists are the same"]:
        note(terminal(line))


def _holder() -> LockInfo:
    from reconciler.cli.runtime import lock_info

    return lock_info()


def _find_list(applied: Applied, key: str) -> KnownList:
    if key not in applied.lists:
        raise UsageError(f"the state has no list {key!r}{did_you_mean(key, applied.lists)}")
    return applied.lists[key]


def _entry(known: KnownList) -> ListedEntry:
    from reconciler.state.entries import write_entry

    return {"key": known.key, **write_entry(known)}


def _line(known: KnownList) -> str:
    status = _entry(known)["status"]
    name = quote(known.texts[NAME]) if NAME in known.texts else f"({NAME} unmanaged)"
    return f"{terminal(known.key)}  {terminal(known.id)}  {status}  {name}"

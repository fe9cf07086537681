"""The actions of `reconciler state` that are about its store: its history, who holds its lease, moving elsewhere."""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli.output import at_terminal, note, say, say_json, warn
from reconciler.cli.state_differences import difference_lines
from reconciler.errors import DeclinedError, StateError, UsageError
from reconciler.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from reconciler.cli.runtime import Runtime
    from reconciler.cli.wiring import Chosen
    from reconciler.documents.parts import StatePart
    from reconciler.documents.state_history import RunPart, StateHistoryDocument
    from reconciler.state.history import Saved
    from reconciler.state.state_store import Store

LAST = 20
EVERY = 1_000_000
_EMPTY = "no run has changed the state yet, or what it wrote is not committed"


def pull(store: Store, serial: int) -> str:
    """Return the document of an earlier serial."""
    from reconciler.state.document import render

    found = _read_history(store, 1, serial)
    if not found:
        raise UsageError(f"{store}: no serial {serial} is kept there; reconciler state history lists what is")
    return render(replace(found[-1].applied, moved_to=""))


def _read_history(store: Store, last: int, serial: int | None = None) -> Sequence[Saved]:
    """Return earlier states, oldest first, after saying which cannot be read."""
    found = store.history(last, serial)
    for unread in found.unread:
        warn(f"left out: {unread}")
    return found.saved


def history(store: Store, options: argparse.Namespace) -> None:
    """Show what the last runs made of the state, newest first; or check that all of it is there."""
    if options.verify:
        _verify(store, options.last)
        return
    last = options.last or LAST
    saved = _read_history(store, last + 1)
    pairs = list(zip([None, *saved], saved, strict=False))[-last:]
    entries = [_entry(before, after) for before, after in pairs]
    if options.json:
        _print_json(pairs, entries, options.results)
        return
    if options.results:
        raise UsageError("--results goes with --json")
    lineages = {entry["lineage"] for entry in entries}
    for entry, (before, after) in reversed(list(zip(entries, pairs, strict=True))):
        say(terminal(_line(entry, several=len(lineages) > 1)))
        for line in difference_lines(before.applied if before else None, after.applied):
            say(terminal(f"    {line}"))
    if not entries:
        note(_EMPTY)


def _print_json(pairs: Sequence[tuple[Saved | None, Saved]], entries: list[RunPart], results: Sequence[Path]) -> None:
    """Print the document of the history, with what saved results say of each run."""
    if results and pairs:
        from reconciler.documents.result_document import read_result
        from reconciler.documents.state_history import join_results

        read = [read_result(path) for path in results]
        entries = join_results([_began_with(*pair) for pair in pairs], entries, pairs[0][1].applied.environment, read)
    document: StateHistoryDocument = {"history": entries[::-1]}
    say_json(document)


def _began_with(before: Saved | None, after: Saved) -> StatePart | None:
    """Return the state that a run began with; None if it cannot be known, since earlier ones may be gone."""
    if before and before.applied.lineage == after.applied.lineage:
        serial = before.applied.serial if after.follows is None else after.follows
        return {"lineage": after.applied.lineage, "serial": serial}
    return {"lineage": "", "serial": 0} if after.follows == 0 else None


def _verify(store: Store, last: int | None) -> None:
    """Say what of the history is missing or wrong, and raise StateError; or say what was checked."""
    from reconciler.state.history import find_gaps, moved_serials, serials_are, unlinked_serials

    found = store.history(last or EVERY)
    gaps = find_gaps(found, store.load(), from_the_first=last is None)
    for gap in gaps:
        say(terminal(gap))
    if gaps:
        raise StateError(f"{store}: the history is not whole, see above")
    if not found.saved:
        note(_EMPTY)
        return
    first, newest = found.saved[0].applied, found.saved[-1].applied
    kept = f"serials {first.serial} to {newest.serial}, {len(found.saved)} kept"
    unlinked = unlinked_serials(found)
    say(terminal(f"{'no gap is seen' if unlinked else 'whole'}: {kept}, lineage {newest.lineage}"))
    if last is None and (moved := moved_serials(found)):
        note(f"{serials_are(1, moved)} where the state was moved from: state history there has them")
    if unlinked:
        serials = ", ".join(map(str, unlinked))
        note(f"what came right before serial {serials} is not known: a copy that was removed there is not noticed")
    if store.unseen_text:
        note(store.unseen_text)


def _entry(before: Saved | None, after: Saved) -> RunPart:
    """Return the line of one serial; what changed before the first that is kept is unknown."""
    from reconciler.state.document import Written
    from reconciler.state.history import difference

    changed = difference(before.applied if before else None, after.applied)
    who = after.written or Written("", "", "", "")
    return {
        "serial": after.applied.serial,
        "lineage": after.applied.lineage,
        "at": who.at,
        "user": who.user,
        "host": who.host,
        "command": who.command,
        "job": who.job,
        "added": list(changed.added),
        "changed": list(changed.changed),
        "dropped": list(changed.dropped),
    }


def _line(entry: RunPart, *, several: bool) -> str:
    lineage = f"  lineage {entry['lineage']}" if several else ""
    who = f"  {entry['at']}  {entry['user']} on {entry['host']}  {entry['command']}" if entry["at"] else ""
    return f"serial {entry['serial']}{lineage}{who}" + (f"  CI job {entry['job']}" if entry["job"] else "")


def unlock(store: Store, options: argparse.Namespace) -> None:
    """Break the lease of a run that is gone, after saying whose it is."""
    from reconciler.cli.runtime import Runtime, lock_info

    asking = lock_info()
    found = store.breakable(asking)
    if found is None:
        note(f"{store}: {store.free_text}")
        return
    say(terminal(found.said))
    if not options.yes:
        _ask(Runtime())
    found.free(asking)
    say("unlocked; if that run still works, it notices before its next PUT, and stops")


def _ask(runtime: Runtime) -> None:
    if not at_terminal():
        raise UsageError("no terminal to ask at: --yes breaks the lock without asking")
    question = (
        "Break this lock? If that run still works, what it does from now on is not recorded. Type yes to unlock: "
    )
    if runtime.answer(question).strip() != "yes":
        raise DeclinedError("not unlocked; nothing was changed")


def migrate(chosen: Chosen, options: argparse.Namespace) -> None:
    """Move the state of every environment, then say what to write in the manifest."""
    from reconciler.cli import stores
    from reconciler.cli.runtime import lock_info
    from reconciler.manifest.rules import folder_fault
    from reconciler.state.moving import move

    manifest = chosen.manifest
    if fault := folder_fault(options.to):
        raise UsageError(f"--to: {fault}")
    if options.to == manifest.state:
        raise UsageError(f"the state is at {options.to} already")
    places = [(environment, stores.store(manifest, environment, options.to)) for environment in chosen.environments]
    asking = lock_info()
    for environment, there in places:
        here = stores.store(manifest, environment)
        if str(here).rstrip("/") == str(there).rstrip("/"):
            raise UsageError(f"the state is at {here} already")
        moved = move(here, there, asking, here_url=manifest.state, there_url=options.to)
        what = f"{moved.environment}: serial {moved.serial}, lists {len(moved.lists)}"
        say(f"{what}: moved to {there.place} and read back")
    say(f"{manifest.state} is marked as moved, and refused from now on. In {manifest.path.name}, set")
    say(f"state: {options.to}")
    if "://" not in manifest.state:
        say(
            f"Commit {manifest.state} and {manifest.path.name}, and keep both in git: whoever still has the old "
            "manifest is told the new place"
        )
    if any(there.place.endswith("in this repository") for _, there in places):
        say("There is no remote origin: the branch is on this machine only, until a write finds one")
    if "://" not in options.to:
        say(f"Commit {options.to}, but for what .gitignore is to name: {options.to}/*.lock {options.to}/*.new")

"""Kill a process at every line of the store that a run passes, and see what the next one finds.

Run as `python -m tests.state.killed START FOLDER`; prints one JSON object: how many kills were tried, and what was
false after any of them. A child of this process does each run, so that nothing of the store is faked and only the
signal is made up.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import FrameType
from typing import TypeAlias

import reconciler.state
from reconciler.model.lists import Applied, KnownList
from reconciler.state.backends.folder import FileStore
from reconciler.state.document import render
from reconciler.state.journal import Journal
from tests.state.samples import HOLDER, applied_list, doubtful_list, names_in, state, store_in

Lists: TypeAlias = Mapping[str, KnownList]

STEPS: list[tuple[str, KnownList | None]] = [
    ("vip", doubtful_list("vip")),
    ("vip", applied_list("vip", name="VIP")),
    ("old", None),
]
REPLACEMENT: Lists = {"pushed": applied_list("pushed")}
OLD = state(applied_list("old"), applied_list("vip"), serial=7)
SOURCE = str(Path(reconciler.state.__file__).parent)


def nothing(folder: Path) -> None:
    """Start without any file."""


def document(folder: Path) -> None:
    """Start from a document."""
    (folder / "prod.state.json").write_text(render(OLD))


def document_and_journal(folder: Path) -> None:
    """Start from what another run left when it was killed."""
    document(folder)
    Journal(folder / "prod.journal.jsonl").record(OLD, "winback", doubtful_list("winback"))


STARTS = {start.__name__: start for start in (nothing, document, document_and_journal)}


def main(start: str, folder: Path) -> None:
    """Kill one run after the other, each a line later, until one ends by itself."""
    wrong: list[str] = []
    for line in count():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        STARTS[start](folder)
        before = store_in(folder).load()
        acknowledged, killed = run_and_kill(folder, line)
        wrong += [
            f"line {line}, {acknowledged} acknowledged: {what}" for what in falsehoods(folder, before, acknowledged)
        ]
        if not killed:
            print(json.dumps({"kills": line, "wrong": wrong}))
            return


def run_and_kill(folder: Path, line: int) -> tuple[int, bool]:
    """Return how many records a run saw acknowledged until it was killed, and whether it was."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        sys.settrace(Killer(line))
        run(store_in(folder), lambda: os.write(writing, b"."))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as answers:  # noqa: PTH123 - a pipe
        acknowledged = len(answers.read())
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return acknowledged, True
    if status:
        raise SystemExit(f"the run failed, status {status}")
    return acknowledged, False


def run(store: FileStore, acknowledge: Callable[[], object]) -> None:
    """Record each step, then, under a lock of its own, put another state in the place of all."""
    with store.lock(HOLDER) as writer:
        for key, entry in STEPS:
            writer.record(key, entry)
            acknowledge()
    with store.lock(HOLDER) as writer:
        writer.replace(replace(OLD, lineage="", lists=REPLACEMENT))
        acknowledge()


class Killer:
    """A tracer that kills the process before the n-th line of the store that it comes to."""

    def __init__(self, lines: int) -> None:
        self._left = lines

    def __call__(self, frame: FrameType, event: str, _: object) -> Killer | None:
        if not frame.f_code.co_filename.startswith(SOURCE):
            return None
        if event == "line":
            if not self._left:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
        return self


def falsehoods(folder: Path, before: Applied, acknowledged: int) -> list[str]:
    """Return what is not true of the state that a killed run leaves; the record under way may count or not."""
    found = store_in(folder).load()
    possible = [after(before.lists, acknowledged), after(before.lists, acknowledged + 1)]
    with store_in(folder).lock(HOLDER) as writer:
        taken_up = writer.applied
    facts = {
        f"holds {found.lists}": found.lists in possible,
        f"its lineage is {found.lineage}": found.lineage == before.lineage or not before.lineage,
        f"its serial is {found.serial}": before.serial <= found.serial <= max(OLD.serial, before.serial + 1) + 1,
        f"changed without a serial of its own: {found.serial}": (found == before) == (found.serial == before.serial),
        f"the next run takes up {taken_up}": taken_up == found,
        f"the next run leaves {store_in(folder).load()}": store_in(folder).load() == found,
        f"it leaves the files {names_in(folder)}": set(names_in(folder)) <= {"prod.lock", "prod.state.json"},
    }
    return [what for what, holds in facts.items() if not holds]


def after(lists: Lists, acknowledged: int) -> Lists:
    """Return what becomes of `lists` with so many steps acknowledged."""
    if acknowledged > len(STEPS):
        return REPLACEMENT
    changed = {**lists, **dict(STEPS[:acknowledged])}
    return {key: known for key, known in changed.items() if known is not None}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

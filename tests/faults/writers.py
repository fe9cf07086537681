"""Two that write the same state: each in turn is refused, or goes first; both end with what they were told to do."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.settings import Settings
from tests.faults.launcher import Launcher
from tests.program import Workplace, some_lists, workplace

LISTS = some_lists(3)
SLOW = Settings(limit=0, latency=0.02)
_TRIES = 1000


def race(folder: Path, rounds: int) -> int:
    """Let two processes apply one list each, at once, and a third repair a third; return how often one was refused."""
    with (
        workplace(folder, LISTS, SLOW, measured=False) as place,
        Launcher() as one,
        Launcher() as other,
        Launcher() as third,
    ):
        place.declare(LISTS)
        assert place.run("apply", "--yes").code == 0
        refused = 0
        with ThreadPoolExecutor(3) as pool:
            for number in range(rounds):
                _edit(place, number)
                old, new = ("c", "d") if number % 2 == 0 else ("d", "c")
                commands: list[tuple[Launcher, list[str]]] = [
                    (one, ["apply", "--yes", "--only", "a"]),
                    (other, ["apply", "--yes", "--only", "b"]),
                    (third, ["state", "mv", old, new]),
                ]
                refused += sum(pool.map(lambda command: _insist(place, *command), commands))
                entries = place.state()
                assert entries.keys() == {"a", "b", new}, number
                assert [entries[key]["description"] for key in "ab"] == [f"Round {number}"] * 2
        kept = {known.texts["description"] for known in place.sandbox.world.lists().values()}
        assert kept == {f"Round {rounds - 1}", "Text 3"}
        assert len(place.puts) == 2 * rounds
    return refused


def _edit(place: Workplace, number: int) -> None:
    changed = [ContactList(known.id, {"name": known.name, "description": f"Round {number}"}) for known in LISTS[:2]]
    place.declare([*changed, LISTS[2]])


def _insist(place: Workplace, launcher: Launcher, arguments: list[str]) -> int:
    """Run until it is not refused; return how often it was."""
    for times in range(_TRIES):
        ended = launcher.run(place.folder, place.variables, *arguments)
        if ended.code == 0:
            return times
        assert ended.code == 4, ended.err
        assert "locked by " in ended.err
        time.sleep(0.005)
    raise AssertionError(f"refused {_TRIES} times: {arguments}")

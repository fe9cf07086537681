"""The fleet is applied: by one process, by parts, by Dask's workers, and with workers that are killed."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any, TypeAlias
from urllib.request import urlopen

from benchmarks import places
from benchmarks.fleet.accounts import EDITED, account_of, edit, new_description, write_fleet
from benchmarks.fleet.processes import Watch
from benchmarks.timing import Command

# Of the repository around it nothing is asked: the state of a real fleet is no folder in one.
VARIABLES = {**places.credentials(), "NO_PROXY": "127.0.0.1", "GIT_CEILING_DIRECTORIES": str(places.FOLDER)}
LATENCY = 0.05
"""Seconds after which the double answers."""
Put: TypeAlias = tuple[str, str, str]
"""An account, a list, and what was sent."""
ENDED_IN_PART = 3
_PATIENCE = 5
"""How often an apply is repeated until it ends with 0."""


@dataclass
class Applied:
    """What applying all manifests took: seconds of the wall, of each kind of process, and MiB at the peak of one."""

    wall: float = 0.0
    command: float = 0.0
    workers: float = 0.0
    command_memory: float = 0.0
    worker_memory: float = 0.0
    killed: int = 0
    repeated: int = 0
    truth: dict[str, int] = field(default_factory=dict)


@contextmanager
def double(lists: int, latency: float) -> Iterator[str]:
    """Serve the double of the API; yield its address."""
    words = [sys.executable, "-m", "benchmarks.fleet.double", str(lists), str(latency)]
    with subprocess.Popen(words, cwd=places.REPOSITORY, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout
        try:
            yield f"http://127.0.0.1:{served.stdout.readline().strip()}"
        finally:
            served.kill()


def apply_all(binaries: Path, folders: Sequence[Path], turn: int, options: Sequence[str], kills: int = 0) -> Applied:
    """Apply the edit of a turn to each manifest, one after the other; kill so many workers in all, at random."""
    took = Applied()
    chance = random.Random(turn)  # the same moments each time, as far as the machine lets it
    victims = sorted(chance.choices(range(len(folders)), k=kills))
    began = time.perf_counter()
    for number, folder in enumerate(folders):
        edit(folder, turn)
        pause = chance.uniform(5.0, 15.0)
        code = _apply(binaries, folder, options, took, [pause] * victims.count(number))
        for _ in range(_PATIENCE):
            if code == 0:
                break
            took.repeated += 1
            code = _apply(binaries, folder, options, took, [])
        assert code == 0, f"{folder} is not settled"
    took.wall = time.perf_counter() - began
    return took


def _apply(binaries: Path, folder: Path, options: Sequence[str], took: Applied, pauses: Sequence[float]) -> int:
    command: list[str | Path] = [binaries / "reconciler", "apply", "--all-envs", "--yes", *options]
    variables = {**os.environ, **VARIABLES}
    with (folder / "log").open("ab") as log:
        running = subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    watch, over = Watch(running.pid), Event()
    killer = Thread(target=_kill, args=(watch, pauses, over, took))
    killer.start()
    code = running.wait()
    over.set()
    killer.join()
    watch.stop()
    took.command += sum(each.processor for each in watch.of("command"))
    took.workers += sum(each.processor for each in watch.of("worker"))
    took.command_memory = max([took.command_memory, *(each.memory for each in watch.of("command"))])
    took.worker_memory = max([took.worker_memory, *(each.memory for each in watch.of("worker"))])
    assert code in (0, 1, ENDED_IN_PART), (folder / "log").read_text(encoding="utf-8")[-2000:]
    return code


def _kill(watch: Watch, pauses: Sequence[float], over: Event, took: Applied) -> None:
    """Kill one worker after each pause, once there are some."""
    for pause in pauses:
        while not (alive := watch.workers()) and not over.wait(0.1):
            pass
        if over.wait(pause) or not (alive := watch.workers()):
            return
        os.kill(random.choice(alive), signal.SIGKILL)
        took.killed += 1


def edited_in(turn: int, accounts: int) -> set[Put]:
    """Return the PUTs that applying the edit of a turn to so many accounts sends."""
    texts = json.dumps({"description": new_description(turn)})
    return {(account_of(number), places.list_id(EDITED), texts) for number in range(accounts)}


def ask_truth(url: str, meant: set[Put]) -> dict[str, int]:
    """Return the counts of the double; raise AssertionError where it lacks a PUT that is meant, or has seen another."""
    with urlopen(f"{url}/truth") as answer:  # loopback
        seen = json.load(answer)
    written = {(account, key, texts): times for account, key, texts, times in seen.pop("written")}
    assert set(written) == meant, f"{len(meant - set(written))} not written, {len(set(written) - meant)} not meant"
    return {"limit_answers": 0, **seen, "sent_again": sum(times - 1 for times in written.values())}


BOUNDS = (16, 64, 256, 1_000)
_WITH_BOUND = "import sys; from reconciler.engine import per_account; per_account.THREADS = {}; {}"
_MAIN = "from reconciler.__main__ import main; sys.argv[0] = 'reconciler'; sys.exit(main())"


def threads(binaries: Path, accounts: int, lists: int) -> dict[str, Any]:
    """Return what one process takes for 1,000 accounts, by how many it works on at a time."""
    accounts = min(accounts, 1_000)
    with double(lists, LATENCY) as url:
        (folder,) = write_fleet(places.FOLDER / "threads", url, accounts, lists, accounts)
        taken = {}
        for turn, bound in enumerate(BOUNDS, start=1):
            edit(folder, turn)
            words: list[str | Path] = [
                binaries / "python",
                "-c",
                _WITH_BOUND.format(bound, _MAIN),
                "apply",
                "--all-envs",
                "--yes",
            ]
            taken[str(bound)] = asdict(Command(words, folder, VARIABLES).run()) | {"said": ""}
    return taken


MEASURED = (["validate"], ["plan", "--all-envs"], ["drift", "--all-envs"], ["apply", "--all-envs", "--yes"])


def memory(binaries: Path, accounts: int, lists: int) -> dict[str, Any]:
    """Return the MiB at the peak of commands of one process, by the number of accounts in the manifest."""
    taken: dict[str, Any] = {}
    for number in sorted({min(accounts, each) for each in (100, 1_000, 5_000)}):
        with double(lists, 0.0) as url:
            (folder,) = write_fleet(places.FOLDER / "memory", url, number, lists, number)
            edit(folder, 1)
            commands = {
                "validate": [],
                "plan": ["--all-envs"],
                "drift": ["--all-envs"],
                "apply": ["--all-envs", "--yes"],
            }
            took = {
                verb: Command([binaries / "reconciler", verb, *words], folder, VARIABLES).run()
                for verb, words in commands.items()
            }
        size = (folder / "lists.yaml").stat().st_size / 2**20
        taken[str(number)] = {"manifest": size, **{verb: [each.memory, each.processor] for verb, each in took.items()}}
    return taken

"""Told to stop, wherever it is, a run sends no further PUT, records what it sent, and says all of it."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from reconciler.sandbox import faults
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.request_log import Logged
from tests.marks import each_once, first_always
from tests.program import PROGRAM, Workplace, some_lists, workplace
from tests.starter import Started

LISTS = some_lists(4)
WAITING = 60.0
NOT_SENT = dict.fromkeys("abcd", "not_sent 0 None")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Four lists in the state, all to be renamed."""
    with workplace(tmp_path, LISTS, measured=False) as made:
        made.declare(LISTS)
        made.apply_first()
        made.declare(LISTS, **{key: {"name": f"New {key}"} for key in "abcd"})
        yield made


def outcomes(document: str) -> dict[str, str]:
    """Say the outcomes of a result document in short: `updated 1 True`."""
    (environment,) = json.loads(document)["environments"]
    return {each["key"]: f"{each['outcome']} {each['attempts']} {each['verified']}" for each in environment["outcomes"]}


def await_(place: Workplace, happened: Callable[[Sequence[Logged]], bool]) -> None:
    """Wait until the sandbox has seen what is to be seen."""
    until = time.monotonic() + WAITING
    while not happened(place.sandbox.world.log.entries):
        assert time.monotonic() < until, place.sandbox.world.log.entries
        time.sleep(0.01)


def arrived(count: int, kind: str) -> Callable[[Sequence[Logged]], bool]:
    """Look for so many requests of a kind."""
    return lambda entries: sum(entry.call.kind == kind for entry in entries) >= count


def answered(count: int) -> Callable[[Sequence[Logged]], bool]:
    """Look for so many requests that have their answer."""
    return lambda entries: sum(entry.answered_at is not None for entry in entries) >= count


ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LONG = 3  # seconds until an answer, before which a signal comes on any machine
Row = tuple[str, Sequence[Fault], int, Callable[[Sequence[Logged]], bool], dict[str, str], set[str]]
TABLE: list[Row] = [
    (
        "while the account is read",
        [faults.Delay(call="read_all", seconds=LONG)],
        6000,
        arrived(1, "read_all"),
        NOT_SENT,
        set(),
    ),
    (
        "while a PUT is in flight",
        [faults.Delay(call="put", at=2, seconds=LONG)],
        6000,
        arrived(2, "put"),
        {**NOT_SENT, "a": "updated 1 True", "b": "updated 1 True"},
        {"a", "b"},
    ),
    (
        "while a PUT is in flight that is never answered",
        [faults.Hang(call="put", at=2, seconds=60)],
        6000,
        arrived(2, "put"),
        {**NOT_SENT, "a": "updated 1 True", "b": "in_doubt 1 False"},
        {"a"},
    ),
    (
        "while a PUT is in flight that lands and is never answered",
        [faults.Hang(call="put", at=2, seconds=60, when="after")],
        6000,
        arrived(2, "put"),
        {**NOT_SENT, "a": "updated 1 True", "b": "updated 1 True"},
        {"a", "b"},
    ),
    (
        "while it waits to send a PUT again",
        [faults.Status(call="put", at=2, status=503, retry_after=50)],
        6000,
        answered(4),
        {**NOT_SENT, "a": "updated 1 True", "b": "in_doubt 1 False"},
        {"a"},
    ),
    (
        "while it waits for the limit",
        [],
        5,
        answered(5),
        {**NOT_SENT, **dict.fromkeys("abc", "unverified 1 None")},
        {"a", "b", "c"},
    ),
    (
        "while the first PUT is read back",
        [faults.Delay(call="read_all", at=2, seconds=LONG)],
        6000,
        arrived(2, "read_all"),
        {**NOT_SENT, "a": "updated 1 True"},
        {"a"},
    ),
    (
        "while the last look is taken",
        [faults.Delay(call="read_all", at=3, seconds=LONG)],
        6000,
        arrived(3, "read_all"),
        dict.fromkeys("abcd", "updated 1 True"),
        set("abcd"),
    ),
]


@pytest.mark.parametrize(
    ("number", "broken", "rate", "happened", "became", "written"),
    [(ENDING[index % 3], *row[1:]) for index, row in enumerate(TABLE)],
    ids=[row[0] for row in TABLE],
)
def test_one_signal_ends_the_run_in_order(
    place: Workplace,
    number: signal.Signals,
    broken: Sequence[Fault],
    rate: int,
    happened: Callable[[Sequence[Logged]], bool],
    became: dict[str, str],
    written: set[str],
) -> None:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(manifest.read_text().replace("per_minute: 6000", f"per_minute: {rate}"))
    place.sandbox.world.faults.arm(broken)
    hangs = any(isinstance(each, faults.Hang) for each in broken)
    running = place.start("apply", "--yes", "--json", "--timeout", "2" if hangs else "30")
    await_(place, happened)
    time.sleep(0.2)
    puts = len(place.sandbox.world.log.puts())
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 128 + number, err
    assert outcomes(out) == became
    assert len(place.sandbox.world.log.puts()) == puts
    assert {key for key, entry in place.state().items() if entry["name"] == f"New {key}"} == written
    doubted = {key for key, outcome in became.items() if outcome.startswith("in_doubt")}
    assert {key for key, entry in place.state().items() if entry["status"] != "applied"} == doubted
    assert sorted(path.name for path in (place.folder / ".reconciler").iterdir()) == ["prod.lock", "prod.state.json"]
    place.sandbox.world.faults.clear()
    place.declare(LISTS, **{key: {"name": f"New {key}"} for key in "abcd"})
    assert place.run("apply", "--yes").code == 0
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0


def test_waits_are_told(place: Workplace) -> None:
    """In seconds as the API says them, or for the rate limit; words of the API do nothing on the way."""
    place.sandbox.world.faults.arm(
        [
            faults.Status(call="read_all", at=1, status=503, retry_after=1),
            faults.Status(call="put", at=1, status=503, retry_after=1, message="\x1b[2Jbusy"),
        ]
    )
    ran = place.run("apply", "--yes", "--only", "a")
    assert ran.code == 0
    assert "Something went wrong; attempt 2 of 5 in 1 s\n" in ran.err
    assert "a: HTTP 503: \\x1b[2Jbusy; attempt 2 of 5 in 1 s\n" in ran.err


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_second_signal_leaves_at_once_and_the_next_run_tells_the_truth(place: Workplace, when: str) -> None:
    place.sandbox.world.faults.arm([faults.Hang.model_validate({"call": "put", "at": 2, "seconds": 60, "when": when})])
    with place.start("apply", "--yes", "--json") as running:
        await_(place, arrived(2, "put"))
        time.sleep(0.2)
        running.send_signal(signal.SIGTERM)
        running.read_until("stopping")
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        assert running.wait(WAITING) == 130
    listed = place.run("state", "list", "--json").document["lists"]
    assert isinstance(listed, list)
    assert [entry["status"] for entry in listed] == ["applied", "in_doubt", "applied", "applied"]
    place.sandbox.world.faults.clear()
    ran = place.run("apply", "--yes", "--json")
    settled = "adopted 0 None" if when == "after" else "updated 1 True"
    assert outcomes(ran.out) == {"b": settled, "c": "updated 1 True", "d": "updated 1 True"}
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0


class Terminal:
    """The program at a terminal of its own."""

    def __init__(self, place: Workplace, *arguments: str, **variables: str) -> None:
        self.shown = ""
        self._decode = getincrementaldecoder("utf-8")().decode  # what is read may end within a character
        self._leader, follower = pty.openpty()
        variables = {**place.variables, "TERM": "xterm", **variables}
        self.running = Started(arguments, place.folder, variables, [follower] * 3)
        os.close(follower)

    def read_until(self, wanted: str) -> None:
        """Read what is shown until `wanted` is, or nothing more comes."""
        self.read_for(WAITING, wanted)

    def read_for(self, seconds: float, wanted: str | None = None) -> None:
        """Read what is shown for so long, or until `wanted` is, or nothing more comes."""
        until = time.monotonic() + seconds
        while (wanted is None or wanted not in self.shown) and time.monotonic() < until:
            ready, _, _ = select.select([self._leader], [], [], 0.1)
            try:
                self.shown += self._decode(os.read(self._leader, 65536)) if ready else ""
            except OSError:
                return

    def type(self, text: str) -> None:
        """Type a text."""
        os.write(self._leader, text.encode())

    def end(self) -> int:
        """Wait for the end and return the exit code."""
        self.read_until("there is no such text, so read all of it")
        code = self.running.wait(WAITING)
        os.close(self._leader)
        return code


@pytest.mark.parametrize("number", first_always(ENDING))
def test_at_the_prompt_one_signal_is_an_answer(place: Workplace, number: signal.Signals) -> None:
    terminal = Terminal(place, "apply")
    terminal.read_until("Type yes to apply")
    terminal.running.send_signal(number)
    assert terminal.end() == 128 + number
    assert "nothing was changed" in terminal.shown
    assert place.puts == []
    assert place.run("apply", "--yes").code == 0


HIDE, SHOW = "\x1b[?25l", "\x1b[?25h"
JUST_BEFORE = """
import ctypes, functools, operator, select, signal
from reconciler.cli.runtime import Runtime
runtime = Runtime()
runtime.watch()
# Called from C one after the other: nothing of Python's, and so no handler, runs in between.
signalled = functools.partial(ctypes.CDLL(None)["raise"], signal.SIGTERM)
asleep = functools.partial(select.select, [runtime._woken], [], [], 30)
_, (woken, _, _) = list(map(operator.call, (signalled, asleep)))
raise SystemExit(0 if woken and runtime.signal == signal.SIGTERM else 1)
"""


def test_a_signal_just_before_a_wait_ends_it() -> None:
    subprocess.run([sys.executable, "-c", JUST_BEFORE], check=True, timeout=60)


def test_a_signal_while_reading_leaves_nothing_to_ask(place: Workplace) -> None:
    place.sandbox.world.faults.arm([faults.Delay(call="read_all", seconds=LONG)])
    terminal = Terminal(place, "apply")
    await_(place, arrived(1, "read_all"))
    terminal.running.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert "Type yes to apply" not in terminal.shown
    assert place.puts == []


def test_the_bar_begins_after_the_answer_and_a_second_signal_brings_the_cursor_back(place: Workplace) -> None:
    place.sandbox.world.faults.arm([faults.Hang(call="put", at=2, seconds=60)])
    terminal = Terminal(place, "apply")
    terminal.read_until("Type yes to apply: ")
    terminal.read_for(0.5)
    assert terminal.shown.endswith("Type yes to apply: ")
    assert HIDE not in terminal.shown
    terminal.type("yes\n")
    await_(place, arrived(2, "put"))
    terminal.read_until(HIDE)
    terminal.running.send_signal(signal.SIGINT)
    terminal.read_until("once more to leave at once")
    terminal.running.send_signal(signal.SIGHUP)
    assert terminal.end() == 129
    assert "once more to leave at once" in terminal.shown
    assert "left at once: the next apply settles what was in flight" in terminal.shown
    assert terminal.shown.rindex(SHOW) > terminal.shown.rindex(HIDE)


PLAIN: list[tuple[list[str], dict[str, str]]] = [(["--no-color"], {}), ([], {"TERM": "dumb"}), ([], {"NO_COLOR": "1"})]


@pytest.mark.parametrize(("arguments", "variables"), PLAIN)
def test_plain_text_is_plain_under_way_too(place: Workplace, arguments: list[str], variables: dict[str, str]) -> None:
    terminal = Terminal(place, "apply", "--yes", *arguments, **variables)
    assert terminal.end() == 0
    assert "\x1b" not in terminal.shown
    assert "prod  4/4  d  updated" in terminal.shown


@pytest.mark.parametrize("number", first_always(ENDING))
def test_a_signal_that_is_ignored_at_the_start_stays_ignored(place: Workplace, number: signal.Signals) -> None:
    """As nohup, and the background jobs of a shell, want it."""
    place.sandbox.world.faults.arm([faults.Delay(call="put", at=1, seconds=LONG)])
    ignoring = ["sh", "-c", f'trap "" {number.name.removeprefix("SIG")}; exec "$@"', "sh", *PROGRAM, "apply", "--yes"]
    with subprocess.Popen(ignoring, cwd=place.folder, env=place.variables, stdout=subprocess.PIPE) as running:
        await_(place, arrived(1, "put"))
        running.send_signal(number)
        assert running.wait(WAITING) == 0
    assert len(place.sandbox.world.log.puts()) == 4


EARLY = ["argparse", "reconciler.cli.reports", "reconciler.manifest.loader", "httpx", "reconciler.engine.applying"]


@pytest.mark.parametrize(("module", "number"), each_once(EARLY, ENDING))
def test_a_signal_while_the_program_starts(place: Workplace, module: str, number: signal.Signals) -> None:
    """Once Python has run the first lines of the program; what it imports is told as it is imported."""
    puts = len(place.puts)
    started = [sys.executable, "-X", "importtime", "-m", "reconciler", "apply", "--yes"]
    with subprocess.Popen(started, cwd=place.folder, env=place.variables, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr
        said = next(line for line in running.stderr if line.split("|")[-1].strip() == module)
        running.send_signal(number)
        said += running.stderr.read()
        assert running.wait(WAITING) == 128 + number
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert len(place.puts) == puts


@pytest.mark.parametrize(
    ("arguments", "number"), each_once([["plan", "--refresh"], ["drift"], ["import"], ["doctor"]], ENDING)
)
def test_a_signal_ends_what_only_reads(place: Workplace, arguments: list[str], number: signal.Signals) -> None:
    place.sandbox.world.faults.arm([faults.Delay(call="read_all", seconds=LONG)])
    running = place.start(*arguments)
    await_(place, arrived(1, "read_all"))
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out, err) == (128 + number, "", "")
    assert place.run("state", "rm", "a").code == 0  # nobody holds the lock


def test_a_wait_for_the_limit_is_told_and_what_is_known_is_summed_up(place: Workplace) -> None:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(manifest.read_text().replace("per_minute: 6000", "per_minute: 5"))
    with place.start("apply", "--yes", XDG_CACHE_HOME=str(place.folder / "fresh")) as running:
        await_(place, answered(5))
        running.read_until("waiting ")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert re.search(r"^waiting \d+ s for the .*limit", err, re.MULTILINE)
    assert "Incomplete: 0 of 4 changes made; 3 more acknowledged and recorded, but not read back." in out
    assert "a  acknowledged, not read back" in out
    assert "the next apply reads them" in " ".join(out.split())

"""Arguments and files as nobody would write them: every run ends in words, in time, with a known exit code."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli.app import VERBS, whole
from reconciler.model.lists import Applied, AppliedList, Target
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from reconciler.state import journal
from tests.fuzz import odd
from tests.fuzz.program import CODES, UNEXPECTED, assert_in_order
from tests.program import PROGRAM, Workplace, some_lists, workplace

pytestmark = pytest.mark.slow

LISTS = some_lists(3)
MANIFEST, STATE = "lists.yaml", ".reconciler/prod.state.json"
JOURNAL, LOCK = ".reconciler/prod.journal.jsonl", ".reconciler/prod.lock"
NAMES = [MANIFEST, "plan.json", "undo.json", "pushed.json", STATE, JOURNAL, LOCK]
GOOD: dict[str, bytes] = {}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workplace]:
    """Three lists, a saved plan, an undo, a state, a journal and a lock, all of them good; in GOOD as they were."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limits[1], limits[1]))
    with workplace(tmp_path_factory.mktemp("fuzz"), LISTS, measured=False) as made:
        made.declare(LISTS)
        assert made.run("apply", "--yes", "--undo-out", "undo.json").code == 0
        made.declare(LISTS, a={"name": "New 1"}, b={"description": "New 2"})
        assert made.run("plan", "--refresh", "--out", "plan.json").code == 0
        folder = made.folder
        state = json.loads((folder / STATE).read_bytes())
        base = Applied("prod", Target(made.sandbox.url, STREAM_ID, ACCOUNT_ID), state["lineage"], state["serial"], {})
        entry = AppliedList("a", LISTS[0].id, {"name": "Alpha 1"}, "2026-11-22T10:00:00Z")
        (folder / JOURNAL).write_bytes(journal.render(base, {"a": entry}))
        (folder / "pushed.json").write_bytes((folder / STATE).read_bytes())
        GOOD.update({name: (folder / name).read_bytes() for name in NAMES})
        yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)
    signal.set_wakeup_fd(-1)
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def renew(place: Workplace) -> None:
    """Make every file good again, and take away what a run made."""
    for path in place.folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    for name, content in GOOD.items():
        path = place.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


fuzzed = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Command(NamedTuple):
    """A command or an action of one, its options that take a value, and those that take none."""

    path: tuple[str, ...]
    taking: list[str]
    bare: list[str]


def _commands(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Command]:
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in below:
        for name, child in action.choices.items():
            yield from _commands(child, (*path, name))
    if not below:
        taking = [name for action in parser._actions if action.nargs != 0 for name in action.option_strings]
        bare = [name for action in parser._actions if action.nargs == 0 for name in action.option_strings]
        yield Command(path, taking, bare)


SERVERS = {("sandbox",), ("mcp",)}  # which serve until a signal, or the end of stdin
COMMANDS = [command for command in _commands(whole()) if command.path not in SERVERS]


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Return the arguments of a command with odd values, options given twice, too many or unknown words."""
    path, taking, bare = draw(st.sampled_from(COMMANDS))
    line = list(path)
    if draw(st.integers(0, 9)) == 0:
        line[-1] = draw(odd.values)
    for _ in range(draw(st.integers(0, 5))):
        kind = draw(st.sampled_from(["taking", "taking", "bare", "value", "glued"]))
        if kind == "bare":
            line.append(draw(st.sampled_from([*bare, "--unknown"])))
        elif kind == "value":
            line.append(draw(odd.values))
        elif taking and kind == "glued":
            line.append(f"{draw(st.sampled_from(taking))}={draw(odd.values)}")
        elif taking:
            line += [draw(st.sampled_from(taking)), draw(odd.values)]
    return line


@fuzzed
@given(arguments=command_lines())
def test_arguments(place: Workplace, arguments: list[str]) -> None:
    renew(place)
    assert_in_order(place.folder, place.variables, arguments)


VARIABLES = ["RECONCILER_FILE", "RECONCILER_ENV", "RECONCILER_TIMEOUT", "COLUMNS", "XDG_CACHE_HOME"]
VARIABLES += [
    f"KORE_{name}" for name in ("CLIENT_ID", "CLIENT_SECRET", "TOKEN", "HOST", "JWT_ALGORITHM", "JWT_SUBJECT")
]
VARIABLES += ["KORE_CLIENT_SECRET_FILE"]


@fuzzed
@given(variables=st.dictionaries(st.sampled_from(VARIABLES), odd.values, min_size=1, max_size=3), data=st.data())
def test_variables(place: Workplace, variables: dict[str, str], data: st.DataObject) -> None:
    arguments = data.draw(st.sampled_from([["plan"], ["plan", "--refresh"], ["doctor", "--json"], ["validate"]]))
    renew(place)
    assert_in_order(place.folder, {**place.variables, **variables}, arguments)


READERS = {
    MANIFEST: ["validate", "validate --json", "plan --json", "environments", "import --dry-run", "state list"],
    "plan.json": ["apply plan.json --yes", "apply plan.json --yes --json"],
    "undo.json": ["apply undo.json --yes"],
    "pushed.json": ["state push pushed.json"],
    STATE: ["plan", "state list", "state pull", "state mv a z", "drift", "apply --yes", "doctor"],
    JOURNAL: ["plan", "state show a", "state rm b", "apply --yes"],
    LOCK: ["plan", "state rm b", "doctor"],
}
CASES = [(name, arguments) for name, every in READERS.items() for arguments in every]


@pytest.mark.parametrize("content", odd.CONTENTS)
@pytest.mark.parametrize("name", READERS)
def test_files_that_hold_something_else(place: Workplace, name: str, content: str) -> None:
    for command in READERS[name]:
        renew(place)
        (place.folder / name).write_bytes(odd.CONTENTS[content])
        assert_in_order(place.folder, place.variables, command.split())


@fuzzed
@given(data=st.data())
def test_files_that_were_changed(place: Workplace, data: st.DataObject) -> None:
    name, command = data.draw(st.sampled_from(CASES))
    kinds = [odd.mutated(GOOD[name])]
    if name.endswith(".json"):
        kinds.append(odd.retyped(GOOD[name]))
    content = data.draw(st.one_of(kinds))
    renew(place)
    (place.folder / name).write_bytes(content)
    assert_in_order(place.folder, place.variables, command.split())


SCALARS = ["[]", "{}", "null", "-", "1", "9" * 400, "'x'", "[[[[", "&a x", "*a", "!!python/x y", "|", ">", "? ", "yes"]
SCALARS += [f"'{'x' * 5000}'"]


@fuzzed
@given(data=st.data())
def test_manifests_with_other_values(place: Workplace, data: st.DataObject) -> None:
    """Any scalar of a good manifest becomes another one."""
    good = GOOD[MANIFEST].decode()
    scalars = list(re.finditer(r"(?<=: ).+$", good, re.MULTILINE))
    found = data.draw(st.sampled_from(scalars))
    new = data.draw(st.sampled_from(SCALARS) | odd.values)
    renew(place)
    text = good[: found.start()] + new + good[found.end() :]
    (place.folder / MANIFEST).write_bytes(text.encode(errors="surrogatepass"))
    command = data.draw(st.sampled_from(READERS[MANIFEST]))
    assert_in_order(place.folder, place.variables, command.split())


def a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def a_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def a_link_to(target: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(path.name if target == "itself" else target)

    return make


PLACES: dict[str, Callable[[Path], None]] = {"a folder": a_folder, "a pipe": a_pipe}
LEADING_TO = ("nowhere", "itself", "/dev/null", "/dev/zero", "/dev/full", "/")
PLACES |= {f"a link to {target}": a_link_to(target) for target in LEADING_TO}


def finished(place: Workplace, arguments: list[str]) -> None:
    """Run the program in a process of its own, which may not hang."""
    ended = subprocess.run(
        [*PROGRAM, *arguments], cwd=place.folder, env=place.variables, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=60, check=False,
    )  # fmt: skip
    said = (ended.stdout + ended.stderr).decode(errors="replace")
    assert ended.returncode in CODES, said
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert UNEXPECTED not in said


@pytest.mark.parametrize("make", PLACES)
@pytest.mark.parametrize("name", READERS)
def test_no_regular_files(place: Workplace, name: str, make: str) -> None:
    for command in READERS[name][: 1 if make == "a pipe" else None]:  # which is waited for
        renew(place)
        PLACES[make](place.folder / name)
        finished(place, command.split())


ARGUMENTS = {
    "no UTF-8": ["\udcff"],
    "a file that is no UTF-8": ["-f", "\udcff"],
    "two dashes": ["--"],
    "nothing": [""],
    "a long one": ["a" * 100_000],
    "help twice": ["--help", "--help"],
}


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", ARGUMENTS)
def test_real_processes(place: Workplace, verb: str, kind: str) -> None:
    renew(place)
    finished(place, [verb, *(["--settings"] if verb == "sandbox" else []), *ARGUMENTS[kind]])

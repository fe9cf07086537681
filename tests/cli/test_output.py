"""Output that cannot be written stops, slows and reclassifies no run, and nothing ends in a traceback."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.marks import each_once, first_always
from tests.program import PROGRAM, SECONDS, Workplace, some_lists, workplace

LISTS = some_lists(5)
CHANGED = {key: {"description": f"New {key}"} for key in "abcde"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Five lists, whose descriptions are all to be changed."""
    with workplace(tmp_path, LISTS, measured=False) as made:
        made.declare(LISTS, **CHANGED)
        yield made


NUMBERS = {"stdout": 1, "stderr": 2}


class Broken(NamedTuple):
    """How a stream is broken: by a redirection of the shell's, or by a descriptor that leads to where nobody reads."""

    redirection: str = ""
    opened: Callable[[ExitStack], int] | None = None


def reader_gone(_: ExitStack) -> int:
    """Return a pipe that nobody reads any more."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def terminal_gone(_: ExitStack) -> int:
    """Return a terminal that was closed: EIO."""
    leader, follower = pty.openpty()
    os.close(leader)
    return follower


def full_pipe() -> tuple[int, int]:
    """Return both ends of a pipe that takes nothing more."""
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(writing, b" " * 4096)
    except BlockingIOError:
        fcntl.fcntl(writing, fcntl.F_SETFL, flags)
    return reading, writing


def never_read(held: ExitStack) -> int:
    """Return a full pipe that nobody reads."""
    reading, writing = full_pipe()
    held.callback(os.close, reading)
    return writing


BROKEN = {
    "its reader has gone": Broken(opened=reader_gone),
    "its terminal was closed": Broken(opened=terminal_gone),
    "its disk is full": Broken(">/dev/full"),
    "it is closed": Broken(">&-"),
}
ERRORS = [name for name in BROKEN if name != "its reader has gone"]


@contextmanager
def running(
    place: Workplace, arguments: list[str], how: dict[str, Broken], **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the program with streams broken, by name; the others are pipes."""
    shell = " ".join(f"{NUMBERS[name]}{each.redirection}" for name, each in how.items() if each.redirection)
    with ExitStack() as held:
        opened = {name: each.opened(held) for name, each in how.items() if each.opened}
        started = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {shell}', "sh", *PROGRAM, *arguments],
            cwd=place.folder,
            env={**place.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=opened.get("stdout", subprocess.PIPE),
            stderr=opened.get("stderr", subprocess.PIPE),
        )
        for descriptor in opened.values():
            os.close(descriptor)
        with started:
            yield started


def ran(place: Workplace, arguments: list[str], how: dict[str, Broken], **variables: str) -> tuple[int, str]:
    """Run the program to its end; return its exit code and what it could still say."""
    with running(place, arguments, how, **variables) as started:
        out, err = started.communicate(timeout=SECONDS)
    said = (out or b"").decode() + (err or b"").decode()
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    return started.returncode, said


def assert_all_done(place: Workplace) -> None:
    """Look whether the run did, recorded and reported all of it."""
    assert len(place.puts) == 5
    assert {entry["description"] for entry in place.state().values()} == {f"New {key}" for key in "abcde"}
    assert {entry["status"] for entry in place.state().values()} == {"applied"}
    assert sorted(path.name for path in (place.folder / ".reconciler").iterdir()) == ["prod.lock", "prod.state.json"]
    report = json.loads((place.folder / "report.json").read_text(encoding="utf-8"))
    assert report["environments"][0]["summary"]["updated"] == 5
    undo = json.loads((place.folder / "undo.json").read_text(encoding="utf-8"))
    assert len(undo["environments"][0]["changes"]) == 5


APPLY = ["apply", "--yes", "--report", "json=report.json", "--undo-out", "undo.json"]


@pytest.mark.parametrize(("name", "streams"), each_once(BROKEN, [("stdout",), ("stderr",), ("stdout", "stderr")]))
def test_an_apply_does_all_of_it_and_its_exit_code_says_so(
    place: Workplace, name: str, streams: tuple[str, ...]
) -> None:
    code, said = ran(place, APPLY, dict.fromkeys(streams, BROKEN[name]))
    assert code == 0, said
    assert_all_done(place)
    if streams == ("stdout",):
        assert ("warning: stdout could not be written" in said) == (name in ERRORS)


@pytest.mark.parametrize("arguments", [APPLY, [*APPLY, "--json"]], ids=["text", "json"])
def test_a_reader_that_leaves_after_one_line(place: Workplace, arguments: list[str]) -> None:
    with running(place, arguments, {}) as started:
        assert started.stdout
        assert started.stdout.readline()
        started.stdout.close()
        assert started.stderr
        said = started.stderr.read().decode()
        assert started.wait(SECONDS) == 0
    assert "Traceback" not in said
    assert "Exception ignored" not in said
    assert_all_done(place)


def test_messages_that_nothing_reads_do_not_hold_up_a_run(place: Workplace) -> None:
    code, _ = ran(place, APPLY, {"stderr": Broken(opened=never_read)})
    assert code == 0
    assert_all_done(place)


@pytest.mark.parametrize("arguments", [APPLY, [*APPLY, "--json"]], ids=["text", "json"])
def test_a_result_that_nothing_reads_waits_for_its_reader_when_all_is_done(
    place: Workplace, arguments: list[str]
) -> None:
    reading, writing = full_pipe()
    with running(place, arguments, {"stdout": Broken(opened=lambda _: writing)}) as started:
        report = place.folder / "report.json"
        until = time.monotonic() + SECONDS
        while not report.exists() or not report.stat().st_size:  # it is written last
            assert time.monotonic() < until
            time.sleep(0.05)
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(1)
        assert_all_done(place)
        assert place.run("doctor").code == 0  # nobody holds the lock
        with os.fdopen(reading, "rb") as reader:
            shown = reader.read().decode().strip()
        assert started.wait(SECONDS) == 0
    if "--json" in arguments:
        assert json.loads(shown)["environments"][0]["summary"]["updated"] == 5
    else:
        assert "Done: 5 changes made and recorded." in shown


READING = [
    ["--version"],
    ["--help"],
    ["validate"],
    ["plan"],
    ["plan", "--json"],
    ["plan", "--refresh", "--report", "html=-"],
    ["drift", "--json"],
    ["state", "pull"],
    ["schema"],
    ["environments", "--json"],
    ["doctor"],
    ["sandbox", "--settings"],
]


@pytest.mark.parametrize(("arguments", "name"), each_once(READING, list(BROKEN)))
def test_what_a_command_is_for_cannot_be_written(place: Workplace, arguments: list[str], name: str) -> None:
    code, said = ran(place, arguments, {"stdout": BROKEN[name]})
    if name in ERRORS:
        assert code == 1
        assert "error: stdout could not be written" in said
    else:
        assert (code, "could not be written" in said) == (0, False)


@pytest.mark.parametrize("name", first_always(BROKEN))
def test_without_stderr_a_command_says_the_same(place: Workplace, name: str) -> None:
    how = {"stderr": BROKEN[name]}
    assert ran(place, ["validate"], how) == (0, "lists.yaml: valid (prod 5 lists)\n")
    assert ran(place, ["plan", "--detailed-exitcode"], how)[0] == 2
    assert ran(place, ["plan", "--unknown"], how) == (1, "")


@pytest.mark.parametrize(
    ("option", "path", "said"),
    [
        ("--report", "json=/dev/full", "warning: cannot write /dev/full: No space left on device"),
        ("--undo-out", "/dev/full", "what this run did is not whole: cannot write /dev/full: No space left on device"),
    ],
)
def test_a_full_disk_for_a_file(place: Workplace, option: str, path: str, said: str) -> None:
    """The run is done: its exit code says so, and the message names the file that is not whole."""
    code, err = ran(place, ["apply", "--yes", option, path], {})
    assert (code, len(place.puts)) == (0, 5)
    assert said in err
    assert place.run("plan", "--refresh", "--detailed-exitcode").code == 0


LOCALES = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "latin-1"},
    {"PYTHONIOENCODING": "ascii:strict"},
]
DOCUMENTS = [
    ["plan", "--json"],
    ["apply", "--yes", "--json"],
    ["drift", "--json"],
    ["state", "show", "a", "--json"],
    ["state", "list", "--json"],
    ["state", "pull"],
    ["validate", "--json"],
    ["environments", "--json"],
    ["schema"],
]


@pytest.mark.parametrize("locale", first_always(LOCALES), ids=str)
def test_documents_are_the_same_in_every_locale(tmp_path: Path, locale: dict[str, str]) -> None:
    lists = some_lists(1)
    with workplace(tmp_path, lists, measured=False) as place:
        place.declare(lists, a={"description": "Überfällig → 日本"})
        for arguments in DOCUMENTS:
            with running(place, arguments, {}, **locale) as started:
                out, err = started.communicate(timeout=SECONDS)
            assert started.returncode == 0, err
            assert b"Traceback" not in err
            if arguments[0] not in ("apply", "plan", "drift"):  # those name times
                assert out.decode("utf-8") == place.run(*arguments).out
            if arguments[0] in ("plan", "state"):
                assert "Überfällig → 日本" in out.decode("utf-8")


def at_a_terminal(place: Workplace, redirections: str, *arguments: str) -> tuple[int, str]:
    """Run the program with a terminal as stdin, where somebody has typed yes, and streams as the shell is told."""
    leader, follower = pty.openpty()
    started = subprocess.Popen(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *PROGRAM, *arguments],
        cwd=place.folder,
        env=place.variables,
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.close(follower)
    os.write(leader, b"yes\n")
    out, err = started.communicate(timeout=SECONDS)
    os.close(leader)
    assert b"Traceback" not in out + err
    return started.returncode, err.decode()


@pytest.mark.parametrize(
    ("redirections", "arguments", "said"),
    [
        (">&-", (), "the question cannot be shown: stdout could not be written (it is closed)"),
        (
            ">/dev/full",
            (),
            "the question cannot be shown: stdout could not be written (No space left on device)",
        ),
        ("2>&-", ("--json",), ""),
        ("<&-", (), "error: there is no terminal to ask at"),
    ],
)
def test_a_question_that_cannot_be_shown_is_answered_by_no(
    place: Workplace, redirections: str, arguments: tuple[str, ...], said: str
) -> None:
    code, err = at_a_terminal(place, redirections, "apply", *arguments)
    assert code == 1
    assert said in err
    assert place.puts == []


def test_with_a_result_for_machines_the_question_goes_to_stderr(place: Workplace) -> None:
    code, err = at_a_terminal(place, "", "apply", "--json")
    assert code == 0
    assert "Apply these 5 changes to prod?" in err
    assert len(place.puts) == 5


def test_a_closed_descriptor_is_not_given_to_the_next_file(place: Workplace) -> None:
    """What is printed where stdout or stderr was must not land in a state, or on the wire."""
    (place.folder / "lists.yaml").write_text("version: 1\n")  # a problem, to be printed
    how = {"stdout": Broken(">&-"), "stderr": Broken(">&-")}
    assert ran(place, ["validate"], how) == (1, "")
    place.declare(LISTS, **CHANGED)
    assert ran(place, APPLY, how, GIT_TRACE="1") == (0, "")
    assert_all_done(place)

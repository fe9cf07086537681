"""Where `--out`, `--undo-out` and `--report` write: real links, pipes, devices, and whatever a command reads."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from tests.program import PROGRAM, Ran, Workplace, some_lists

WORDS = [
    ["plan", "--out", ""],
    ["plan", "--report", "json="],
    ["drift", "--report", "text="],
    ["apply", "--yes", "--undo-out", ""],
    ["apply", "--yes", "--report", "markdown="],
]


def run(place: Workplace, words: list[str], path: object, **variables: str) -> Ran:
    return place.run(*words[:-1], f"{words[-1]}{path}", **variables)


def same(target: Path, name: Path) -> None:
    del target, name


def hard(target: Path, name: Path) -> None:
    os.link(target, name)


@pytest.fixture
def read(place: Workplace) -> dict[str, Path]:
    """All that an apply reads, by what it is."""
    folder = place.folder
    (folder / "more").mkdir()
    (folder / "more" / "part.txt").write_text("lists: {}\n")
    manifest = folder / "lists.yaml"
    manifest.write_text(manifest.read_text() + "include: [more/*]\n")
    (folder / "secret").write_text("secret")
    return {
        "manifest": manifest,
        "included file": folder / "more" / "part.txt",
        "state": folder / ".reconciler" / "prod.state.json",
        "lock": folder / ".reconciler" / "prod.lock",
        "secret": folder / "secret",
    }


WAYS = [
    pytest.param(WORDS[number % len(WORDS)], what, link, id=f"{what} {link.__name__}")
    for number, (link, what) in enumerate(
        product([same, hard], ["manifest", "included file", "state", "lock", "secret", "state"])
    )
]


@pytest.mark.parametrize(("words", "what", "link"), WAYS)
def test_nothing_that_is_read_is_written_over(
    place: Workplace, read: dict[str, Path], words: list[str], what: str, link: Callable[[Path, Path], None]
) -> None:
    name = read[what] if link is same else place.folder / "out.txt"
    link(read[what], name)
    before = read[what].read_bytes()
    ran = run(place, words, name, SOME_FILE=str(read["secret"]))
    assert ran.code == 1
    assert "name another file" in ran.err
    assert read[what].read_bytes() == before
    assert name.exists()


def test_a_saved_plan_is_not_written_over(place: Workplace, read: dict[str, Path]) -> None:
    del read
    assert place.run("plan", "--out", "plan.json").code == 0
    before = (place.folder / "plan.json").read_bytes()
    os.link(place.folder / "plan.json", place.folder / "again")
    for option, said in (
        (["--undo-out", "again"], "again is a file that this command reads (plan.json)"),
        (["--report", "json=again"], "again is a file that this command reads (plan.json)"),
        (["--undo-out", "./plan.json"], "plan.json is a file that this command reads:"),
    ):
        ran = place.run("apply", "plan.json", "--yes", *option)
        assert (ran.code, said in ran.err) == (1, True)
    assert (place.folder / "plan.json").read_bytes() == before


@pytest.mark.parametrize("verb", ["plan", "drift", "apply"])
def test_the_summary_of_a_job_is_no_file_that_is_read(place: Workplace, read: dict[str, Path], verb: str) -> None:
    del read["secret"]  # no variable names it here
    before = {path: path.read_bytes() for path in read.values()}
    (place.folder / "again").symlink_to("lists.yaml")
    for name in (*map(str, read.values()), "again"):
        ran = place.run(verb, *(["--yes"] if verb == "apply" else []), GITHUB_STEP_SUMMARY=name)
        assert (ran.code, f"GITHUB_STEP_SUMMARY={name} is a file that this command reads" in ran.err) == (1, True)
    assert {path: path.read_bytes() for path in before} == before


def test_a_summary_that_is_a_pipe_which_nobody_reads_is_told(place: Workplace) -> None:
    os.mkfifo(place.folder / "pipe")
    ran = place.run("plan", GITHUB_STEP_SUMMARY="pipe")
    assert (ran.code, "warning: GITHUB_STEP_SUMMARY: cannot write pipe: " in ran.err) == (0, True)


def test_two_outputs_onto_one_file_are_refused(place: Workplace) -> None:
    (place.folder / "one").write_text("old")
    os.link(place.folder / "one", place.folder / "other")
    ran = place.run("plan", "--out", "one", "--report", "text=other")
    assert ran.code == 1
    assert "other is named twice (one): give each output a file of its own" in ran.err
    assert (place.folder / "one").read_text() == "old"


STDOUT = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]


@pytest.mark.parametrize("name", STDOUT)
def test_stdout_takes_one_document(place: Workplace, name: str) -> None:
    assert json.loads(place.run("plan", "--out", name).out)["format"] == "reconciler/plan/1"
    for words in (
        ["plan", "--json", "--out", name],
        ["plan", "--json", "--report", f"json={name}"],
        ["apply", "--yes", "--undo-out", name, "--report", "text=-"],
    ):
        ran = place.run(*words)
        assert (ran.code, ran.out) == (1, "")
        assert "would both go to stdout: name a file" in ran.err


@pytest.mark.parametrize("name", ["/dev/stdout", "/proc/self/fd/1"])
def test_a_redirected_stdout_is_written_on_and_not_replaced(place: Workplace, name: str) -> None:
    with (place.folder / "log").open("wb") as log:
        log.write(b"before\n")
        log.flush()
        number = os.fstat(log.fileno()).st_ino
        subprocess.run(
            [*PROGRAM, "plan", "--report", f"text={name}"],
            cwd=place.folder,
            env=place.variables,
            stdout=log,
            check=True,
        )
    assert (place.folder / "log").stat().st_ino == number
    assert (place.folder / "log").read_text().startswith("before\n")


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_a_device_is_written_to_and_stays(place: Workplace, words: list[str]) -> None:
    assert run(place, words, "/dev/null").code == 0
    assert Path("/dev/null").is_char_device()


def test_a_pipe_is_written_to_and_stays(place: Workplace) -> None:
    os.mkfifo(place.folder / "pipe")
    taken: list[str] = []
    reader = threading.Thread(target=lambda: taken.append((place.folder / "pipe").read_text()))
    reader.start()
    assert place.run("plan", "--report", "json=pipe").code == 0
    reader.join()
    assert taken[0].startswith('{"format": "reconciler/plan/1"') or '"reconciler/plan/1"' in taken[0]
    assert (place.folder / "pipe").is_fifo()


def test_a_file_that_is_replaced_keeps_its_rights(place: Workplace) -> None:
    for number, words in enumerate(WORDS):
        place.declare(some_lists(3), a={"description": f"New {number}"})
        (place.folder / "out").write_text("old")
        (place.folder / "out").chmod(0o4640)
        assert run(place, words, "out").code == 0
        assert (place.folder / "out").read_text() != "old"
        assert (place.folder / "out").stat().st_mode & 0o7777 == 0o640
    assert [path.name for path in place.folder.iterdir() if path.name.endswith(".new")] == []


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_nothing_is_written_or_removed_through_a_link(
    place: Workplace, tmp_path_factory: pytest.TempPathFactory, words: list[str]
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "kept"
    outside.write_text("old")
    (place.folder / "between").symlink_to(outside)
    for target in (outside, "between", "/dev/null", "/proc/self/environ", "nowhere"):
        (place.folder / "link").unlink(missing_ok=True)
        (place.folder / "link").symlink_to(target)
        ran = run(place, words, "link")
        assert (ran.code, f"link is a symbolic link, to {target}: name the file itself" in ran.err) == (1, True)
    assert outside.read_text() == "old"
    assert sorted(path.name for path in outside.parent.iterdir()) == ["kept"]
    assert not (place.folder / "nowhere").exists()


def test_a_file_with_another_name_is_not_changed_under_that(place: Workplace) -> None:
    (place.folder / "mine").write_text("old")
    os.link(place.folder / "mine", place.folder / "out")
    assert place.run("plan", "--out", "out").code == 0
    assert (place.folder / "mine").read_text() == "old"


UNUSABLE: dict[str, tuple[str, str]] = {
    "no folder": ("nowhere/out", "No such file or directory"),
    "a file for a folder": ("lists.yaml/out", "Not a directory"),
    "a folder": (".reconciler", "Is a directory"),
    "too long": ("x" * 300, "File name too long"),
    "a link to itself": ("loop", "loop is a symbolic link, to loop"),
}


@pytest.mark.parametrize(
    ("words", "case"), [*zip(WORDS, UNUSABLE, strict=True), *((WORDS[3], case) for case in UNUSABLE)]
)
def test_what_cannot_be_written_is_told_before_anything_is_sent(place: Workplace, words: list[str], case: str) -> None:
    name, reason = UNUSABLE[case]
    (place.folder / ".reconciler").mkdir(exist_ok=True)
    (place.folder / "loop").symlink_to("loop")
    place.declare(some_lists(3), a={"description": "New"})
    ran = run(place, words, name)
    assert ran.code == 1
    assert reason in ran.err
    assert "Traceback" not in ran.err
    assert place.puts == []

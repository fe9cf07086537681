"""What git leaves of a state that two branches changed, and the way out that the message tells, step by step."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from reconciler.errors import StateDamagedError
from reconciler.model.lists import KnownList
from reconciler.state import journal
from reconciler.state.document import parse, render
from tests.state.cas_files import git
from tests.state.samples import HOLDER, applied_list, doubtful_list, names_in, state, store_in

WHO = ("-c", "user.name=a", "-c", "user.email=a@localhost")


def recorded(folder: Path, *lists: KnownList) -> None:
    with store_in(folder).lock(HOLDER) as writer:
        for known in lists:
            writer.record(known.key, known)


def conflict(folder: Path, style: str) -> Path:
    """Let two branches change a state that they share, and merge them; return the document."""
    git(folder, "init", "--quiet", "--initial-branch=main", ".")
    recorded(folder, applied_list("a"), applied_list("m"), applied_list("z"))
    for branch, lists in (
        ("other", (applied_list("a", name="Other a"), applied_list("other"), doubtful_list("z"))),
        ("main", (applied_list("b"), applied_list("m", name="Main m"), applied_list("y"), applied_list("z", name="Z"))),
    ):
        git(folder, "add", "prod.state.json")
        git(folder, *WHO, "commit", "--quiet", "--allow-empty", "-m", f"before {branch}")
        git(folder, "checkout", "--quiet", *(["-b"] if branch == "other" else []), branch)
        recorded(folder, *lists)
        if branch == "main":
            recorded(folder, applied_list("x"))
        git(folder, *WHO, "commit", "--quiet", "-am", branch)
    ended = subprocess.run(
        ["git", *WHO, "-c", f"merge.conflictStyle={style}", "merge", "other"], cwd=folder, check=False
    )
    assert ended.returncode == 1
    return folder / "prod.state.json"


def resolved(text: str) -> str:
    """Do what the message says, and nothing else, as an editor would."""
    text = re.sub(r"^\|{7}.*?(?=^=======$)", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [line for line in text.splitlines() if not re.match(r"<{7}|={7}|>{7}", line) and '"checksum"' not in line]
    lineages = [line for line in lines if '"lineage"' in line]
    kept = max(lineages, key=lambda line: int(line.split('"serial": ')[1].split(",")[0]))
    lines = [line for line in lines if line not in lineages or line == kept]
    seen: dict[str, str] = {}
    others = list(dict.fromkeys(line for line in lines if not re.match('  "', line)))
    for line in lines:
        if re.match('  "', line):
            seen.setdefault(line.split('"')[1], line.rstrip(","))
    at = others.index(' "lists": {') + 1
    return "\n".join([*others[:at], ",\n".join(seen.values()), *others[at:]]) + "\n"


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_the_markers_are_named_and_the_way_out_keeps_both_sides(style: str, tmp_path: Path) -> None:
    document = conflict(tmp_path, style)
    assert "<<<<<<<" in document.read_text()
    with pytest.raises(StateDamagedError) as refused:
        store_in(tmp_path).load()
    words = (
        r"prod\.state\.json: damaged: git left merge-conflict markers in it, the first in line 3\. Nothing was changed"
    )
    assert re.search(words + r"\. To keep both sides", str(refused.value))
    document.write_text(resolved(document.read_text()))
    found = store_in(tmp_path).load()
    assert set(found.lists) == {"a", "b", "m", "other", "x", "y", "z"}
    assert found.serial == 3
    recorded(tmp_path, applied_list("new"))
    assert '"checksum"' in document.read_text()
    assert store_in(tmp_path).load().serial == 4
    assert names_in(tmp_path) == [".git", "prod.lock", "prod.state.json"]


@pytest.mark.parametrize("marker", ["<<<<<<< HEAD", "||||||| 123abc", "=======", ">>>>>>> other", "<<<<<<< HEAD\r"])
@pytest.mark.parametrize("at", [1, 4, 8])
def test_each_marker_left_alone_is_named(marker: str, at: int) -> None:
    lines = render(state(applied_list("a"))).splitlines()
    with pytest.raises(StateDamagedError, match=rf"merge-conflict markers in it, the first in line {at + 1}\."):
        parse("\n".join([*lines[:at], marker, *lines[at:]]), where="it")


def test_a_journal_with_markers_cannot_be_merged_by_hand() -> None:
    raw = journal.render(state(), {"a": applied_list("a")}).splitlines(keepends=True)
    with pytest.raises(StateDamagedError, match=r"markers in it, the first in line 2\. .* take one side whole \(git"):
        journal.parse(raw[0] + b"<<<<<<< HEAD\n" + raw[1], where="it")


@pytest.mark.parametrize("name", ["<<<<<<< HEAD", "=======", "a\n=======\nb"])
def test_a_name_that_looks_like_a_marker_is_none(name: str) -> None:
    known = state(applied_list("a", name=name))
    assert parse(render(known), where="it") == known

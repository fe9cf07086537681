"""Document and journal read as one state, also while a writer is at work, and only for whom it belongs to."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import ForeignStateError, StateDamagedError, StateError
from reconciler.model.lists import Applied
from reconciler.state.document import render
from reconciler.state.journal import Journal
from reconciler.state.state_reader import files_beside, read
from tests.state.samples import TARGET, applied_list, doubtful_list, state

NOTHING = Applied("prod", TARGET, "", 0, {})
DEV = replace(NOTHING, environment="dev", target=replace(TARGET, host="https://de-platform.kore.ai"))
OLD = state(applied_list("vip", name="Old"), serial=7)
NEW = state(applied_list("vip", name="New"), serial=8)


def journal_on(base: Applied, path: Path) -> None:
    journal = Journal(path)
    journal.record(base, "vip", applied_list("vip", name="New"))


@pytest.mark.parametrize(
    ("name", "stem"), [("prod.state.json", "prod"), ("shared.json", "shared.json"), ("a.b.state.json", "a.b")]
)
def test_all_files_of_a_state_stand_beside_its_document(name: str, stem: str) -> None:
    files = files_beside(Path("/states") / name)
    assert [path.as_posix() for path in (files.document, files.journal, files.lock, files.aside)] == [
        f"/states/{name}",
        f"/states/{stem}.journal.jsonl",
        f"/states/{stem}.lock",
        f"/states/{name}.new",
    ]


def test_no_files_are_no_state(tmp_path: Path) -> None:
    assert read(files_beside(tmp_path / "prod.state.json"), NOTHING) == (NOTHING, NOTHING)


def test_a_journal_counts_on_top_of_its_document(tmp_path: Path) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    files.document.write_text(render(OLD))
    journal_on(OLD, files.journal)
    assert read(files, NOTHING) == (OLD, NEW)


@pytest.mark.parametrize("torn", [b"", b'{"format": "reconciler/journal/1", "lin'])
def test_a_journal_that_was_never_begun_counts_for_nothing(tmp_path: Path, torn: bytes) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    files.document.write_text(render(OLD))
    files.journal.write_bytes(torn)
    assert read(files, NOTHING) == (OLD, OLD)


def test_a_state_that_is_folded_while_it_is_read_is_read_again(tmp_path: Path) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    files.document.write_text(render(OLD))
    files.aside.write_text(render(NEW))
    journal_on(OLD, files.journal)
    armed = [True]

    def fold(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and str(arguments[0]) == str(files.journal) and armed:
            armed.clear()
            files.aside.replace(files.document)
            files.journal.unlink()

    sys.addaudithook(fold)  # runs within the opening of the journal: between the two files that are read
    document, applied = read(files, NOTHING)
    assert not armed
    assert document == applied == NEW


@pytest.mark.parametrize("foreign", [replace(OLD, target=DEV.target), replace(OLD, environment="dev")])
@pytest.mark.parametrize("in_journal", [False, True])
def test_a_state_of_another_target_is_refused(tmp_path: Path, foreign: Applied, in_journal: bool) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    if in_journal:
        journal_on(replace(foreign, serial=0), files.journal)
    else:
        files.document.write_text(render(foreign))
    with pytest.raises(ForeignStateError) as refused:
        read(files, NOTHING)
    assert str(refused.value).startswith(str(files.journal if in_journal else files.document))
    assert refused.value.exit_code == 4


def test_a_foreign_state_is_named_with_both_targets_and_the_way_out(tmp_path: Path) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    files.document.write_text(render(OLD))
    with pytest.raises(ForeignStateError) as refused:
        read(files, DEV)
    whose = 'stream "st-0603182c-7ffb-53c3-b307-47ca14b00000", account "67777ce93e25326494e00000"'
    assert str(refused.value) == (
        f'{files.document}: it belongs to environment "prod" at "https://platform.kore.ai", {whose}, not to '
        f'environment "dev" at "https://de-platform.kore.ai", {whose} (the host differs from character 9 on: '
        "https://[]platform… and https://[de-]platform…). "
        "Nothing was changed. Set the manifest right; or, if this environment has moved for good, move the file away: "
        "the next apply then starts from what the API answers"
    )


def test_damage_is_named_by_file(tmp_path: Path) -> None:
    files = files_beside(tmp_path / "prod.state.json")
    files.document.write_text("<<<<<<< HEAD")
    with pytest.raises(StateDamagedError, match=f"^{files.document}: damaged"):
        read(files, NOTHING)
    files.document.write_text(render(state(doubtful_list("vip"), lineage="other")))
    journal_on(OLD, files.journal)
    with pytest.raises(StateDamagedError, match=f"^{files.journal}: it builds on serial 7"):
        read(files, NOTHING)


def test_a_folder_that_is_none_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=r"cannot be read \(Not a directory\)"):
        read(files_beside(tmp_path / "file" / "prod.state.json"), NOTHING)

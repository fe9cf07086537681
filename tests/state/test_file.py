"""The state in a folder, from run to run."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

import pytest

from reconciler.errors import LockedError, StateDamagedError, StateError
from reconciler.model.lists import Applied
from reconciler.protocols import StateStore
from reconciler.state.backends.folder import FileStore
from reconciler.state.document import render
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list, names_in, state, store_in

NOTHING = Applied("prod", TARGET, "", 0, {})
VIP, DOUBT = applied_list("vip"), doubtful_list("vip")


def record_doubt_and_block_the_document(folder: Path, error: BaseException | None = None) -> None:
    """Record a doubt, put a folder where the next document is written, then end, by `error` if there is one."""
    with store_in(folder).lock(HOLDER) as writer:
        writer.record("vip", DOUBT)
        (folder / "prod.state.json.new").mkdir()
        if error is not None:
            raise error


def leave_journal(folder: Path, *, document: Applied | None) -> None:
    """Leave what a run leaves that recorded a doubt and could not write the document."""
    if document is not None:
        (folder / "prod.state.json").write_text(render(document))
    with pytest.raises(StateError, match="cannot be written"):
        record_doubt_and_block_the_document(folder)
    (folder / "prod.state.json.new").rmdir()
    assert "prod.journal.jsonl" in names_in(folder)


@pytest.mark.parametrize(
    ("broken", "kept"), [(False, "is safe in .*: keep it"), (True, "is in .*, though not durable .*: keep a copy")]
)
def test_what_the_document_cannot_take_is_made_durable_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bool, kept: str
) -> None:
    synced: list[str] = []

    def sync(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").readlink().name
        if broken and name == "prod.journal.jsonl":
            raise OSError(errno.EIO, "Input/output error")
        synced.append(name)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(StateError, match=rf"prod\.state\.json: cannot be written .* What was recorded {kept}"):
        record_doubt_and_block_the_document(tmp_path)
    assert ("prod.journal.jsonl" in synced) is not broken
    assert store_in(tmp_path).load().lists == {"vip": DOUBT}


@pytest.mark.parametrize("died", [False, True])
def test_what_a_journal_holds_is_durable_before_the_document_that_takes_it_up(tmp_path: Path, died: bool) -> None:
    """Else a power cut leaves the beginning of the journal beside a newer document, and the state is refused."""
    if died:
        leave_journal(tmp_path, document=None)
    events: list[str] = []
    with pytest.MonkeyPatch.context() as system:
        sync, rename = os.fsync, os.replace

        def synced(descriptor: int) -> None:
            events.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
            sync(descriptor)

        def renamed(source: Path, target: Path) -> None:
            events.append("rename")
            rename(source, target)

        system.setattr(os, "fsync", synced)
        system.setattr(os, "replace", renamed)
        with store_in(tmp_path).lock(HOLDER) as writer:
            if not died:
                writer.record("vip", VIP)
    folder = tmp_path.name
    assert events == ["prod.journal.jsonl", folder, "prod.state.json.new", "rename", folder]


def test_is_a_state_store(tmp_path: Path) -> None:
    store: StateStore = store_in(tmp_path)
    assert store.load() == NOTHING


def test_loading_leaves_no_trace(tmp_path: Path) -> None:
    assert store_in(tmp_path / "never" / "made").load() == NOTHING
    assert names_in(tmp_path) == []


def test_a_run_that_records_nothing_writes_nothing_but_the_lock(tmp_path: Path) -> None:
    with store_in(tmp_path / "a" / "b").lock(HOLDER) as writer:
        assert writer.applied == NOTHING
    assert names_in(tmp_path / "a" / "b") == ["prod.lock"]
    (tmp_path / "a" / "b" / "prod.state.json").write_text(render(state(VIP)))
    with store_in(tmp_path / "a" / "b").lock(HOLDER) as writer:
        assert writer.applied == state(VIP)
    assert (tmp_path / "a" / "b" / "prod.state.json").read_text() == render(state(VIP))


def test_says_what_cannot_be_made_durable_and_stays_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with store_in(tmp_path).lock(HOLDER) as writer:
        writer.record("vip", DOUBT)
        with monkeypatch.context() as disk:
            disk.setattr(os, "fsync", refuse)
            with pytest.raises(
                StateError, match=r"prod\.journal\.jsonl: cannot be made durable \(Input/output error\)"
            ):
                writer.flush()
        writer.record("vip", VIP)
        writer.flush()
    assert store_in(tmp_path).load().lists == {"vip": VIP}


def test_every_run_that_records_raises_the_serial_by_one(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    for serial in (1, 2, 3):
        with store.lock(HOLDER) as writer:
            writer.record("vip", DOUBT)
            writer.record("vip", VIP)
        assert store.load() == state(VIP, serial=serial, lineage=store.load().lineage)
    assert names_in(tmp_path) == ["prod.lock", "prod.state.json"]


def test_environments_share_a_folder(tmp_path: Path) -> None:
    prod, dev = store_in(tmp_path), type(store_in(tmp_path))(tmp_path, "dev", TARGET)
    with prod.lock(HOLDER) as one, dev.lock(HOLDER) as other:
        one.record("vip", VIP)
        other.record("vip", None)
    assert (prod.load().lists, dev.load().lists) == ({"vip": VIP}, {})


def test_an_exception_inside_is_recorded_work_all_the_same(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), store_in(tmp_path).lock(HOLDER) as writer:
        writer.record("vip", VIP)
        raise KeyboardInterrupt
    assert store_in(tmp_path).load().lists == {"vip": VIP}
    assert names_in(tmp_path) == ["prod.lock", "prod.state.json"]


def test_an_exception_inside_is_not_masked_where_the_document_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError) as failed:
        record_doubt_and_block_the_document(tmp_path, ZeroDivisionError())
    (note,) = failed.value.__notes__
    assert note.startswith(f"{tmp_path}/prod.state.json: cannot be written (")
    assert f"safe in {tmp_path}/prod.journal.jsonl: keep it" in note
    assert store_in(tmp_path).load().lists == {"vip": DOUBT}


@pytest.mark.parametrize("document", [None, state(VIP)])
def test_a_journal_left_behind_is_seen_and_folded_by_the_next_run(tmp_path: Path, document: Applied | None) -> None:
    leave_journal(tmp_path, document=document)
    store = store_in(tmp_path)
    before = store.load()
    assert before.lists == {"vip": DOUBT}
    assert before.serial == (8 if document else 1)
    with store.lock(HOLDER) as writer:
        assert writer.applied == before
        assert names_in(tmp_path) == ["prod.lock", "prod.state.json"]
    assert store.load() == before


def test_a_journal_that_was_folded_already_changes_nothing_and_goes(tmp_path: Path) -> None:
    leave_journal(tmp_path, document=state(VIP))
    journal = (tmp_path / "prod.journal.jsonl").read_bytes()
    store = store_in(tmp_path)
    with store.lock(HOLDER):
        after = store.load()
        (tmp_path / "prod.journal.jsonl").write_bytes(journal)
    assert names_in(tmp_path) == ["prod.lock", "prod.state.json"]
    (tmp_path / "prod.journal.jsonl").write_bytes(journal)
    assert store.load() == after
    with store.lock(HOLDER) as writer:
        assert writer.applied == after
    assert names_in(tmp_path) == ["prod.lock", "prod.state.json"]


def test_what_a_dead_run_left_half_written_goes(tmp_path: Path) -> None:
    (tmp_path / "prod.state.json.new").write_text('{\n "form')
    (tmp_path / "prod.journal.jsonl").write_text('{"form')
    assert store_in(tmp_path).load() == NOTHING
    with store_in(tmp_path).lock(HOLDER):
        assert names_in(tmp_path) == ["prod.lock"]


@pytest.mark.parametrize("name", ["prod.state.json", "prod.journal.jsonl"])
def test_damage_is_never_overwritten(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("<<<<<<< HEAD")
    with pytest.raises(StateDamagedError), store_in(tmp_path).lock(HOLDER):
        pytest.fail("locked")
    assert (tmp_path / name).read_text() == "<<<<<<< HEAD"
    assert names_in(tmp_path) == sorted(["prod.lock", name])


def test_a_run_that_could_not_write_the_document_keeps_no_file_open(tmp_path: Path) -> None:
    before = len(list(Path("/dev/fd").iterdir()))
    leave_journal(tmp_path, document=None)
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_second_writer_is_refused_and_a_reader_is_not(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    with store.lock(HOLDER) as writer:
        writer.record("vip", DOUBT)
        with pytest.raises(LockedError, match="locked by process 4711"), store.lock(HOLDER):
            pytest.fail("locked twice")
        assert store.load().lists == {"vip": DOUBT}
        writer.record("vip", VIP)
    assert store.load().lists == {"vip": VIP}


def test_who_writes_can_be_asked_without_writing(tmp_path: Path) -> None:
    store = store_in(tmp_path)
    assert store.holder(HOLDER) is None
    with store.lock(HOLDER):
        assert "locked by process 4711" in str(store.holder(HOLDER))
    assert store.holder(HOLDER) is None


def test_a_linked_document_is_replaced_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "common").mkdir()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prod.state.json").symlink_to("../common/prod.state.json")
    one, other = (FileStore(tmp_path / name, "prod", TARGET, tmp_path) for name in ("one", "other"))
    with one.lock(HOLDER) as writer:
        writer.record("vip", VIP)
        with pytest.raises(LockedError), other.lock(HOLDER):
            pytest.fail("locked twice")
    assert other.load().lists == {"vip": VIP}
    assert names_in(tmp_path / "one") == ["prod.state.json"]
    assert (tmp_path / "one" / "prod.state.json").is_symlink()
    assert names_in(tmp_path / "common") == ["prod.lock", "prod.state.json"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = pytest.raises(StateError, match=r"file: cannot be made \(File exists\)\. Nothing was changed")
    with refused, store_in(tmp_path / "file").lock(HOLDER):
        pytest.fail("locked")

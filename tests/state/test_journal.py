"""What a journal holds, how it grows, and what is read from one that was cut or changed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import StateDamagedError, StateError
from reconciler.model.lists import Applied, KnownList
from reconciler.state.journal import Journal, Recorded, parse
from tests.state.samples import (
    DOCUMENTS,
    HOSTILE,
    applied_list,
    doubtful_list,
    known_lists,
    state,
    states,
)
from tests.state.small_disk import room_for

BASE = state()
RECORDS: list[tuple[str, KnownList | None]] = [
    ("vip", doubtful_list("vip", intended=HOSTILE)),
    ("vip", applied_list("vip", name=HOSTILE)),
    ("gone", None),
    ("winback", doubtful_list("winback")),
]
GOLDEN = (DOCUMENTS / "journal-1.jsonl").read_bytes()
LINE_ENDS = [at + 1 for at, byte in enumerate(GOLDEN) if byte == ord("\n")]


def recorded(count: int) -> Recorded | None:
    """Return what a journal with the first `count` records holds."""
    return Recorded(BASE, dict(RECORDS[:count])) if count else None


def written(path: Path, base: Applied, records: list[tuple[str, KnownList | None]]) -> bytes:
    journal = Journal(path)
    for key, entry in records:
        journal.record(base, key, entry)
    raw = path.read_bytes() if records else b""
    journal.remove()
    assert not path.exists()
    return raw


def test_reads_the_journal_that_the_first_version_wrote() -> None:
    assert parse(GOLDEN, where="x") == recorded(4)


def test_writes_what_it_wrote(tmp_path: Path) -> None:
    assert written(tmp_path / "j", BASE, RECORDS) == GOLDEN


@settings(max_examples=40)
@given(base=states, data=st.data())
def test_what_is_recorded_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, base: Applied, data: st.DataObject
) -> None:
    keys = data.draw(st.lists(st.sampled_from(["a", "b", "\ud83d"]), max_size=5))
    records = [(key, data.draw(st.none() | known_lists(key))) for key in keys]
    read = parse(written(tmp_path_factory.mktemp("journal") / "j", base, records), where="x")
    bare = Applied(base.environment, base.target, base.lineage, base.serial, {})
    assert read == (Recorded(bare, dict(records)) if records else None)


def test_every_record_is_one_line_in_every_tool() -> None:
    assert len(GOLDEN.decode().splitlines()) == 1 + len(RECORDS)


def test_cut_anywhere_it_holds_every_whole_record() -> None:
    for cut in range(len(GOLDEN) + 1):
        # A line of which only the end is missing is whole, too: nothing that it says is lost.
        whole = sum(cut >= end - 1 for end in LINE_ENDS)
        for zeros in (0, 1, 4096):  # some file systems fill up with NULs what a power cut kept from the disk
            assert parse(GOLDEN[:cut] + bytes(zeros), where="x") == recorded(max(0, whole - 1)), cut


def changed_bytes(values: Mapping[int, list[int]]) -> Iterator[bytes]:
    for at, byte in enumerate(GOLDEN):
        for value in values[byte]:
            yield GOLDEN[:at] + bytes([value]) + GOLDEN[at + 1 :]


def assert_refused_or_equal(raw: bytes) -> None:
    try:
        read = parse(raw, where="x")
    except StateError:
        return
    assert read == recorded(4), raw


def test_with_any_bit_flipped_it_is_refused_or_equal() -> None:
    for raw in changed_bytes({byte: [byte ^ 1 << bit for bit in range(8)] for byte in range(256)}):
        assert_refused_or_equal(raw)


@pytest.mark.slow
def test_with_any_byte_changed_it_is_refused_or_equal() -> None:
    for raw in changed_bytes({byte: list(range(256)) for byte in range(256)}):
        assert_refused_or_equal(raw)


def test_with_a_line_lost_doubled_or_moved_it_is_refused() -> None:
    lines = GOLDEN.splitlines(keepends=True)
    for at, line in enumerate(lines[:-1]):  # that a last record is missing cannot be seen, as if it had not been made
        others = lines[:at] + lines[at + 1 :]
        for raw in (others, [*lines[: at + 1], line, *lines[at + 1 :]], [*others[: at + 1], line, *others[at + 1 :]]):
            with pytest.raises(StateDamagedError):
                parse(b"".join(raw), where="x")


ODD = {
    "no journal": b"hello",
    "a record without what it builds on": b'{"key": "vip", "ent',
    "a second beginning": GOLDEN + b'{"format": "reconciler/journal/1", "lin',
    "an empty line": GOLDEN + b"\n",
    "another format": GOLDEN.replace(b"reconciler/journal/1", b"reconciler/journal/0"),
    "zeros within": GOLDEN[:-9] + b"\0" * 9 + GOLDEN.splitlines(keepends=True)[-1],
    "the end of a line changed": GOLDEN[:-1] + b"}",
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_refused_with_the_way_out(case: str) -> None:
    with pytest.raises(StateDamagedError) as refused:
        parse(ODD[case], where="prod.journal.jsonl")
    assert str(refused.value).startswith("prod.journal.jsonl: damaged: ")
    assert "or move it away: what it recorded is then forgotten" in str(refused.value)


def test_names_the_line_that_was_changed() -> None:
    with pytest.raises(StateDamagedError, match="line 3 does not match its checksum"):
        parse(GOLDEN.replace(b'applied", "name"', b'Applied", "name"'), where="x")


def test_a_newer_journal_asks_for_an_upgrade() -> None:
    newer = b'{"format": "reconciler/journal/2", "unheard": "of"}\n'
    with pytest.raises(
        StateError, match=r"its format is reconciler/journal/2, this one reads reconciler/journal/1"
    ) as it:
        parse(newer, where="x")
    assert not isinstance(it.value, StateDamagedError)


@pytest.mark.parametrize("room", range(0, 400, 7))
def test_a_record_that_does_not_fit_leaves_nothing_behind(tmp_path: Path, room: int) -> None:
    path = tmp_path / "j"
    journal = Journal(path)
    journal.record(BASE, *RECORDS[0])
    count = 1
    full = pytest.raises(OSError, match="File too large")
    with room_for(path.stat().st_size + room), full:
        for key, entry in RECORDS[1:]:
            journal.record(BASE, key, entry)
            count += 1
    assert parse(path.read_bytes(), where="x") == recorded(count)
    for key, entry in RECORDS[count:]:
        journal.record(BASE, key, entry)
    assert path.read_bytes() == GOLDEN
    journal.remove()


def test_a_first_record_that_does_not_fit_can_be_made_later(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j")
    with room_for(100), pytest.raises(OSError, match="File too large"):
        journal.record(BASE, *RECORDS[0])
    assert parse((tmp_path / "j").read_bytes(), where="x") is None
    for key, entry in RECORDS:
        journal.record(BASE, key, entry)
    assert (tmp_path / "j").read_bytes() == GOLDEN
    journal.remove()


def test_what_could_not_be_taken_back_at_once_is_taken_back_before_the_next_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(tmp_path / "j")
    journal.record(BASE, *RECORDS[0])

    write = os.write

    def half_written(descriptor: int, content: bytes) -> int:
        if len(content) < 100:
            raise OSError("the disk is gone")
        return write(descriptor, content[:-99])

    def broken(*_: int) -> None:
        raise OSError("the disk is gone")

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", half_written)
        disk.setattr(os, "ftruncate", broken)
        with pytest.raises(OSError, match="the disk is gone"):
            journal.record(BASE, *RECORDS[1])
        with pytest.raises(OSError, match="the disk is gone"):
            journal.record(BASE, *RECORDS[1])
    for key, entry in RECORDS[1:]:
        journal.record(BASE, key, entry)
    assert (tmp_path / "j").read_bytes() == GOLDEN
    journal.remove()


def test_syncs_what_is_new_and_the_folder_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path / "j")
    synced: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
    )
    journal.sync()
    assert synced == []
    journal.record(BASE, *RECORDS[0])
    journal.record(BASE, *RECORDS[1])
    assert synced == []
    journal.sync()
    journal.sync()
    assert synced == ["j", tmp_path.name]
    journal.record(BASE, *RECORDS[2])
    journal.sync()
    assert synced == ["j", tmp_path.name, "j"]


def test_never_writes_into_a_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "j").write_text("somebody's")
    with pytest.raises(FileExistsError):
        Journal(tmp_path / "j").record(BASE, *RECORDS[0])
    assert (tmp_path / "j").read_text() == "somebody's"

"""What a locked state does with each record, and where it cannot write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import ForeignStateError, StateError
from reconciler.model.lists import Applied, KnownList, Target
from reconciler.state.backends.folder_writer import Writer
from reconciler.state.state_reader import Files, files_beside, read
from tests.state.samples import LINEAGE, TARGET, applied_list, doubtful_list, known_lists, names_in, state
from tests.state.small_disk import room_for

NOTHING = Applied("prod", TARGET, "", 0, {})
VIP, WINBACK = applied_list("vip"), applied_list("winback")


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """Name the files of a state in an empty folder."""
    return files_beside(tmp_path / "prod.state.json")


@contextmanager
def writer_on(files: Files, applied: Applied) -> Iterator[Writer]:
    """Start from `applied` as the document, and close what the test leaves open."""
    writer = Writer(files, NOTHING, lambda: None)
    writer.settle(applied)
    yield writer
    writer.fold()


def on_disk(files: Files) -> Applied:
    return read(files, NOTHING)[1]


def test_each_record_is_on_disk_at_once(files: Files) -> None:
    with writer_on(files, state(VIP, serial=7)) as writer:
        for key, entry in (("winback", doubtful_list("winback")), ("winback", WINBACK), ("vip", None)):
            writer.record(key, entry)
            assert on_disk(files) == writer.applied
        assert writer.applied == state(WINBACK, serial=8)


steps = st.lists(
    st.sampled_from(["a", "b", "c"]).flatmap(lambda key: st.tuples(st.just(key), st.none() | known_lists(key)))
)


@settings(max_examples=40)
@given(steps=steps)
def test_the_document_says_at_the_end_what_the_journal_said(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, KnownList | None]]
) -> None:
    files = files_beside(tmp_path_factory.mktemp("state") / "prod.state.json")
    with writer_on(files, state(VIP, serial=7)) as writer:
        for key, entry in steps:
            writer.record(key, entry)
        before = on_disk(files)
        assert before == writer.applied
    assert on_disk(files) == before
    assert before.serial == (8 if steps else 7)
    assert not files.journal.exists()


def test_the_first_record_ever_begins_a_lineage(files: Files) -> None:
    with writer_on(files, NOTHING) as writer:
        assert names_in(files.lock.parent) == []
        assert writer.applied is NOTHING
        writer.record("vip", VIP)
        assert UUID(writer.applied.lineage).version == 4
        assert writer.applied == on_disk(files) == state(VIP, serial=1, lineage=writer.applied.lineage)


def test_what_was_shown_stays_as_it_was(files: Files) -> None:
    with writer_on(files, state(serial=7)) as writer:
        writer.record("vip", VIP)
        shown = writer.applied
        assert writer.applied is shown
        writer.record("winback", WINBACK)
        assert shown == state(VIP, serial=8)


def test_a_record_that_does_not_fit_is_refused_and_the_rest_stands(files: Files) -> None:
    with writer_on(files, NOTHING) as writer:
        writer.record("vip", VIP)
        with room_for(files.journal.stat().st_size + 20), pytest.raises(StateError) as refused:
            writer.record("winback", WINBACK)
        assert str(refused.value) == (
            f"{files.journal}: cannot be written (File too large), so winback was not recorded; what was recorded "
            "before stands. Nothing may be sent that is not recorded. Make room there, or give the right to write, "
            "and run again"
        )
        assert writer.applied.lists == on_disk(files).lists == {"vip": VIP}
        writer.record("winback", WINBACK)
    assert on_disk(files).lists == {"vip": VIP, "winback": WINBACK}


def test_a_first_record_that_does_not_fit_leaves_no_state(files: Files) -> None:
    with writer_on(files, NOTHING) as writer:
        with room_for(50), pytest.raises(StateError, match="so vip was not recorded"):
            writer.record("vip", VIP)
        assert writer.applied is NOTHING
        assert on_disk(files) == NOTHING
    assert names_in(files.lock.parent) == []


def test_where_the_document_cannot_be_written_the_journal_stays_and_is_named(files: Files) -> None:
    large = applied_list("vip", description="x" * 250)
    with writer_on(files, state(*(applied_list(f"k{number}") for number in range(20)), serial=7)) as writer:
        old = files.document.read_bytes()
        writer.record("vip", large)
        journal = files.journal.read_bytes()
        with room_for(len(journal)), pytest.raises(StateError) as refused:
            writer.fold()
        assert str(refused.value) == (
            f"{files.document}: cannot be written (File too large). What was recorded is safe in {files.journal}: "
            "keep it. Make room there, or give the right to write, and run again: that takes up where this run ended"
        )
        assert (files.document.read_bytes(), files.journal.read_bytes()) == (old, journal)
        assert not files.aside.exists()
        assert on_disk(files).lists["vip"] == large
    assert on_disk(files).lists["vip"] == large
    assert on_disk(files).serial == 8


@pytest.mark.parametrize(
    ("given_lineage", "given_serial", "lineage", "serial"),
    [(LINEAGE, 3, LINEAGE, 9), (LINEAGE, 8, LINEAGE, 9), (LINEAGE, 40, LINEAGE, 41), ("other", 3, "other", 9)],
)
def test_replaces_the_whole_with_a_higher_serial(
    files: Files, given_lineage: str, given_serial: int, lineage: str, serial: int
) -> None:
    with writer_on(files, state(VIP, serial=7)) as writer:
        writer.record("gone", doubtful_list("gone"))
        writer.replace(state(WINBACK, lineage=given_lineage, serial=given_serial))
        expected = state(WINBACK, lineage=lineage, serial=serial)
        assert writer.applied == on_disk(files) == expected
        writer.record("vip", VIP)
    assert on_disk(files) == replace(expected, serial=serial + 1, lists={"winback": WINBACK, "vip": VIP})


def test_what_has_no_lineage_gets_the_one_that_is_there_or_a_new_one(files: Files) -> None:
    with writer_on(files, state(VIP, serial=7)) as writer:
        writer.replace(NOTHING)
        assert writer.applied == state(serial=8)
    with writer_on(files, NOTHING) as writer:
        writer.replace(NOTHING)
        assert UUID(writer.applied.lineage).version == 4


def test_does_not_put_the_state_of_another_target_in_place(files: Files) -> None:
    foreign = Applied("prod", Target("https://elsewhere", "st-1", "1"), LINEAGE, 1, {})
    with writer_on(files, state(VIP, serial=7)) as writer:
        with pytest.raises(ForeignStateError, match=f"^the state to put in the place of {files.document}: it belongs"):
            writer.replace(foreign)
        assert on_disk(files) == state(VIP, serial=7)


def test_a_replacement_that_does_not_fit_leaves_all_as_it_was(files: Files) -> None:
    with writer_on(files, state(VIP, serial=7)) as writer:
        with room_for(100), pytest.raises(StateError, match=r"cannot be written \(File too large\)\. It is as it was"):
            writer.replace(state(WINBACK))
        assert writer.applied == on_disk(files) == state(VIP, serial=7)

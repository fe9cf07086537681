"""A state under a lease: what others see of it while a run goes on, and when that run is gone."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import ForeignStateError, LockedError, StateDamagedError, StateError
from reconciler.model.lists import AppliedList, DoubtfulList
from reconciler.model.times import timestamp
from reconciler.state import lease
from reconciler.state.backends.branch import Branch, Version
from reconciler.state.backends.git_branch import BranchStore, CasFiles, FilesLease
from reconciler.state.leased_writer import LeasedWriter
from tests.state.cas_files import NAMES, FakeCasFiles, bare, clone
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list

DOCUMENT, JOURNAL, LEASE = NAMES
OTHER = replace(HOLDER, pid=99, job="https://ci.example/99")


@pytest.fixture
def shelf() -> FakeCasFiles:
    return FakeCasFiles()


def store(shelf: CasFiles) -> BranchStore:
    return BranchStore(shelf, "prod", TARGET)


def aged(shelf: FakeCasFiles, seconds: float = 1000) -> None:
    """Let the lease be as old as if its holder were gone."""
    held = json.loads(shelf.files[LEASE])
    shelf.files[LEASE] = (json.dumps({**held, "renewed_at": timestamp(time.time() - seconds)}) + "\n").encode()


def keys(shelf: FakeCasFiles) -> dict[str, str]:
    return {
        key: "doubt" if isinstance(known, DoubtfulList) else "applied"
        for key, known in store(shelf).load().lists.items()
    }


def test_read_your_write(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", doubtful_list("a"))
        writer.record("a", applied_list("a"))
        writer.record("b", applied_list("b"))
        writer.record("b", None)
        assert writer.applied.lists == {"a": applied_list("a")}
    assert store(shelf).load().lists == {"a": applied_list("a")}
    assert store(shelf).load().serial == 1
    assert sorted(shelf.files) == [DOCUMENT]


def test_a_run_that_records_nothing_leaves_no_document(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        assert writer.applied.serial == 0
        writer.announce_intents({})
    assert shelf.files == {}
    assert [message.split("\n")[0] for message in shelf.messages] == ["prod: lease taken", "prod: nothing changed"]


def test_a_second_writer_is_refused_and_a_reader_is_not(shelf: FakeCasFiles) -> None:
    assert store(shelf).holder(HOLDER) is None
    with store(shelf).lock(OTHER) as writer:
        writer.record("a", doubtful_list("a"))
        with pytest.raises(LockedError, match=r"shelf: locked by process 99 .* CI job https://ci\.example/99"):
            store(shelf).lock(HOLDER).__enter__()
        assert "process 99" in str(store(shelf).holder(HOLDER))
        assert keys(shelf) == {"a": "doubt"}
    assert store(shelf).holder(HOLDER) is None
    with store(shelf).lock(HOLDER):
        pass


def test_every_intent_is_shared_before_the_first_put(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.announce_intents({key: doubtful_list(key) for key in "abc"})
        assert keys(shelf) == {"a": "doubt", "b": "doubt", "c": "doubt"}
        writes = len(shelf.messages)
        writer.record("a", doubtful_list("a")._replace(applied_at="2030-01-01T00:00:00Z"))
        writer.record("a", applied_list("a"))
        assert len(shelf.messages) == writes
        other = doubtful_list("b")._replace(intended={"name": "Other"})
        writer.record("b", other)
        assert len(shelf.messages) == writes + 1
        assert keys(shelf) == {"a": "applied", "b": "doubt", "c": "doubt"}
        assert store(shelf).load().lists["b"] == other
        writer.record("a", doubtful_list("a"))
        assert len(shelf.messages) == writes + 2
        writer.record("a", applied_list("a"))
        writer.record("b", applied_list("b"))
    assert keys(shelf) == {"a": "applied", "b": "applied"}


def test_a_run_that_vanished_leaves_its_doubts_to_the_next(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
    context = store(shelf).lock(OTHER)  # kept: it would end with its last reference
    vanished = context.__enter__()
    vanished.announce_intents({key: doubtful_list(key) for key in "bc"})
    vanished.record("b", doubtful_list("b"))
    vanished.record("b", applied_list("b"))
    with pytest.raises(LockedError):
        store(shelf).lock(HOLDER).__enter__()
    assert isinstance(vanished, LeasedWriter)
    vanished._renewal.stop()
    aged(shelf)
    assert store(shelf).holder(HOLDER) is None
    with store(shelf).lock(HOLDER) as writer:
        assert keys(shelf) == {"a": "applied", "b": "doubt", "c": "doubt"}
        assert sorted(shelf.files) == [LEASE, DOCUMENT]
        writer.record("b", applied_list("b"))
        with pytest.raises(LockedError, match="another run has written the state of prod meanwhile"):
            vanished.record("c", doubtful_list("c")._replace(intended={"name": "Other"}))
        with pytest.raises(LockedError):
            vanished.check_lease()
        with pytest.raises(LockedError):
            vanished.end()
    assert keys(shelf) == {"a": "applied", "b": "applied", "c": "doubt"}


class LateShelf(FakeCasFiles):
    """A shelf whose first looks show what was there before somebody wrote."""

    def __init__(self, late: int) -> None:
        super().__init__()
        self.late = late

    def read(self) -> tuple[Version, Mapping[str, bytes]]:
        if self.late:
            self.late -= 1
            return Version({"gone": "1"}), {}
        return super().read()


def test_who_was_quicker_by_an_instant_is_named() -> None:
    shelf = LateShelf(0)
    with store(shelf).lock(OTHER):
        shelf.late = 1
        with pytest.raises(LockedError, match="locked by process 99"):
            store(shelf).lock(HOLDER).__enter__()
        shelf.late = 100
        with pytest.raises(LockedError, match="others took the lease each time"):
            store(shelf).lock(HOLDER).__enter__()
        shelf.late = 0


def test_two_that_are_equally_quick(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER):
        version, files = shelf.read()
    del files
    late = FilesLease(shelf, "prod", lease.Lease("t", OTHER, ""), version)
    shelf.files.clear()
    shelf.files[LEASE] = b"{}"
    with pytest.raises(LockedError):
        late.take(store(FakeCasFiles()).load(), folding=False)


def test_outcomes_are_shared_while_the_run_goes_on(shelf: FakeCasFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilesLease, "pause", 0.2)
    monkeypatch.setattr(lease, "RENEWED", 0.5)
    with store(shelf).lock(HOLDER) as writer:
        writer.announce_intents({"a": doubtful_list("a")})
        writer.record("a", applied_list("a"))
        shelf.failing = 1
        wait_for(lambda: keys(shelf) == {"a": "applied"})
        before = len(shelf.messages)
        wait_for(lambda: len(shelf.messages) > before)
    assert keys(shelf) == {"a": "applied"}


def test_a_lease_that_was_taken_over_is_noticed_under_way(shelf: FakeCasFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FilesLease, "pause", 0.2)
    context = store(shelf).lock(OTHER)  # kept: it would end with its last reference
    asleep = context.__enter__()
    asleep.announce_intents({"a": doubtful_list("a")})
    aged(shelf)
    with store(shelf).lock(HOLDER) as writer:
        asleep.record("a", doubtful_list("a"))
        wait_for(lambda: asleep._renewal._lost)  # type: ignore[attr-defined]
        with pytest.raises(LockedError, match="this run's lease is gone"):
            asleep.record("b", applied_list("b"))
        writer.record("a", applied_list("a"))
    assert keys(shelf) == {"a": "applied"}


def wait_for(happened: object) -> None:
    until = time.monotonic() + 60
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_lease_that_could_not_be_renewed_is_no_right_to_write(
    shelf: FakeCasFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "TRUSTED", -1.0)
    with store(shelf).lock(HOLDER) as writer:
        shelf.failing = 1
        with pytest.raises(StateError, match="the network is gone"):
            writer.check_lease()
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
        writer.check_lease()
    assert keys(shelf) == {"a": "applied"}


def test_a_doubt_that_could_not_be_shared_does_not_count(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        shelf.failing = 1
        with pytest.raises(StateError):
            writer.record("a", doubtful_list("a"))
        assert writer.applied.lists == {}
    assert keys(shelf) == {}


def test_an_exception_inside_is_recorded_work_all_the_same(shelf: FakeCasFiles) -> None:
    with pytest.raises(KeyError):
        record_and_raise(shelf, "a")
    assert keys(shelf) == {"a": "applied"}
    with pytest.raises(KeyError) as raised:
        record_and_raise(shelf, "b", failing=1)
    assert raised.value.__notes__ == ["the network is gone"]


def record_and_raise(shelf: FakeCasFiles, key: str, failing: int = 0) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.record(key, applied_list(key))
        shelf.failing = failing
        raise KeyError


def test_a_state_is_put_in_place(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
    backup = store(shelf).load()
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", None)
        writer.replace(replace(backup, lineage=""))
        with pytest.raises(ForeignStateError):
            writer.replace(replace(backup, environment="dev"))
    assert store(shelf).load() == replace(backup, serial=backup.serial + 2)


def test_damage_and_foreign_states_are_refused(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
        journal = FakeCasFiles()
        journal.files = dict(shelf.files)
    document = shelf.files[DOCUMENT]
    with pytest.raises(ForeignStateError, match=r"shelf/prod\.state\.json"):
        BranchStore(shelf, "prod", replace(TARGET, account_id="b")).load()
    shelf.files[DOCUMENT] = document.replace(b"applied", b"apqlied", 1)
    with pytest.raises(StateDamagedError, match=r"shelf/prod\.state\.json"):
        store(shelf).load()
    shelf.files[LEASE] = b"{}"
    with pytest.raises(StateDamagedError, match=r"shelf/prod\.lease\.json"):
        store(shelf).lock(HOLDER).__enter__()
    shelf.files[LEASE] = b'{"format": "reconciler/lease/2"}'
    with pytest.raises(StateError, match="made by a newer version"):
        store(shelf).lock(HOLDER).__enter__()


def test_a_thousand_lists(shelf: FakeCasFiles) -> None:
    with store(shelf).lock(HOLDER) as writer:
        writer.announce_intents({f"k{number}": doubtful_list(f"k{number}") for number in range(1000)})
        for number in range(1000):
            writer.record(f"k{number}", applied_list(f"k{number}"))
    assert len(store(shelf).load().lists) == 1000


def test_on_a_real_branch(tmp_path: Path) -> None:
    origin = bare(tmp_path)
    one, other = (BranchStore(Branch(clone(origin, name), "s", NAMES), "prod", TARGET) for name in ("one", "other"))
    with one.lock(HOLDER) as writer:
        writer.announce_intents({"a": doubtful_list("a")})
        assert isinstance(other.load().lists["a"], DoubtfulList)
        with pytest.raises(LockedError, match=r"git\+branch://s: locked by"):
            other.lock(OTHER).__enter__()
        writer.record("a", doubtful_list("a"))
        writer.record("a", applied_list("a"))
    assert isinstance(other.load().lists["a"], AppliedList)
    with other.lock(OTHER) as writer:
        writer.record("b", applied_list("b"))
    assert one.load().lists.keys() == {"a", "b"}
    assert one.load().serial == 2

"""A state in an object store, where that fails, forgets to answer, or has somebody else in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from reconciler.errors import LockedError, StateError
from reconciler.model.lists import DoubtfulList
from reconciler.state import lease, lease_renewal
from reconciler.state.backends.object_store import ObjectLease, ObjectStore
from reconciler.state.document import Stamp, Written, parse_stamped, render
from reconciler.state.history import find_gaps, unlinked_serials
from reconciler.state.leased_writer import LeasedWriter
from tests.state.buckets import FakeBucket
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list, state

DOCUMENT, LOCK = "prod.state.json", "prod.lock.json"
OTHER = replace(HOLDER, pid=99)


@pytest.fixture
def bucket() -> FakeBucket:
    return FakeBucket()


def store(bucket: FakeBucket) -> ObjectStore:
    return ObjectStore(bucket, "prod", TARGET)


def stamp(bucket: FakeBucket) -> Stamp:
    found = parse_stamped(bucket.objects[DOCUMENT], where="")[1]
    assert found
    return found


def entries(bucket: FakeBucket) -> dict[str, str]:
    return {
        key: "doubt" if isinstance(known, DoubtfulList) else "applied"
        for key, known in store(bucket).load().lists.items()
    }


def test_a_plan_costs_one_request(bucket: FakeBucket) -> None:
    bucket.objects[DOCUMENT] = render(state(applied_list("a"))).encode()
    store(bucket).load()
    assert bucket.requests == [f"get {DOCUMENT}"]


def test_the_requests_of_a_run(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.announce_intents({"a": doubtful_list("a")})
        writer.record("a", doubtful_list("a")._replace(applied_at="2030-01-01T00:00:00Z"))
        writer.record("a", applied_list("a"))
        writer.record("a", applied_list("a"))
        writer.record("z", None)
        bucket.requests.append("end")
    (kept,) = bucket.names("prod.history")
    assert bucket.requests[:-1] == [
        f"get {LOCK}", f"put {LOCK}", f"get {DOCUMENT}", f"put {DOCUMENT}",  # the lease, and its fence
        f"put {DOCUMENT}",  # all that is to come
        f"put {DOCUMENT}",  # the outcome
        "end", f"put {kept}", f"put {LOCK}",
    ]  # fmt: skip
    assert bucket.objects[kept] == bucket.objects[DOCUMENT]
    assert json.loads(bucket.objects[LOCK]) == {"format": "reconciler/lease/1", "fence": 1}


def test_no_two_contents_are_equal(bucket: FakeBucket) -> None:
    seen: set[bytes] = set()
    for name in "ab":
        for key in ("x", "y"):
            with store(bucket).lock(HOLDER) as writer:
                for entry in (doubtful_list(key), applied_list(key, name), None):
                    writer.record(key, entry)
                    assert bucket.objects[DOCUMENT] not in seen
                    seen.add(bucket.objects[DOCUMENT])
    assert stamp(bucket).fence == 4


def test_what_was_announced_and_never_came_does_not_count(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.announce_intents({key: doubtful_list(key) for key in "ab"})
        assert entries(bucket) == {"a": "doubt", "b": "doubt"}
        writer.record("a", doubtful_list("a"))
        assert writer.applied.lists == {"a": doubtful_list("a")}
    assert entries(bucket) == {"a": "doubt"}


def test_who_wrote_it_is_in_it(bucket: FakeBucket) -> None:
    with store(bucket).lock(replace(HOLDER, job="https://ci.example/7")) as writer:
        writer.record("a", applied_list("a"))
    with store(bucket).lock(OTHER):
        pass
    written = stamp(bucket).written
    assert replace(written, at="") == Written("", "anna", "ci-7", "reconciler apply --yes", "https://ci.example/7")


def test_a_document_without_a_stamp_is_taken_over(bucket: FakeBucket) -> None:
    bucket.objects[DOCUMENT] = render(state(applied_list("a"))).encode()
    with store(bucket).lock(HOLDER) as writer:
        assert writer.applied == state(applied_list("a"))
    assert stamp(bucket).fence == 1
    assert [saved.written for saved in store(bucket).history(5).saved] == [None]


@pytest.mark.parametrize("way", ["failing", "unheard"])
@pytest.mark.parametrize("act", ["announce", "record", "outcome"])
def test_a_put_without_an_answer_is_found_out_by_the_next(bucket: FakeBucket, way: str, act: str) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("o", doubtful_list("o"))
        setattr(bucket, way, 1)
        deeds: dict[str, Callable[[], None]] = {
            "announce": lambda: writer.announce_intents({"a": doubtful_list("a")}),
            "record": lambda: writer.record("a", doubtful_list("a")),
            "outcome": lambda: writer.record("o", applied_list("o")),
        }
        with pytest.raises(StateError):
            deeds[act]()
        assert writer.applied.lists == {"o": doubtful_list("o")}
        deeds[act]()
        writer.record("a", applied_list("a"))
        writer.record("o", applied_list("o"))
    assert entries(bucket) == {"a": "applied", "o": "applied"}


def test_puts_without_an_answer_one_after_the_other(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        bucket.unheard = 1
        with pytest.raises(StateError):
            writer.record("a", doubtful_list("a"))
        bucket.failing = 1
        with pytest.raises(StateError):
            writer.record("a", doubtful_list("a"))
        writer.record("a", doubtful_list("a"))
        writer.record("a", applied_list("a"))
    assert entries(bucket) == {"a": "applied"}


def test_the_put_of_a_lease_without_an_answer(bucket: FakeBucket) -> None:
    bucket.unheard = 1
    with pytest.raises(StateError, match="the answer is lost"):
        store(bucket).lock(HOLDER).__enter__()
    with pytest.raises(LockedError):  # it was taken all the same, and runs out by itself
        store(bucket).lock(OTHER).__enter__()


def test_a_put_that_was_done_twice_is_ones_own(bucket: FakeBucket) -> None:
    """As where the library under this asks again for what was done already."""
    with store(bucket).lock(HOLDER) as writer:
        assert isinstance(writer, LeasedWriter)
        assert isinstance(writer._held, ObjectLease)
        cell = writer._held._document
        cell.write(b"1")
        version = cell._version
        assert version
        content = b"2"
        bucket.before_put[DOCUMENT] = lambda: bucket.objects.update({DOCUMENT: content})
        assert cell.write(content)
        bucket.before_put[DOCUMENT] = lambda: bucket.objects.update({DOCUMENT: b"theirs"})
        assert not cell.write(b"3")
        bucket.before_put[DOCUMENT] = bucket.objects.clear
        assert not cell.write(b"4")
        bucket.objects[DOCUMENT] = b"5"
        cell.read()
        cell.write(render(state(applied_list("a"))).encode())


def test_an_exception_inside_and_a_store_that_fails_at_the_end(bucket: FakeBucket) -> None:
    with pytest.raises(KeyError) as raised:
        announce_and_raise(bucket)
    assert raised.value.__notes__ == ["the network is gone"]
    assert entries(bucket) == {"a": "doubt"}
    with store(bucket).lock(HOLDER):  # the lease was given back all the same
        pass


def announce_and_raise(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.announce_intents({"a": doubtful_list("a")})
        bucket.failing = 1
        raise KeyError


def test_a_copy_or_a_release_that_fails_is_no_failure(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
        bucket.failing = 2
    assert entries(bucket) == {"a": "applied"}
    assert bucket.names("prod.history") == []
    with pytest.raises(LockedError):
        store(bucket).lock(OTHER).__enter__()
    aged(bucket)
    with store(bucket).lock(OTHER):
        assert len(store(bucket).history(5).saved) == 1


def aged(bucket: FakeBucket) -> None:
    held = json.loads(bucket.objects[LOCK])
    bucket.objects[LOCK] = json.dumps({**held, "renewed_at": "2026-01-01T00:00:00Z"}).encode()


def test_an_older_writer_that_gets_in_between_is_read(bucket: FakeBucket) -> None:
    """It writes once more after the lease was taken, and before the document was put with the new fence."""
    context = store(bucket).lock(OTHER)  # kept: it would end with its last reference
    older = context.__enter__()
    aged(bucket)
    bucket.before_put[DOCUMENT] = lambda: older.record("late", applied_list("late"))
    with store(bucket).lock(HOLDER) as writer:
        assert writer.applied.lists == {"late": applied_list("late")}
        with pytest.raises(LockedError, match="this run's lease is gone"):
            older.record("later", applied_list("later"))
        with pytest.raises(LockedError):
            older.announce_intents({"b": doubtful_list("b")})


def delete_the_document_under_way(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
        del bucket.objects[DOCUMENT]
        writer.record("b", applied_list("b"))


def test_one_whose_document_was_deleted_under_way_gives_the_lease_back(bucket: FakeBucket) -> None:
    with pytest.raises(LockedError, match="this run's lease is gone"):
        delete_the_document_under_way(bucket)
    assert "token" not in json.loads(bucket.objects[LOCK])
    with store(bucket).lock(OTHER):
        pass


def test_an_older_writer_that_never_stops(bucket: FakeBucket) -> None:
    others = iter(range(100))

    def put() -> None:
        bucket.objects[DOCUMENT] = render(state(serial=next(others))).encode()
        bucket.before_put[DOCUMENT] = put

    bucket.before_put[DOCUMENT] = put
    with pytest.raises(LockedError, match="somebody else wrote it each time"):
        store(bucket).lock(HOLDER).__enter__()
    assert "token" not in json.loads(bucket.objects[LOCK])


def test_a_fence_that_was_lost_is_found_again_in_the_document(bucket: FakeBucket) -> None:
    for _ in range(3):
        with store(bucket).lock(HOLDER) as writer:
            writer.record("a", applied_list("a"))
    del bucket.objects[LOCK]
    with store(bucket).lock(HOLDER):
        assert stamp(bucket).fence == 4
    assert json.loads(bucket.objects[LOCK])["fence"] == 4


def test_one_that_wakes_up_before_its_first_look_finds_itself_outranked(bucket: FakeBucket) -> None:
    def meanwhile() -> None:
        aged(bucket)
        with store(bucket).lock(OTHER) as writer:
            writer.record("b", applied_list("b"))

    bucket.before_put[DOCUMENT] = meanwhile
    with pytest.raises(LockedError, match="this run's lease is gone"):
        store(bucket).lock(HOLDER).__enter__()
    assert entries(bucket) == {"b": "applied"}
    assert json.loads(bucket.objects[LOCK]) == {"format": "reconciler/lease/1", "fence": 2}


def test_who_was_quicker_by_an_instant_is_named(bucket: FakeBucket) -> None:
    kept = []

    def quicker() -> None:
        kept.append(store(bucket).lock(OTHER))
        kept[-1].__enter__()

    bucket.before_put[LOCK] = quicker
    with pytest.raises(LockedError, match="locked by process 99"):
        store(bucket).lock(HOLDER).__enter__()


def test_others_that_are_quicker_each_time(bucket: FakeBucket) -> None:
    fences = iter(range(1, 100))

    def quicker() -> None:
        bucket.objects[LOCK] = lease.render(lease.Released(next(fences)))
        bucket.before_put[LOCK] = quicker

    quicker()
    with pytest.raises(LockedError, match="others took the lease each time"):
        store(bucket).lock(HOLDER).__enter__()


def test_a_lease_is_renewed_while_a_run_goes_on(bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "RENEWED", 0.1)
    monkeypatch.setattr(lease_renewal, "INTERVAL", 0.05)
    with store(bucket).lock(HOLDER) as writer:
        before = len(bucket.requests)
        wait_for(lambda: bucket.requests[before:].count(f"put {LOCK}") > 2)
        bucket.failing = 1
        wait_for(lambda: not bucket.failing)
        writer.check_lease()
        aged(bucket)
        held = json.loads(bucket.objects[LOCK])
        bucket.objects[LOCK] = json.dumps({**held, "token": "another"}).encode()
        wait_for(lambda: lost(writer))  # type: ignore[arg-type]
        bucket.objects[LOCK] = b"left alone by a writer that lost its lease"
        monkeypatch.undo()
        writer._renewal._lost = None  # type: ignore[attr-defined]
    assert bucket.objects[LOCK] == b"left alone by a writer that lost its lease"


def lost(writer: LeasedWriter) -> bool:
    try:
        writer.check_lease()
    except LockedError:
        return True
    return False


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_lease_that_could_not_be_renewed_is_no_right_to_write(
    bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store(bucket).lock(HOLDER) as writer:
        monkeypatch.setattr(lease, "TRUSTED", -1.0)
        bucket.failing = 1
        with pytest.raises(StateError, match="the network is gone"):
            writer.check_lease()
        writer.record("a", applied_list("a"))
    assert entries(bucket) == {"a": "applied"}


def test_a_state_of_another_lineage_has_a_history_of_its_own(bucket: FakeBucket) -> None:
    for _ in range(2):
        with store(bucket).lock(HOLDER) as writer:
            writer.record("a", applied_list("a"))
        del bucket.objects[DOCUMENT], bucket.objects[LOCK]
    assert [saved.applied.serial for saved in store(bucket).history(5).saved] == [1, 1]
    assert len(store(bucket).history(5, 1).saved) == 2


def test_a_copy_that_is_gone_is_missed(bucket: FakeBucket) -> None:
    """Also one between two others: each copy says which one it follows, whatever became of the run that left it."""

    def gaps(last: int = 9) -> list[str]:
        return find_gaps(store(bucket).history(last), store(bucket).load(), from_the_first=last == 9)

    for key in "abc":
        with store(bucket).lock(HOLDER) as writer:
            writer.record(key, doubtful_list(key))
            left = bucket.objects[DOCUMENT]
            writer.record(key, applied_list(key))
    bucket.objects[DOCUMENT] = left  # the third run was killed
    del bucket.objects[bucket.names("prod.history")[-1]]
    with store(bucket).lock(OTHER) as writer:
        writer.record("c", None)
    assert [(each.applied.serial, each.follows) for each in store(bucket).history(9).saved] == [
        (2, 0), (4, 2), (5, 4), (6, 5),
    ]  # fmt: skip
    assert gaps() == []
    first, second, *_ = bucket.names("prod.history")
    del bucket.objects[second]
    assert gaps() == ["serials 3 to 4 are missing"]
    del bucket.objects[first]
    assert gaps()[0].startswith("serials 1 to 4 are missing: removed (a rule of the bucket may do that)")
    assert gaps(last=2) == []


def test_what_a_state_follows_that_comes_from_elsewhere_is_not_known(bucket: FakeBucket) -> None:
    for _ in range(2):
        with store(bucket).lock(HOLDER) as writer:
            writer.replace(state(applied_list("a")))
    found = store(bucket).history(9)
    assert [(each.applied.serial, each.follows) for each in found.saved] == [(8, None), (9, 8)]
    assert unlinked_serials(found) == [8]


def test_a_document_that_is_gone_is_not_taken_for_none_at_all(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
    kept = store(bucket).load()
    del bucket.objects[DOCUMENT]
    (copy,) = bucket.names("prod.history")
    gone = f"is gone, .* reconciler state pull --serial {kept.serial} > FILE, then reconciler state push FILE"
    with pytest.raises(StateError, match=gone):
        store(bucket).load()
    with pytest.raises(StateError, match=gone), store(bucket).lock(OTHER):
        pass
    assert [each.applied for each in store(bucket).history(1).saved] == [kept]
    with store(bucket).lock(OTHER, lost=True) as writer:
        assert writer.applied.lists == {}
        assert DOCUMENT not in bucket.objects  # until it is put whole, it is still lost
        writer.replace(kept)
    assert store(bucket).load() == replace(kept, serial=kept.serial + 1)
    assert len(bucket.names("prod.history")) == 2
    bucket.objects[DOCUMENT] = bucket.objects[copy]  # by hand
    with store(bucket).lock(OTHER) as writer:
        assert writer.applied == kept


def test_of_the_copies_the_one_of_the_highest_serial_that_can_be_read_is_named(bucket: FakeBucket) -> None:
    for key in "ab":
        with store(bucket).lock(HOLDER) as writer:
            writer.record(key, applied_list(key))
    first, second = bucket.names("prod.history")
    bucket.objects[first] = bucket.objects.pop(first)  # copied onto itself: the newest by its time
    bucket.objects["prod.history/0000000099-cafe.json"] = b""
    del bucket.objects[DOCUMENT]
    with pytest.raises(StateError, match=f"pull --serial {int(second[13:23])} "):
        store(bucket).load()


def test_where_no_copy_can_be_read_it_is_lost_all_the_same(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
    (copy,) = bucket.names("prod.history")
    bucket.objects[copy] = b""
    del bucket.objects[DOCUMENT]
    with pytest.raises(StateError, match="is gone, and there are copies of it"):
        store(bucket).load()


def test_a_serial_that_was_used_before_is_kept_all_the_same(bucket: FakeBucket) -> None:
    """As after an older document was copied back over a newer one."""
    for key in "ab":
        with store(bucket).lock(HOLDER) as writer:
            writer.record(key, applied_list(key))
    first, _ = bucket.names("prod.history")
    bucket.objects[DOCUMENT] = bucket.objects[first]
    with store(bucket).lock(HOLDER) as writer:
        writer.record("c", applied_list("c"))
    found = store(bucket).history(9).saved
    assert [sorted(each.applied.lists) for each in found] == [["a"], ["a", "b"], ["a", "c"]]
    assert store(bucket).history(1, found[-1].applied.serial).saved[-1].applied == store(bucket).load()


def test_a_first_run_that_died_before_its_document_is_no_loss(bucket: FakeBucket) -> None:
    bucket.before_put[DOCUMENT] = lambda: setattr(bucket, "failing", 1)
    with pytest.raises(StateError, match="the network is gone"):
        store(bucket).lock(HOLDER).__enter__()
    assert store(bucket).load().lists == {}
    with store(bucket).lock(OTHER) as writer:
        writer.record("a", applied_list("a"))


def test_what_else_lies_among_the_copies_is_none(bucket: FakeBucket) -> None:
    with store(bucket).lock(HOLDER) as writer:
        writer.record("a", applied_list("a"))
    bucket.objects["prod.history/0000000001-note.txt"] = b"copied by hand"
    assert [each.applied.serial for each in store(bucket).history(5).saved] == [1]
    assert store(bucket).history(5).unread == ()


def test_a_network_that_stays_away_ends_the_run(bucket: FakeBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reconciler.state.leased_writer._WAITS", (0.0, 0.0))
    with store(bucket).lock(HOLDER) as writer:
        bucket.unreadable = 3
        with pytest.raises(StateError, match="the network is gone"):
            writer.check_lease()
        writer.check_lease()

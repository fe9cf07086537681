"""A state that moves, and whatever ends that on the way: at no instant two places have it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import LockedError, MovedError, RefusedError, StateError
from reconciler.model.lists import Applied
from reconciler.state.backends.folder import FileStore
from reconciler.state.backends.object_store import ObjectStore
from reconciler.state.history import difference
from reconciler.state.moving import move
from tests.state.buckets import FakeBucket
from tests.state.samples import HOLDER, TARGET, applied_list, state

HERE, THERE = "s3://here/lists", "gs://there/lists"


def store(bucket: FakeBucket) -> ObjectStore:
    return ObjectStore(bucket, "prod", TARGET)


def moved(here: FakeBucket, there: FakeBucket) -> Applied:
    return move(store(here), store(there), HOLDER, here_url=HERE, there_url=THERE)


def record(bucket: FakeBucket, *names: str) -> None:
    with store(bucket).lock(HOLDER) as writer:
        for key in names:
            writer.record(key, applied_list(key))


def alive(*buckets: FakeBucket) -> list[FakeBucket]:
    """Return those that have the state; no state at all is an empty one."""
    found = []
    for bucket in buckets:
        try:
            known = store(bucket).load()
        except MovedError:
            continue
        if known.lists:
            found.append(bucket)
    return found


class Dead(BaseException):
    """The end of a process, as far as a test can play it."""


def die() -> None:
    raise Dead


@pytest.mark.parametrize("after", [False, True])
def test_killed_at_each_put_it_is_taken_up(after: bool) -> None:
    """`after`: the put was done, and nobody heard of it."""
    for number in range(1, 20):
        here, there = FakeBucket(), FakeBucket()
        record(here, "a", "b")
        kill(number, after, here, there)
        with suppress(Dead):
            moved(here, there)
        here.killed = there.killed = lambda _: None
        assert len(alive(here, there)) <= 1, number
        for bucket in (here, there):  # their leases have run out by now
            bucket.objects = {name: each for name, each in bucket.objects.items() if not name.endswith("lock.json")}
        if alive(here, there) == [here]:
            record(here, "c")
        assert moved(here, there).lists.keys() >= {"a", "b"}
        assert alive(here, there) == [there]
        if number > 15:
            return


def kill(number: int, after: bool, *buckets: FakeBucket) -> None:
    """Let the so-many-th put from now on, to any of them, be the last."""
    puts = iter(range(1, 1000))

    def put(done: bool) -> None:
        if done == after and next(puts) >= number:
            die()

    for bucket in buckets:
        bucket.killed = put


def test_an_empty_state_moves_too_and_is_taken_up() -> None:
    here, there = FakeBucket(), FakeBucket()
    there.before_put["prod.state.json"] = lambda: there.before_put.update({"prod.state.json": die})
    with pytest.raises(Dead):
        moved(here, there)
    here.objects.clear()
    del there.objects["prod.lock.json"]
    assert moved(here, there).lists == {}
    with pytest.raises(MovedError):
        store(here).load()
    record(there, "a")


def test_a_state_that_went_elsewhere() -> None:
    here, there = FakeBucket(), FakeBucket()
    record(here, "a")
    move(store(here), store(FakeBucket()), HOLDER, here_url=HERE, there_url="az://third/place")
    with pytest.raises(MovedError, match="was moved to az://third/place already"):
        moved(here, there)


def test_a_destination_that_lost_it() -> None:
    here, there = FakeBucket(), FakeBucket()
    record(here, "a")
    moved(here, there)
    there.objects.clear()
    with pytest.raises(RefusedError, match="it does not hold the state that was moved there"):
        moved(here, there)


class Forgetful(ObjectStore):
    """A store that shows something else than was written there."""

    def look(self) -> Applied:
        return state(applied_list("x"))


def test_a_destination_that_keeps_something_else() -> None:
    here, there = FakeBucket(), FakeBucket()
    record(here, "a")
    with pytest.raises(StateError, match="what was written there is not what is read there"):
        move(store(here), Forgetful(there, "prod", TARGET), HOLDER, here_url=HERE, there_url=THERE)
    assert alive(here, there) == [here]


def test_what_changed_between_two_states() -> None:
    before = state(applied_list("a"), applied_list("b"))
    after = state(applied_list("b", name="New"), applied_list("c"))
    found = difference(before, after)
    assert (found.added, found.changed, found.dropped) == (("c",), ("b",), ("a",))
    assert difference(None, replace(after)).added == ("b", "c")


def test_a_place_without_a_state_does_not_take_one_back() -> None:
    """As on the machine of somebody else, where the folder that it was moved to is empty."""
    here, there, elsewhere = FakeBucket(), FakeBucket(), FakeBucket()
    record(here, "a", "b")
    moved(here, there)
    with pytest.raises(RefusedError, match=f"It was moved to {THERE}: that is where it must be brought back from"):
        move(store(elsewhere), store(here), HOLDER, here_url=THERE, there_url=HERE)
    assert alive(here, there, elsewhere) == [there]
    with pytest.raises(MovedError):
        store(here).load()


def test_a_move_of_no_state_that_was_cut_off_is_taken_up_after_the_first_apply() -> None:
    for number in range(1, 20):
        here, there = FakeBucket(), FakeBucket()
        kill(number, True, here, there)
        with suppress(Dead):
            moved(here, there)
        here.killed = there.killed = lambda _: None
        for bucket in (here, there):
            bucket.objects = {name: each for name, each in bucket.objects.items() if not name.endswith("lock.json")}
        with suppress(MovedError):
            record(here, "a")
        moved(here, there)
        assert alive(here, there) in ([], [there])
        if number > 15:
            return


def test_who_writes_there_is_named_and_a_lease_can_be_broken(tmp_path: Path) -> None:
    here, there, folder = FakeBucket(), FakeBucket(), FileStore(tmp_path, "prod", TARGET)
    record(here, "a")
    with store(there).lock(HOLDER), pytest.raises(LockedError, match="locked by process") as leased:
        moved(here, there)
    assert leased.value.__notes__ == [f"that lease is at another place: reconciler state unlock --at {THERE}"]
    with folder.lock(HOLDER), pytest.raises(LockedError, match="locked by process") as locked:
        move(store(here), folder, HOLDER, here_url=HERE, there_url="state")
    assert not hasattr(locked.value, "__notes__")

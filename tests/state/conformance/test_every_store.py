"""What every store promises, whatever it is made of: a folder, a git branch, S3, Azure, memory."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import pytest

from reconciler.errors import (
    ForeignStateError,
    LockedError,
    MovedError,
    RefusedError,
    StateDamagedError,
    StateError,
    UsageError,
)
from reconciler.model.lists import AppliedList, DoubtfulList, PastRun
from reconciler.protocols import StateWriter
from reconciler.state.history import History, find_gaps
from reconciler.state.leased_writer import LeasedWriter
from reconciler.state.moving import move
from tests.program import UNMEASURED
from tests.state.conformance.keepers import InFolder, InObjects, Keeper, made
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list, state

OTHER = replace(HOLDER, pid=99, job="https://ci.example/99")
AZ = pytest.param("az", marks=pytest.mark.slow)
BRANCH = pytest.param("branch", marks=pytest.mark.slow)
KINDS = ["folder", "memory", "s3", "gs", AZ, BRANCH]
LEASED = [kind for kind in KINDS if kind != "folder"]
every_kind = pytest.mark.parametrize("kind", KINDS)
every_leased_kind = pytest.mark.parametrize("kind", LEASED)


@pytest.fixture
def keeper(kind: str, cloud: Mapping[str, str], tmp_path: Path) -> Keeper:
    del cloud
    return made(kind, tmp_path)


def keys(keeper: Keeper) -> dict[str, str]:
    return {
        key: "doubt" if isinstance(known, DoubtfulList) else "applied"
        for key, known in keeper.store().load().lists.items()
    }


def set_up(keeper: Keeper, *names: str) -> None:
    with keeper.store().lock(HOLDER) as writer:
        for key in names:
            writer.record(key, applied_list(key))


@every_kind
def test_read_your_write(keeper: Keeper) -> None:
    assert keeper.store().load() == replace(state(serial=0, lineage=""))
    assert keeper.store().place.startswith(str(keeper.store()))
    with keeper.store().lock(HOLDER) as writer:
        writer.announce_intents({"a": doubtful_list("a"), "c": doubtful_list("c")})
        writer.record("a", doubtful_list("a"))
        assert keys(keeper)["a"] == "doubt"
        writer.record("a", applied_list("a"))
        writer.record("b", applied_list("b"))
        writer.record("b", None)
        writer.check_lease()
        assert writer.applied.lists == {"a": applied_list("a")}
        assert (writer.entry("a"), writer.entry("b")) == (applied_list("a"), None)
    found = keeper.store().load()
    assert found.lists == {"a": applied_list("a")}
    assert found.lineage
    assert found.serial > 0
    with keeper.store().lock(HOLDER) as writer:
        writer.record("b", applied_list("b"))
    assert keeper.store().load().serial > found.serial
    assert keeper.store().load().lineage == found.lineage


@every_kind
def test_a_run_that_records_nothing_changes_nothing(keeper: Keeper) -> None:
    set_up(keeper, "a")
    before = keeper.store().load()
    with keeper.store().lock(HOLDER) as writer:
        writer.announce_intents({})
        assert writer.applied == before
    assert keeper.store().load() == before


@every_kind
def test_a_state_is_put_in_place(keeper: Keeper) -> None:
    set_up(keeper, "a")
    backup = keeper.store().load()
    with keeper.store().lock(HOLDER) as writer:
        writer.record("a", None)
        writer.replace(backup)
        with pytest.raises(ForeignStateError):
            writer.replace(replace(backup, environment="dev"))
    found = keeper.store().load()
    assert replace(found, serial=backup.serial) == backup
    assert found.serial > backup.serial


def race(keeper: Keeper, writers: int, rounds: int) -> None:
    """Let writers record one list after the other, each under a lock of its own."""

    def write(number: int) -> None:
        for each in range(rounds):
            key = f"w{number}-{each}"
            while True:
                try:
                    with keeper.store().lock(replace(HOLDER, pid=number)) as writer:
                        writer.record(key, doubtful_list(key))
                        writer.record(key, applied_list(key))
                    break
                except LockedError:
                    time.sleep(random.uniform(0, 0.05))

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))
    assert keys(keeper) == {f"w{number}-{each}": "applied" for number in range(writers) for each in range(rounds)}


@every_kind
def test_writers_that_race_lose_nothing(keeper: Keeper) -> None:
    race(keeper, 2, 3)


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_kind
def test_writers_that_race_for_200_rounds_lose_nothing(keeper: Keeper) -> None:
    race(keeper, 4, 50)


@every_kind
def test_a_second_writer_is_refused_and_a_reader_is_not(keeper: Keeper) -> None:
    assert keeper.store().holder(HOLDER) is None
    with keeper.store().lock(OTHER) as writer:
        writer.record("a", doubtful_list("a"))
        with pytest.raises(LockedError, match=r"locked by process 99 .* CI job https://ci\.example/99"):
            keeper.store().lock(HOLDER).__enter__()
        assert "process 99" in str(keeper.store().holder(HOLDER))
        if isinstance(keeper, InFolder):
            with pytest.raises(LockedError, match="locked by process 99"):
                keeper.store().breakable(HOLDER)
        assert keys(keeper) == {"a": "doubt"}
        writer.record("a", applied_list("a"))
    assert keeper.store().holder(HOLDER) is None
    with keeper.store().lock(HOLDER):
        pass
    assert keys(keeper) == {"a": "applied"}


DYING = """
import os, signal, sys
from pathlib import Path
from reconciler.state.backends.folder import FileStore
from tests.state.samples import HOLDER, TARGET, applied_list, doubtful_list
with FileStore(Path(sys.argv[1]), "prod", TARGET).lock(HOLDER) as writer:
    writer.announce_intents({key: doubtful_list(key) for key in "bc"})
    writer.record("b", doubtful_list("b"))
    writer.record("b", applied_list("b"))
    writer.record("c", doubtful_list("c"))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def begun(keeper: Keeper) -> tuple[AbstractContextManager[StateWriter], LeasedWriter]:
    """Lock, as somebody who will not come to the end; the context would end with its last reference."""
    context = keeper.store().lock(OTHER)
    writer = context.__enter__()
    assert isinstance(writer, LeasedWriter)
    return context, writer


@every_kind
def test_a_holder_that_died_leaves_the_truth_to_the_next(keeper: Keeper) -> None:
    set_up(keeper, "a")
    if isinstance(keeper, InFolder):
        died = subprocess.run([sys.executable, "-c", DYING, str(keeper.folder)], env=UNMEASURED, check=False)
        assert died.returncode == -signal.SIGKILL
    else:
        _kept, writer = begun(keeper)
        writer.announce_intents({key: doubtful_list(key) for key in "bc"})
        writer.record("b", doubtful_list("b"))
        writer.record("b", applied_list("b"))
        writer.record("c", doubtful_list("c"))
        writer._renewal.stop()
        with pytest.raises(LockedError):
            keeper.store().lock(HOLDER).__enter__()
        keeper.age()
    found = keys(keeper)
    assert found.pop("b") in {"applied", "doubt"}  # on a branch, outcomes are shared every now and then
    assert found == {"a": "applied", "c": "doubt"}
    with keeper.store().lock(HOLDER) as next_writer:
        assert next_writer.applied.lists["c"] == doubtful_list("c")
        next_writer.record("c", applied_list("c"))
        next_writer.record("b", applied_list("b"))
    assert keys(keeper) == dict.fromkeys("abc", "applied")


@every_leased_kind
def test_a_writer_that_slept_past_its_lease_writes_nothing(keeper: Keeper) -> None:
    set_up(keeper, "a")
    _kept, asleep = begun(keeper)
    asleep.announce_intents({key: doubtful_list(key) for key in "bc"})
    keeper.age()
    with keeper.store().lock(HOLDER) as writer:
        writer.record("b", applied_list("b", name="Mine"))
        before = keeper.read(keeper.document_name)
        for key in "bc":
            with pytest.raises(LockedError, match="another run has written the state of prod meanwhile"):
                asleep.record(key, doubtful_list(key)._replace(intended={"name": "Theirs"}))
        with pytest.raises(LockedError):
            asleep.check_lease()
        with pytest.raises(LockedError):
            asleep.end()
        assert keeper.read(keeper.document_name) == before
        writer.record("c", None)
    assert keys(keeper) == {"a": "applied", "b": "applied"}
    assert keeper.store().load().lists["b"].texts["name"] == "Mine"


@every_leased_kind
def test_a_lease_is_broken_once_and_only_the_one_that_was_shown(keeper: Keeper) -> None:
    assert keeper.store().breakable(HOLDER) is None
    _kept, gone = begun(keeper)
    gone.record("a", doubtful_list("a"))
    held = keeper.store().breakable(HOLDER)
    assert held
    assert f"{keeper.store()}: locked by process 99" in held.said
    held.free(HOLDER)
    with pytest.raises(LockedError):
        gone.record("b", doubtful_list("b"))
    with keeper.store().lock(HOLDER) as writer:
        assert writer.applied.lists["a"] == doubtful_list("a")
        with pytest.raises(LockedError, match="locked by process 4711"):
            held.free(HOLDER)
        writer.record("a", applied_list("a"))
    assert keys(keeper) == {"a": "applied"}


@every_kind
def test_torn_and_damaged_content_is_refused_and_left_alone(keeper: Keeper) -> None:
    set_up(keeper, "a", "b")
    whole = keeper.read(keeper.document_name)
    middle = len(whole) // 2
    for damaged in (b"", whole[:middle], whole[:-4], whole.replace(b"applied", b"apqlied", 1), b"\xff" + whole, b"[]"):
        keeper.write(keeper.document_name, damaged)
        with pytest.raises(StateDamagedError, match=r"prod\.state\.json"):
            keeper.store().load()
        with pytest.raises(StateDamagedError):
            keeper.store().lock(HOLDER).__enter__()
        assert keeper.read(keeper.document_name) == damaged
    keeper.write(keeper.document_name, whole)
    with keeper.store().lock(HOLDER):
        assert keys(keeper) == {"a": "applied", "b": "applied"}


@every_kind
def test_a_newer_format_is_refused(keeper: Keeper) -> None:
    set_up(keeper, "a")
    newer = keeper.read(keeper.document_name).replace(b"reconciler/state/1", b"reconciler/state/2")
    keeper.write(keeper.document_name, newer)
    with pytest.raises(StateError, match="made by a newer version"):
        keeper.store().load()
    with pytest.raises(StateError, match="made by a newer version"):
        keeper.store().lock(HOLDER).__enter__()
    assert keeper.read(keeper.document_name) == newer


@every_leased_kind
def test_a_lease_that_is_damaged_or_newer_is_refused(keeper: Keeper) -> None:
    with keeper.store().lock(HOLDER):
        undated = re.sub(rb"\d{4}-\d\d-\d\dT", b"2026-02-31T", keeper.read(keeper.lease_name))
    for content in (b"{}", b"", b'{"format": "reconciler/lease/1", "fence": 0}', undated):
        keeper.write(keeper.lease_name, content)
        with pytest.raises(StateDamagedError, match=r"damaged: .* make sure that no run is under way, then clear it"):
            keeper.store().lock(HOLDER).__enter__()
    keeper.write(keeper.lease_name, b'{"format": "reconciler/lease/2"}')
    with pytest.raises(StateError, match="made by a newer version"):
        keeper.store().lock(HOLDER).__enter__()


@every_kind
def test_the_state_of_another_target_is_refused(keeper: Keeper) -> None:
    set_up(keeper, "a")
    elsewhere = replace(TARGET, account_id="other")
    with pytest.raises(ForeignStateError):
        keeper.store(elsewhere).load()
    with pytest.raises(ForeignStateError):
        keeper.store(elsewhere).lock(HOLDER).__enter__()
    with keeper.store().lock(HOLDER):
        pass


@every_kind
def test_many_lists(keeper: Keeper) -> None:
    several(keeper, 1000, 5)


@pytest.mark.slow
@every_kind
def test_a_thousand_lists_one_by_one(keeper: Keeper) -> None:
    several(keeper, 1000, 1000)


@pytest.mark.slow
@pytest.mark.timeout(900)
@every_kind
def test_a_hundred_thousand_lists(keeper: Keeper) -> None:
    several(keeper, 100_000, 2)


def several(keeper: Keeper, number: int, recorded: int) -> None:
    names = [f"k{index:06d}" for index in range(number)]
    with keeper.store().lock(HOLDER) as writer:
        writer.replace(state(*(applied_list(key) for key in names)))
    with keeper.store().lock(HOLDER) as writer:
        changed = {key: doubtful_list(key) for key in names[:recorded]}
        writer.announce_intents(changed)
        for key, doubt in changed.items():
            writer.record(key, doubt)
            writer.record(key, applied_list(key, name="VIP"))
    found = keeper.store().load()
    assert len(found.lists) == number
    assert sum(known.texts["name"] == "VIP" for known in found.lists.values()) == recorded
    assert all(isinstance(known, AppliedList) for known in found.lists.values())


@every_kind
def test_a_moved_state_is_refused_and_named(keeper: Keeper) -> None:
    set_up(keeper, "a")
    with keeper.store().lock(HOLDER) as writer:
        writer.replace(replace(writer.applied, moved_to="s3://new/place"))
    with pytest.raises(MovedError, match=r"the state of prod was moved to s3://new/place"):
        keeper.store().load()
    before = keeper.read(keeper.document_name)
    with pytest.raises(MovedError):
        keeper.store().lock(HOLDER).__enter__()
    assert json.loads(before)["lists"] == json.loads(keeper.read(keeper.document_name))["lists"]
    assert keeper.store().look().moved_to == "s3://new/place"


@pytest.mark.parametrize("kind", ["s3", "gs", AZ, "memory", BRANCH])
def test_a_state_moves_there_and_back(kind: str, cloud: Mapping[str, str], tmp_path: Path) -> None:
    del cloud
    others = ["folder", "memory"] if kind == "branch" else ["folder"]
    for number, (one, other) in enumerate(permutations([kind, *others], 2)):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        here, there = made(one, folder), made(other, folder)
        there_and_back(here, there)


def there_and_back(here: Keeper, there: Keeper) -> None:
    set_up(here, "a", "b")
    state_here = here.store().load()
    forth = {"here_url": here.url, "there_url": there.url}
    moved = move(here.store(), there.store(), HOLDER, **forth)
    assert there.store().load() == moved
    assert replace(moved, serial=state_here.serial) == state_here
    with pytest.raises(MovedError, match="was moved to"):
        here.store().load()
    assert move(here.store(), there.store(), HOLDER, **forth) == moved
    with there.store().lock(HOLDER) as writer:
        writer.record("c", applied_list("c"))
    assert move(here.store(), there.store(), HOLDER, **forth).lists.keys() == {"a", "b", "c"}
    back = move(there.store(), here.store(), HOLDER, here_url=there.url, there_url=here.url)
    assert here.store().load() == back
    assert back.lists.keys() == {"a", "b", "c"}
    with pytest.raises(MovedError):
        there.store().lock(HOLDER).__enter__()


@every_kind
def test_another_state_at_the_destination_is_never_overwritten(keeper: Keeper, tmp_path: Path) -> None:
    set_up(keeper, "theirs")
    here = made("folder", tmp_path / "other")
    (tmp_path / "other").mkdir()
    set_up(here, "ours")
    before = keeper.store().load()
    with pytest.raises(RefusedError, match="another state of prod is there already"):
        move(here.store(), keeper.store(), HOLDER, here_url=here.url, there_url=keeper.url)
    assert keeper.store().load() == before
    assert keys(here) == {"ours": "applied"}


def gaps(keeper: Keeper) -> list[str]:
    store = keeper.store()
    return find_gaps(store.history(9), store.load(), from_the_first=True)


@pytest.mark.parametrize("kind", ["folder", "memory", "s3", "gs", AZ, "branch"])
def test_history(keeper: Keeper) -> None:
    if isinstance(keeper, InFolder):
        with pytest.raises(UsageError, match="a folder keeps no earlier states"):
            keeper.store().history(1)
        assert keeper.store().last_runs(keeper.store().load(), 5) == ()
        return
    assert keeper.store().history(5) == History()
    assert keeper.store().last_runs(keeper.store().load(), 5) == []
    set_up(keeper, "a")
    first = keeper.store().load()
    by = f"{HOLDER.user} on {HOLDER.host}: {HOLDER.command}"
    assert keeper.store().last_runs(first, 5) == [PastRun(by, frozenset("a"), {})]
    set_up(keeper, "b")
    with keeper.store().lock(HOLDER):
        pass
    second = keeper.store().load()
    saved = keeper.store().history(5).saved
    assert [each.applied for each in saved] == [first, second]
    assert gaps(keeper) == []
    newest, oldest = keeper.store().last_runs(second, 5)
    assert (newest.recorded, newest.before) == (frozenset("b"), first.lists)
    assert oldest.recorded == frozenset("a")
    assert keeper.store().last_runs(second, 1) == [newest]
    assert keeper.store().last_runs(first, 5) == []
    assert [each.written and (each.written.user, each.written.command) for each in saved] == [
        (HOLDER.user, HOLDER.command)
    ] * 2
    assert [each.applied for each in keeper.store().history(1).saved] == [second]
    assert [each.applied for each in keeper.store().history(1, first.serial).saved] == [first]
    assert keeper.store().history(1, 4711) == History()


@pytest.mark.parametrize("kind", ["memory", "s3", "gs", AZ, "branch"])
def test_a_damaged_one_does_not_hide_the_others(keeper: Keeper) -> None:
    for key in "abc":
        set_up(keeper, key)
    last = keeper.store().load()
    if isinstance(keeper, InObjects):
        _, middle, _ = keeper.objects.names("prod.history")
        keeper.write(middle, b"{}")
    else:
        good = keeper.read(keeper.document_name)
        for content in (b"{}", good):
            keeper.write(keeper.document_name, content)
    found = keeper.store().history(9)
    assert (list(found.saved[0].applied.lists), found.saved[-1].applied) == (["a"], last)
    (unread,) = found.unread
    assert "damaged" in unread
    assert any("damaged" in gap for gap in gaps(keeper))
    assert keeper.store().history(1, last.serial).saved[-1].applied == last


@every_kind
def test_a_lock_that_is_removed_or_taken_is_noticed_before_the_next_put(keeper: Keeper) -> None:
    with suppress(LockedError), keeper.store().lock(HOLDER) as writer:
        writer.announce_intents({"vip": doubtful_list("vip")})
        writer.record("vip", doubtful_list("vip"))
        writer.check_lease()
        if isinstance(keeper, InFolder):
            (keeper.folder / "prod.lock").unlink()
            (keeper.folder / "prod.lock").touch()
        else:
            keeper.write(keeper.lease_name, keeper.read(keeper.lease_name).replace(b'"token": "', b'"token": "other'))
        with pytest.raises(LockedError):
            writer.check_lease()


@every_leased_kind
def test_a_damaged_lease_is_cleared(keeper: Keeper) -> None:
    with keeper.store().lock(HOLDER) as writer:
        writer.record("vip", applied_list("vip"))
    keeper.write(keeper.lease_name, b"nonsense")
    damaged = keeper.store().breakable(OTHER)
    assert damaged
    assert "clear it: reconciler state unlock" in damaged.said
    damaged.free(OTHER)
    with keeper.store().lock(OTHER) as writer:
        assert set(writer.applied.lists) == {"vip"}

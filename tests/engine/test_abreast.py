"""Accounts side by side: order, one at a time within an account, failures as values, bugs as bugs."""

from __future__ import annotations

from threading import Barrier, Lock
from time import sleep
from typing import NamedTuple

import pytest

from reconciler.engine.per_account import THREADS, all_of, side_by_side, sorted_out
from reconciler.errors import LockedError, RemoteError
from reconciler.model.lists import Target


class Named(str):
    """An environment by its name, whose first letter is its account."""

    __slots__ = ()

    @property
    def target(self) -> Target:
        return Target("https://h", "st-1", self[0])


class Alone(NamedTuple):
    """An environment in an account of its own."""

    target: Target


def named(*names: str) -> list[Named]:
    return list(map(Named, names))


def test_accounts_are_worked_on_at_once_and_come_in_order() -> None:
    meeting = Barrier(3, timeout=60)  # nobody passes before all three accounts are there

    def work(item: str) -> str:
        meeting.wait()
        return item.upper()

    assert side_by_side(named("a1", "b1", "c1"), work) == ["A1", "B1", "C1"]


def test_at_most_so_many_threads_work_at_a_time() -> None:
    together, most, guard = 0, 0, Lock()

    def work(item: Alone) -> Alone:
        nonlocal together, most
        with guard:
            together += 1
            most = max(most, together)
        sleep(0.001)
        with guard:
            together -= 1
        return item

    environments = [Alone(Target("https://h", "st-1", str(number))) for number in range(1000)]
    assert side_by_side(environments, work) == environments
    assert 1 < most <= THREADS


def test_what_shares_an_account_comes_one_after_the_other() -> None:
    busy, done = Lock(), []

    def work(item: str) -> None:
        if item[0] == "a":
            assert busy.acquire(blocking=False)
            done.append(item)
            busy.release()

    side_by_side(named("a1", "b1", "a2", "b2", "a3"), work)
    assert done == ["a1", "a2", "a3"]


def test_a_failure_is_a_value_and_stops_no_other() -> None:
    gone = RemoteError("gone")

    def work(item: str) -> str:
        if item == "a1":
            raise gone
        return item

    found = side_by_side(named("a1", "a2", "b1"), work)
    assert found == [gone, "a2", "b1"]
    assert sorted_out(["one", "two", "three"], found) == (("a2", "b1"), {"one": gone})
    with pytest.raises(RemoteError, match="gone"):
        all_of(["one", "two", "three"], found)


def test_the_first_failure_is_raised_with_where_it_was_and_the_others_noted() -> None:
    with pytest.raises(RemoteError) as raised:
        all_of(["prod", "dev", "test"], [RemoteError("gone"), LockedError("locked"), "works"])
    assert raised.value.__notes__ == ["this was in prod", "also in dev: locked [STATE-LOCKED]"]


def test_the_failure_of_the_only_one_needs_no_name() -> None:
    with pytest.raises(RemoteError) as raised:
        all_of(["prod"], [RemoteError("gone")])
    assert not hasattr(raised.value, "__notes__")


@pytest.mark.parametrize("items", [["a1"], ["a1", "b1"]])
def test_a_bug_is_raised_when_all_have_ended(items: list[str]) -> None:
    def work(item: str) -> str:
        if item == "a1":
            raise RuntimeError("a bug")
        return item

    with pytest.raises(RuntimeError, match="a bug"):
        side_by_side(named(*items), work)

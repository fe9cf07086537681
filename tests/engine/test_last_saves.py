"""Who saved the lists that were changed elsewhere: within a budget, and never the end of a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from reconciler.engine.last_saves import read_last_saves
from reconciler.errors import RemoteError
from reconciler.model.lists import Absent, Applied, LastSave, Live, LiveList, PastRun
from tests.fakes import FakeClock, FakeStore
from tests.planning import worlds

APPLIED = worlds.applied({"a": {"name": "A"}, "b": {"name": "B"}, "c": {"name": "C", "intended": {"name": "D"}}})
THEIRS = LastSave("u-1", "2026-11-24T17:04:00.000Z")


@dataclass
class Asked:
    """An API that says who saved each list, and breaks at the list `broken`."""

    saves: dict[str, LastSave | None]
    broken: str = ""
    requests: int = 0
    ids: list[str] = field(default_factory=list)

    def read_all(self) -> Live:
        raise NotImplementedError

    def read(self, list_id: str) -> LiveList | Absent:
        self.ids.append(list_id)
        if list_id == self.broken:
            raise RemoteError("HTTP 500")
        if list_id not in self.saves:
            return Absent(list_id, "gone by now")
        return LiveList(list_id, {"name": "L", "description": ""}, last_save=self.saves[list_id])


class Store(FakeStore):
    """A store that knows the run that recorded the list `a`."""

    def last_runs(self, applied: Applied, most: int) -> Sequence[PastRun]:
        assert (applied, most) == (APPLIED, 1)
        return (PastRun("anna on ci-7: reconciler apply", frozenset({"a", "other"}), {}),)


def asked(reader: Asked, *moved: str, most: int = 20, live: Live | None = None) -> object:
    store = FakeStore(APPLIED, FakeClock())
    saves, warnings = read_last_saves(reader, store, moved, APPLIED, live or Live({}), most=most)
    return {list_id: (save.by, save.since_apply) for list_id, save in saves.items()}, list(warnings)


def test_each_list_is_read_once() -> None:
    reader = Asked({"cl-a": THEIRS, "cl-b": LastSave("u-2", "2026-11-22T10:00:03Z")})
    assert asked(reader, "cl-a", "cl-b", "cl-gone", "cl-a") == ({"cl-a": ("u-1", True), "cl-b": ("u-2", False)}, [])
    assert reader.ids == ["cl-a", "cl-b", "cl-gone"]
    assert asked(Asked({})) == ({}, [])


def test_no_more_than_the_budget_and_nothing_that_was_read_alone() -> None:
    alone = LiveList("cl-b", {"name": "B", "description": ""}, last_save=THEIRS)
    live = replace(Live({"cl-b": alone}), alone=frozenset({"cl-b", "cl-gone"}))
    reader = Asked(dict.fromkeys(("cl-a", "cl-c"), THEIRS))
    found = asked(reader, "cl-a", "cl-b", "cl-c", most=1, live=live)
    warning = "who saved 1 more lists was not asked: --who 2 asks for all"
    assert found == ({"cl-b": ("u-1", True), "cl-a": ("u-1", True)}, [warning])
    assert reader.ids == ["cl-a"]


def test_what_cannot_be_read_leaves_the_rest() -> None:
    reader = Asked({"cl-a": THEIRS}, broken="cl-b")
    assert asked(reader, "cl-a", "cl-b") == (
        {"cl-a": ("u-1", True)},
        ["who saved the lists could not be read: HTTP 500"],
    )


def test_an_api_that_names_nobody() -> None:
    warning = "who saved the lists is not known: the API names no user when a list is read alone"
    assert asked(Asked({"cl-a": None}), "cl-a") == ({}, [warning])


def test_the_last_run_is_named_if_it_recorded_the_list_and_nobody_saved_it_since() -> None:
    known, silent = Store(APPLIED, FakeClock()), FakeStore(APPLIED, FakeClock())

    def ran(store: FakeStore, **at: str) -> dict[str, str]:
        reader = Asked({f"cl-{key}": LastSave("u-1", each) for key, each in at.items()})
        saves, _ = read_last_saves(reader, store, reader.saves, APPLIED, Live({}), most=20)
        return {list_id: save.applied_by for list_id, save in saves.items()}

    old = "2026-11-22T10:00:00Z"
    assert ran(known, a=old, b=old) == {"cl-a": "anna on ci-7: reconciler apply", "cl-b": ""}
    assert ran(silent, a=old, b=old) == {"cl-a": "", "cl-b": ""}
    assert ran(known, a=THEIRS.at) == {"cl-a": ""}


@pytest.mark.parametrize(
    ("list_id", "at", "since"),
    [
        ("cl-a", "2026-11-22T10:00:05Z", False),
        ("cl-a", "2026-11-22T10:00:06Z", True),
        ("cl-a", "", True),
        ("cl-a", "Tuesday", True),
        ("cl-a", "2026-11-22T10:00:00", True),
        ("cl-c", "2026-11-22T09:00:00Z", True),
        ("cl-other", "2026-11-22T09:00:00Z", True),
    ],
)
def test_whether_it_was_after_the_last_apply(list_id: str, at: str, *, since: bool) -> None:
    """Clocks differ by seconds; a list in doubt, or not in the state, has no last apply."""
    assert asked(Asked({list_id: LastSave("u-1", at)}), list_id) == ({list_id: ("u-1", since)}, [])

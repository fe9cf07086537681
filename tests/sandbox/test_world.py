"""What the world remembers: writes, and what reads show of them when they show late."""

from __future__ import annotations

import time

import pytest

from reconciler.sandbox.accounts import ACCOUNT_ID, Account, ContactList
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World
from tests.sandbox.client import FIRST, LISTS, SECOND

LATE = Settings(late_writes=3600)


def world(settings: Settings = LATE) -> World:
    return World([Account.of(LISTS), Account.of(LISTS, "other")], settings)


def names(world: World, account: str = ACCOUNT_ID) -> dict[str, str]:
    return {each.id: each.name for each in world.visible_lists(account, late=True).values()}


def put(world: World, name: str, account: str = ACCOUNT_ID) -> None:
    world.put(account, world.lists(account)["cl-1"].with_texts({"name": name}), {"name": name})


def test_a_read_shows_what_was_before_all_puts_that_are_too_fresh() -> None:
    late = world()
    put(late, "One")
    put(late, "Two")
    assert names(late) == {"cl-1": FIRST.name, "cl-2": SECOND.name}
    assert late.lists()["cl-1"].name == late.visible_lists(ACCOUNT_ID, late=False)["cl-1"].name == "Two"


def test_puts_of_one_account_are_not_shown_late_in_another() -> None:
    late = world()
    put(late, "One", "other")
    assert names(late)["cl-1"] == names(late, "other")["cl-1"] == FIRST.name
    assert late.lists("other")["cl-1"].name == "One"


def test_what_someone_else_writes_shows_at_once_and_hides_earlier_puts() -> None:
    late = world()
    put(late, "One")
    late.edit("cl-1", {"name": "Theirs"})
    assert names(late)["cl-1"] == "Theirs"
    put(late, "Two")
    assert names(late)["cl-1"] == "Theirs"


def test_a_deleted_list_is_gone_at_once_and_a_new_one_is_there() -> None:
    late = world()
    put(late, "One")
    late.delete("cl-1")
    late.set_list(ContactList("cl-3", {"name": "Three"}))
    assert names(late) == {"cl-2": SECOND.name, "cl-3": "Three"}


def test_puts_show_once_their_time_is_over() -> None:
    late = world(Settings(late_writes=0.05))
    put(late, "One")
    time.sleep(0.06)
    assert names(late)["cl-1"] == "One"


def test_every_write_is_remembered_with_both_sides_and_whose_it_was() -> None:
    told = world()
    put(told, "One")
    told.edit("cl-1", {"description": "Theirs"})
    told.delete("cl-2")
    told.set_list(SECOND)
    assert [(write.list_id, write.sent) for write in told.writes] == [
        ("cl-1", {"name": "One"}),
        ("cl-1", None),
        ("cl-2", None),
        ("cl-2", None),
    ]
    first, second, third, fourth = told.writes
    assert (first.before, first.after) == (FIRST, second.before)
    assert second.after == told.lists()["cl-1"]
    assert (third.before, third.after, fourth.before, fourth.after) == (SECOND, None, None, told.lists()["cl-2"])


def test_what_is_not_there_cannot_be_edited_or_deleted() -> None:
    bare = world()
    with pytest.raises(KeyError):
        bare.edit("cl-9", {"name": "X"})
    with pytest.raises(KeyError):
        bare.delete("cl-9")
    with pytest.raises(KeyError):
        bare.delete_account("none")
    assert bare.writes == []


def test_a_change_that_cannot_be_kept_does_not_happen() -> None:
    def full(accounts: object) -> None:
        raise OSError(28, "No space left on device")

    stuck = World([Account.of(LISTS)], Settings(), full)
    with pytest.raises(OSError, match="No space"):
        stuck.edit("cl-1", {"name": "New"})
    assert (stuck.lists()["cl-1"], stuck.writes) == (FIRST, [])

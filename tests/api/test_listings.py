"""What reads answer → live lists: tolerant, but never one list short."""

from __future__ import annotations

import json

import pytest

from reconciler.api.listings import live, live_list
from reconciler.errors import RemoteError
from reconciler.model.lists import Absent, Campaign, LiveList, OddList


def body(data: object) -> bytes:
    return json.dumps({"status": "success", "message": "", "data": data}).encode()


_UNNAMED = "(a campaign without a name)"
FULL = {
    "_id": "cl-1",
    "name": "One",
    "description": "First",
    "totalRecordCount": "many",
    "isListInUse": False,
    "campaignInUse": [{"id": "c1", "name": "Spring"}, {"id": "c2", "name": "Summer"}],
    "surprise": {"nested": [1]},
}

READ: list[tuple[dict[str, object], LiveList]] = [
    (
        FULL,
        LiveList("cl-1", {"name": "One", "description": "First"}, (Campaign("Spring", "c1"), Campaign("Summer", "c2"))),
    ),
    ({"_id": "cl-1", "name": "One"}, LiveList("cl-1", {"name": "One", "description": ""})),
    ({"_id": "cl-1", "name": "", "description": None}, LiveList("cl-1", {"name": "", "description": ""})),
    ({"_id": "cl-1", "name": "a\x1b", "campaignInUse": None}, LiveList("cl-1", {"name": "a\x1b", "description": ""})),
    (
        {"_id": "cl-1", "name": "One", "campaignInUse": ["Spring", {"id": 7}, {"name": None}, None, {}]},
        LiveList(
            "cl-1",
            {"name": "One", "description": ""},
            (Campaign("Spring"), Campaign(_UNNAMED, "7"), *[Campaign(_UNNAMED)] * 3),
        ),
    ),
]


@pytest.mark.parametrize(("data", "expected"), READ)
def test_a_list(data: dict[str, object], expected: LiveList) -> None:
    assert live_list("cl-1", body(data)) == expected
    assert live(body([data])).lists == {"cl-1": expected}


def test_all_lists_and_none() -> None:
    assert list(live(body([FULL, {"_id": "cl-2", "name": "Two"}])).lists) == ["cl-1", "cl-2"]
    assert live(body([])).lists == {}
    assert live(body([])).absent == {}


ODD: list[tuple[dict[str, object], str, str | None]] = [
    ({"_id": "cl-2"}, "name cannot be used (it is missing)", None),
    ({"_id": "cl-2", "name": None}, "name cannot be used (it is not a text)", None),
    ({"_id": "cl-2", "name": 7}, "name cannot be used (it is not a text)", None),
    ({"_id": "cl-2", "name": "Two", "description": 5}, "description cannot be used (it is not a text)", "Two"),
    ({"_id": "cl-2", "name": "Two", "description": []}, "description cannot be used (it is not a text)", "Two"),
    ({"_id": "cl-2", "name": "x" * 10_001}, "name cannot be used (it is longer than 10,000 characters)", "x" * 10_001),
    ({"_id": "cl-2", "name": "\ud83d"}, "name cannot be used (it has a broken character (half of a pair))", "\ud83d"),
]


@pytest.mark.parametrize(("record", "reason", "name"), ODD)
def test_an_odd_record_is_set_apart(record: dict[str, object], reason: str, name: str | None) -> None:
    found = live(body([FULL, record]))
    assert list(found.lists) == ["cl-1"]
    (odd,) = found.odd.values()
    assert (odd.id, odd.name) == ("cl-2", name)
    assert odd.reason == reason
    assert live_list("cl-2", body(record)) == odd


WITHOUT_ID: list[tuple[object, str]] = [
    (None, "the record cannot be used (it is not an object)"),
    (5, "the record cannot be used (it is not an object)"),
    ("x", "the record cannot be used (it is not an object)"),
    ([], "the record cannot be used (it is not an object)"),
    ({"name": "Two"}, "_id cannot be used (it is missing)"),
    ({"_id": None, "name": "Two"}, "_id cannot be used (it is not a text)"),
    ({"_id": ""}, "_id cannot be used (it is empty)"),
]


@pytest.mark.parametrize(("record", "reason"), WITHOUT_ID)
def test_a_record_without_an_id_is_told_by_its_number(record: object, reason: str) -> None:
    found = live(body([FULL, record, FULL | {"_id": "cl-3"}]))
    assert list(found.lists) == ["cl-1", "cl-3"]
    assert list(found.odd) == ["(record 2, without an id)"]
    assert found.odd["(record 2, without an id)"].reason == reason


def test_a_list_that_is_answered_twice_is_odd() -> None:
    found = live(body([FULL, {"_id": "cl-2", "name": "Two"}, FULL]))
    assert list(found.lists) == ["cl-2"]
    assert found.odd == {"cl-1": OddList("cl-1", "it was answered 2 times")}


@pytest.mark.parametrize(("answered", "in_use"), [(True, True), (False, False), (None, False), ("true", False)])
def test_a_list_in_use_now(answered: object, in_use: bool) -> None:
    assert live(body([FULL | {"isListInUse": answered}])).lists["cl-1"].in_use == in_use


@pytest.mark.parametrize("campaigns", [{}, "Spring", 7, [{"name": "x"}] * 1001])
def test_campaigns_that_cannot_be_read_are_some(campaigns: object) -> None:
    """Whatever they are, a rename must not be taken for safe."""
    found = live(body([FULL | {"campaignInUse": campaigns}])).lists["cl-1"]
    assert found.campaigns == (Campaign("(campaigns that cannot be read)"),)


def test_half_an_emoji_in_the_name_of_a_campaign() -> None:
    (named,) = live(body([FULL | {"campaignInUse": [{"name": "a\ud83d"}]}])).lists["cl-1"].campaigns
    assert named == Campaign("a\\ud83d")


UNUSABLE: list[tuple[object, str]] = [
    (None, "data is not a list of contact lists"),
    ({"lists": []}, "data is not a list of contact lists"),
    ([FULL] * 10_001, "it answered 10,001 lists; more than 10,000 are not read"),
]


@pytest.mark.parametrize(("data", "said"), UNUSABLE)
def test_what_cannot_be_used_fails_the_whole_read(data: object, said: str) -> None:
    with pytest.raises(RemoteError, match=said):
        live(body(data))


@pytest.mark.parametrize("data", [None, {}, []])
def test_success_without_a_list_is_no_list(data: object) -> None:
    assert live_list("cl-1", body(data)) == Absent("cl-1", "the API answers success, but no list")


def test_another_list_is_no_answer() -> None:
    with pytest.raises(RemoteError, match="it answered the list 'cl-2' instead"):
        live_list("cl-1", body({"_id": "cl-2", "name": "Two"}))


HOSTILE = [
    b"[]",
    b"[" * 1_000_000,
    b'{"data": ' * 100_000,
    b'{"status": "success", "data": NaN}',
    b'{"status": "success", "data": ' + b"9" * 10_000 + b"}",
    b'{"status": "success", "data": 1e999999}',
    b"\xff\xfe",
]


@pytest.mark.parametrize("content", HOSTILE, ids=range(len(HOSTILE)))
def test_an_answer_that_is_no_document(content: bytes) -> None:
    with pytest.raises(RemoteError, match="data is not a list of contact lists"):
        live(content)

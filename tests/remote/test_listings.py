"""What reads answer → live lists: tolerant, but never one list short."""

from __future__ import annotations

import json

import pytest

from reconciler.errors import RemoteError
from reconciler.model.lists import Absent, LiveList
from reconciler.remote.listings import live, live_list


def body(data: object) -> bytes:
    return json.dumps({"status": "success", "message": "", "data": data}).encode()


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
    (FULL, LiveList("cl-1", {"name": "One", "description": "First"}, ("Spring", "Summer"))),
    ({"_id": "cl-1", "name": "One"}, LiveList("cl-1", {"name": "One", "description": ""})),
    ({"_id": "cl-1", "name": "", "description": None}, LiveList("cl-1", {"name": "", "description": ""})),
    ({"_id": "cl-1", "name": "a\x1b", "campaignInUse": None}, LiveList("cl-1", {"name": "a\x1b", "description": ""})),
    (
        {"_id": "cl-1", "name": "One", "campaignInUse": ["Spring", {"id": 7}, {"name": None}, None, {}]},
        LiveList(
            "cl-1",
            {"name": "One", "description": ""},
            ("Spring", "7", *["(a campaign without a name)"] * 3),
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


UNUSABLE: list[tuple[object, str]] = [
    ([FULL, {"name": "Two"}], r"data\.1\._id cannot be used \(Field required\)"),
    ([{"_id": "cl-2"}], r"data\.0\.name cannot be used \(Field required\)"),
    ([{"_id": "", "name": "Two"}], r"data\.0\._id cannot be used"),
    ([{"_id": None, "name": "Two"}], r"data\.0\._id cannot be used"),
    ([{"_id": "cl-2", "name": None}], r"data\.0\.name cannot be used"),
    ([{"_id": "cl-2", "name": "Two", "description": 5}], r"data\.0\.description cannot be used"),
    ([{"_id": "cl-2", "name": "Two", "campaignInUse": {}}], r"data\.0\.campaignInUse cannot be used"),
    ([None], r"data\.0 cannot be used"),
    (None, r"data cannot be used"),
    ({"lists": []}, r"data cannot be used"),
    ([FULL, FULL], r"it answered 'cl-1' more than once"),
]


@pytest.mark.parametrize(("data", "said"), UNUSABLE)
def test_what_cannot_be_used_fails_the_whole_read(data: object, said: str) -> None:
    with pytest.raises(RemoteError, match=said) as caught:
        live(body(data))
    assert "Two" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("data", [None, {}, []])
def test_success_without_a_list_is_no_list(data: object) -> None:
    assert live_list("cl-1", body(data)) == Absent("cl-1", "the API answers success, but no list")


@pytest.mark.parametrize(
    ("data", "said"),
    [({"_id": "cl-2", "name": "Two"}, "it answered the list 'cl-2' instead"), ({"_id": "cl-1"}, r"data\.name cannot")],
)
def test_another_or_half_a_list_is_no_answer(data: object, said: str) -> None:
    with pytest.raises(RemoteError, match=said):
        live_list("cl-1", body(data))


def test_an_answer_that_is_no_object() -> None:
    with pytest.raises(RemoteError, match="data cannot be used"):
        live(b"[]")

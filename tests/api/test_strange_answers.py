"""An answer of success acknowledges a PUT only if it can be the answer to that PUT."""

from __future__ import annotations

import pytest

from reconciler.api.client import Client
from reconciler.api.credentials import AppCredentials
from reconciler.api.rate_limit import RateLimit
from reconciler.model.lists import Target
from reconciler.model.put_answers import Acknowledged, PutAnswer, Unsettled
from tests.api.clock import FakeClock
from tests.api.peer import Peer, success


def put(data: object) -> PutAnswer:
    clock = FakeClock()
    with Peer(success(data)) as peer:
        target = Target(peer.url, "st-1", "acc1")
        credentials = AppCredentials("cs-1", "a secret of more than thirty-two bytes")
        with Client(target, credentials, clock, RateLimit(30, clock)) as client:
            return client.put("cl-1", {"name": "New"})


@pytest.mark.parametrize(
    "data",
    [
        {"contactListId": "cl-1", "body": {"name": "New"}},
        {"contactListId": "cl-1", "_id": "x"},
        {"body": {"name": "New"}},
        {},
        None,
        "done",
    ],
)
def test_an_answer_to_this_put(data: object) -> None:
    assert put(data) == Acknowledged()


@pytest.mark.parametrize(
    ("data", "about"),
    [
        ({"contactListId": "cl-2"}, "another list, 'cl-2'"),
        ({"contactListId": None}, "another list, None"),
        ({"contactListId": ["cl-1"]}, "another list, ['cl-1']"),
        ({"contactListId": "cl-1\n"}, r"another list, 'cl-1\n'"),
        ({"_id": "cl-1", "name": "New"}, "a read of a list"),
        ([{"_id": "cl-1", "name": "New"}], "all lists"),
        ([], "all lists"),
    ],
)
def test_an_answer_to_another_request(data: object, about: str) -> None:
    assert put(data) == Unsettled(f"an answer of success, but about {about}", landed=True, again=True)

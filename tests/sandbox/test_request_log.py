"""The log of requests: what it holds, and how it counts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.sandbox import request_log
from reconciler.sandbox.request_log import Call, Logged, RequestLog
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import Client

BASE = "/campaign/api/v2/public/st-1/campaign/contactList"
KINDS = [
    ("PUT", f"{BASE}/cl-1", "put"),
    ("GET", f"{BASE}/cl-1", "read_one"),
    ("POST", f"{BASE}/getAllListDetails", "read_all"),
    ("GET", f"{BASE}/getAllListDetails", "read_all"),
    ("DELETE", f"{BASE}/cl-1", "other"),
    ("GET", "/elsewhere", "other"),
]


@pytest.mark.parametrize(("method", "path", "kind"), KINDS)
def test_a_call_knows_its_kind(method: str, path: str, kind: str) -> None:
    assert Call(method, path).kind == kind


def test_the_log_holds_what_arrived_and_what_it_got(sandbox: Sandbox, client: Client) -> None:
    client.put("cl-1", name="New")
    client.read("cl-9")
    put, read = sandbox.world.log.entries
    assert (put.number, put.status, put.call.method, put.call.target) == (1, 200, "PUT", "cl-1")
    assert (put.call.body, put.call.account) == (b'{"name": "New"}', client.account)
    assert put.call.headers["iid"] == client.stream
    assert (read.number, read.status, read.call.kind) == (2, 404, "read_one")
    assert put.answered_at is not None
    assert put.at <= put.answered_at <= read.at
    assert sandbox.world.log.puts() == (put,)


def test_a_cleared_log_counts_on_and_takes_no_answer_of_before() -> None:
    log = RequestLog()
    entry = log.log_arrival(Call("GET", "/"))
    log.clear()
    log.log_answer(entry.number, 200)
    assert log.entries == ()
    assert log.log_arrival(Call("GET", "/")).number == 2


@given(times=st.lists(st.integers(0, 200), max_size=40).map(sorted), seconds=st.integers(1, 90))
def test_the_busiest_window_is_the_fullest_of_all(times: list[int], seconds: int) -> None:
    mine = Call("GET", "/", {"accountId": "a"})
    entries = [Logged(number, at, mine) for number, at in enumerate(times)]
    others = [Logged(1000, 5.0, Call("GET", "/", {"accountId": "b"})) for _ in range(3)]
    fullest = max((sum(start <= at < start + seconds for at in times) for start in times), default=0)
    assert request_log.busiest([*entries, *others], "a", seconds) == fullest

"""Faults: which requests they hit, and that each does over the wire what it says."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from reconciler.sandbox.accounts import Account
from reconciler.sandbox.faults import (
    Body,
    Close,
    Cut,
    Delay,
    Edit,
    Fault,
    Faults,
    Hang,
    Redirect,
    Reset,
    Status,
    Word,
)
from reconciler.sandbox.request_log import Call
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import LISTS, Client, client_of, eventually

BASE = "/campaign/api/v2/public/st-1/campaign/contactList"
MINE = {"accountId": "mine"}
TRAFFIC = [
    Call("POST", f"{BASE}/getAllListDetails", MINE),
    Call("PUT", f"{BASE}/cl-1", MINE),
    Call("GET", f"{BASE}/cl-1", MINE),
    Call("PUT", f"{BASE}/cl-2", MINE),
    Call("PUT", f"{BASE}/cl-1", {"accountId": "other"}),
    Call("DELETE", f"{BASE}/cl-1", MINE),
]
# A fault, and the numbers of the requests of the traffic that it hits.
SELECTED = [
    (Reset(), [1]),
    (Reset(times=0), [1, 2, 3, 4, 5, 6]),
    (Reset(at=3), [3]),
    (Reset(at=3, times=2), [3, 4]),
    (Reset(at=7), []),
    (Reset(call="put", times=0), [2, 4, 5]),
    (Reset(call="put", at=2), [4]),
    (Reset(call="read", times=0), [1, 3]),
    (Reset(call="read_one", times=0), [3]),
    (Reset(call="read_all", times=0), [1]),
    (Reset(list_id="cl-1", times=0), [2, 3, 5, 6]),
    (Reset(account="other", times=0), [5]),
    (Reset(call="put", list_id="cl-1", account="mine", at=2), []),
]

Seen = Callable[[Client], object]


def reset(client: Client) -> object:
    with pytest.raises(ConnectionResetError):
        client.put("cl-1", name="New")
    return "ECONNRESET"


def closed(client: Client) -> object:
    with pytest.raises(http.client.RemoteDisconnected, match="closed connection without response"):
        client.put("cl-1", name="New")
    return "closed"


def cut(client: Client) -> object:
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.put("cl-1", name="New")
    return abs(len(caught.value.partial) - (caught.value.expected or 0)) <= 1 and len(caught.value.partial) > 10


def timed_out(client: Client) -> object:
    impatient = Client(client.port, timeout=0.2)
    with pytest.raises(TimeoutError):
        impatient.put("cl-1", name="New")
    return "timed out"


def error(client: Client) -> object:
    answer = client.put("cl-1", name="New")
    return answer.status, answer.error, answer.headers.get("retry-after")


def retry_date(client: Client) -> object:
    headers = client.put("cl-1", name="New").headers
    waited = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    return 6 <= waited.total_seconds() <= 8


def text(client: Client) -> object:
    answer = client.put("cl-1", name="New")
    return answer.status, answer.headers["content-type"], answer.raw


def bare(client: Client) -> object:
    answer = client.put("cl-1", name="New")
    return answer.status, answer.raw, answer.headers.get("location")


def word(client: Client) -> object:
    answer = client.put("cl-1", name="New")
    return answer.status, answer.document["status"], bool(answer.data)


def slow(client: Client) -> object:
    start = time.monotonic()
    status = client.put("cl-1", name="New").status
    return status, time.monotonic() - start >= 0.2


HTML = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>"
WRONG = ("Something went wrong", 503)
ELSEWHERE = "http://127.0.0.2:9/elsewhere"

# The fault of a PUT, what its client sees, what that is, and whether the list is written.
ON_THE_WIRE: list[tuple[Fault, Seen, object, bool]] = [
    (Status(), error, (503, WRONG, None), False),
    (Status(when="after"), error, (503, WRONG, None), True),
    (Status(status=400, message="No"), error, (400, ("No", 400), None), False),
    (Status(status=429, retry_after=7), error, (429, ("Something went wrong", 429), "7"), False),
    (Status(status=503, retry_after=7, retry_after_as="date"), retry_date, True, False),
    (Body(), text, (200, "text/html; charset=utf-8", HTML), False),
    (Body(when="after"), text, (200, "text/html; charset=utf-8", HTML), True),
    (Body(body="ok", content_type="text/plain"), text, (200, "text/plain", b"ok"), False),
    (Body(status=502, body="[", content_type="application/json"), text, (502, "application/json", b"["), False),
    (Body(status=204, body=""), bare, (204, b"", None), False),
    (Body(status=204, body="", when="after"), bare, (204, b"", None), True),
    (Word(), word, (200, "failed", False), False),
    (Word(when="after"), word, (200, "failed", True), True),
    (Word(word="SUCCESS", when="after"), word, (200, "SUCCESS", True), True),
    (Redirect(location=ELSEWHERE), bare, (307, b"", ELSEWHERE), False),
    (Redirect(location=ELSEWHERE, status=302, when="after"), bare, (302, b"", ELSEWHERE), True),
    (Cut(), cut, True, False),
    (Cut(when="after"), cut, True, True),
    (Reset(), reset, "ECONNRESET", False),
    (Reset(when="after"), reset, "ECONNRESET", True),
    (Close(), closed, "closed", False),
    (Close(when="after"), closed, "closed", True),
    (Hang(), timed_out, "timed out", False),
    (Hang(when="after"), timed_out, "timed out", True),
    (Hang(seconds=0.1), closed, "closed", False),
    (Delay(seconds=0.2), slow, (200, True), True),
    (Delay(seconds=0.2, when="after"), slow, (200, True), True),
]


@pytest.mark.parametrize(("fault", "hit"), SELECTED, ids=lambda value: repr(value) if isinstance(value, Reset) else "")
def test_a_fault_hits_the_requests_that_its_selectors_name(fault: Fault, hit: list[int]) -> None:
    faults = Faults()
    faults.arm([fault])
    assert [number for number, call in enumerate(TRAFFIC, 1) if faults.due(call)] == hit
    assert faults.armed[0].hits == len(hit)


@pytest.mark.parametrize(("fault", "seen", "expected", "written"), ON_THE_WIRE)
def test_a_fault_does_what_it_says(fault: Fault, seen: Seen, expected: object, written: bool) -> None:
    with Sandbox(lists=LISTS, faults=[fault]) as sandbox:
        assert seen(client_of(sandbox)) == expected
        assert sandbox.world.lists()["cl-1"].name == ("New" if written else "Renewal due")
        assert sandbox.world.faults.armed[0].hits == 1
        assert client_of(sandbox).read("cl-1").status == 200


def test_what_was_not_answered_has_no_status_in_the_log() -> None:
    with Sandbox(lists=LISTS, faults=[Close(), Cut(at=2)]) as sandbox:
        client = client_of(sandbox)
        closed(client)
        assert cut(client)
        assert [entry.status for entry in sandbox.world.log.entries] == [None, 200]


def test_a_write_lands_after_its_client_has_gone() -> None:
    with Sandbox(lists=LISTS, faults=[Delay(seconds=1)]) as sandbox:
        client = client_of(sandbox)
        assert timed_out(client)
        assert sandbox.world.lists()["cl-1"].name == "Renewal due"
        assert eventually(lambda: sandbox.world.lists()["cl-1"].name == "New")


@pytest.mark.parametrize(("when", "shown"), [("before", "Theirs"), ("after", "Win back")])
def test_someone_else_writes_at_the_nth_request(when: str, shown: str) -> None:
    edit = Edit.model_validate({"edited": "cl-2", "texts": {"name": "Theirs"}, "at": 2, "when": when})
    with Sandbox(lists=LISTS, faults=[edit]) as sandbox:
        client = client_of(sandbox)
        assert client.read_all().lists[1]["name"] == "Win back"
        assert client.read_all().lists[1]["name"] == shown
        assert client.read_all().lists[1]["name"] == "Theirs"
        (write,) = sandbox.world.writes
        assert (write.list_id, write.sent) == ("cl-2", None)


def test_an_edit_may_be_of_another_account() -> None:
    other = Account.of(LISTS, "other")
    edit = Edit(edited="cl-2", edited_account="other", texts={"description": "Theirs"})
    with Sandbox(lists=LISTS, accounts=[other], faults=[edit]) as sandbox:
        client_of(sandbox).read_all()
        assert sandbox.world.lists("other")["cl-2"].texts["description"] == "Theirs"
        assert sandbox.world.lists()["cl-2"].texts["description"] == ""


def test_of_several_faults_edits_and_delays_all_happen_and_of_the_others_the_first() -> None:
    faults: list[Fault] = [
        Edit(edited="cl-2", texts={"name": "Theirs"}),
        Delay(seconds=0.2),
        Status(status=500),
        Status(status=404),
        Reset(when="after"),
    ]
    with Sandbox(lists=LISTS, faults=faults) as sandbox:
        start = time.monotonic()
        assert client_of(sandbox).put("cl-1", name="New").status == 500
        assert time.monotonic() - start >= 0.2
        assert sandbox.world.lists()["cl-2"].name == "Theirs"
        assert sandbox.world.lists()["cl-1"].name == "Renewal due"
        sandbox.world.faults.clear()
        assert client_of(sandbox).put("cl-1", name="New").status == 200


def test_a_reply_to_a_refused_call_keeps_its_status_under_another_word() -> None:
    with Sandbox(lists=LISTS, faults=[Word(word="SUCCESS", when="after")]) as sandbox:
        answer = client_of(sandbox).read("cl-9")
        assert (answer.status, answer.document["status"]) == (404, "SUCCESS")
        assert json.loads(answer.raw)["errors"]

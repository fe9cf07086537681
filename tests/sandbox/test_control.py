"""The control path: each verb does what its table says, and says what it cannot do."""

from __future__ import annotations

import json

import pytest

from reconciler.sandbox.accounts import ACCOUNT_ID
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import FIRST, SECOND, Client, client_of

LISTS = f"accounts/{ACCOUNT_ID}/lists"

# Method, path, body, status, the texts of all errors.
REFUSED: list[tuple[str, str, object, int, list[str]]] = [
    ("PATCH", "settings", {"limit": "x", "lmit": 1}, 400, ["setting limit=x: ", "setting lmit: unknown; did you mean"]),
    ("PATCH", "settings", [], 400, ["Input should be an object"]),
    ("PUT", "settings", {}, 405, ["PUT is not possible here: GET, PATCH"]),
    ("POST", "faults", {"kind": "reset"}, 400, ["Input should be a valid array"]),
    ("POST", "faults", [{"kind": "rest"}], 400, ["0: Input tag 'rest' found using 'kind' does not match any"]),
    ("POST", "faults", [{"kind": "reset", "at": 0}], 400, ["0.reset.at: Input should be greater than or equal to 1"]),
    ("POST", "faults", [{"kind": "reset", "nth": 1}], 400, ["0.reset.nth: Extra inputs are not permitted"]),
    (
        "POST",
        "faults",
        [{"kind": "edit", "edited": "cl-9", "texts": {"name": "X"}}],
        400,
        [f"fault edit: account {ACCOUNT_ID} has no contact list cl-9"],
    ),
    ("GET", "accounts/none", None, 404, ["there is no account none; PUT it first, or see /_sandbox/accounts"]),
    ("DELETE", "accounts/none", None, 404, ["there is no account none"]),
    ("GET", "accounts/none/lists", None, 404, ["there is no account none"]),
    ("PUT", "accounts/none/lists/cl-1", {"name": "X"}, 404, ["there is no account none"]),
    ("GET", f"{LISTS}/cl-9", None, 404, [f"account {ACCOUNT_ID} has no contact list cl-9"]),
    ("PATCH", f"{LISTS}/cl-9", {"name": "X"}, 404, [f"account {ACCOUNT_ID} has no contact list cl-9"]),
    ("DELETE", f"{LISTS}/cl-9", None, 404, [f"account {ACCOUNT_ID} has no contact list cl-9"]),
    ("PATCH", f"{LISTS}/cl-1", {"title": "X"}, 400, ["title: Extra inputs are not permitted"]),
    ("PUT", f"{LISTS}/cl-1", {"description": "X"}, 400, ["name: Field required"]),
    ("PUT", LISTS, [{"id": "cl-1"}], 400, ["0.name: Field required"]),
    ("PUT", "accounts/new", {"list": []}, 400, ["list: Extra inputs are not permitted"]),
    ("GET", "nowhere", None, 404, ["there is nothing at /_sandbox/nowhere; there are /_sandbox/settings, "]),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "messages"), REFUSED)
def test_what_cannot_be_done_says_why(
    sandbox: Sandbox, client: Client, method: str, path: str, body: object, status: int, messages: list[str]
) -> None:
    accounts = sandbox.world.accounts
    answer = client.control(method, path, body)
    assert answer.status == status
    assert len(answer.messages) == len(messages)
    assert all(str(told).startswith(message) for told, message in zip(answer.messages, messages, strict=True))
    assert (sandbox.world.accounts, sandbox.world.faults.armed) == (accounts, ())


# Headers, and how the refusal begins; "" where it is taken.
SENDERS: list[tuple[dict[str, str | None], str]] = [
    ({}, ""),
    ({"Host": "localhost"}, ""),
    ({"Host": "LOCALHOST:4010"}, ""),
    ({"Host": "127.0.0.2:80"}, ""),
    ({"Host": "[::1]:4010"}, ""),
    ({"Host": "localhost:4010", "Origin": "http://localhost:4010"}, ""),
    ({"Host": "rebound.example"}, "Host: 'rebound.example' is not this machine"),
    ({"Host": "rebound.example:4010", "Origin": "http://rebound.example:4010"}, "Host: "),
    ({"Host": "127.0.0.1.rebound.example"}, "Host: "),
    ({"Host": "localhost.rebound.example"}, "Host: "),
    ({"Host": "127.0.0.1@rebound.example"}, "Host: "),
    ({"Host": "192.168.1.2:4010"}, "Host: "),
    ({"Host": "2130706433"}, "Host: "),
    ({"Host": "[::1"}, "Host: "),
    ({"Host": ""}, "Host: "),
    ({"Host": "localhost:4010", "Origin": "https://evil.example"}, "Origin: 'https://evil.example' is a page of"),
    ({"Host": "localhost:4010", "Origin": "http://localhost:3000"}, "Origin: "),
    ({"Host": "localhost:4010", "Origin": "https://localhost:4010"}, "Origin: "),
    ({"Host": "localhost:4010", "Origin": "null"}, "Origin: "),
]


@pytest.mark.parametrize(("headers", "refusal"), SENDERS)
def test_only_this_machine_and_no_web_page_may_change_it(
    sandbox: Sandbox, client: Client, headers: dict[str, str | None], refusal: str
) -> None:
    answer = client.send("PATCH", "/_sandbox/settings", b'{"limit": 7}', headers)
    assert answer.status == (403 if refusal else 200)
    assert sandbox.world.settings.limit == (60 if refusal else 7)
    assert not refusal or [str(told).startswith(refusal) for told in answer.messages] == [True]


def test_a_body_that_is_no_json_is_refused(client: Client) -> None:
    answer = client.send("PATCH", "/_sandbox/settings", b"limit=0")
    assert (answer.status, answer.messages) == (400, ["Invalid JSON: expected value at line 1 column 1"])


def test_switches_are_shown_and_set(sandbox: Sandbox, client: Client) -> None:
    assert client.control("GET", "settings").document["limit"] == 60
    assert client.control("PATCH", "settings", {"limit": 1, "date": "off"}).document["limit"] == 1
    assert (sandbox.world.settings.limit, sandbox.world.settings.date) == (1, False)
    assert [client.read("cl-1").status for _ in range(2)] == [200, 429]


def test_faults_are_armed_shown_and_disarmed(client: Client) -> None:
    armed = client.control("POST", "faults", [{"kind": "status", "status": 500, "times": 0}])
    assert armed.status == 200
    assert client.read("cl-1").status == 500
    (shown,) = json.loads(client.control("GET", "faults").raw)
    assert (shown["kind"], shown["status"], shown["seen"], shown["hits"]) == ("status", 500, 1, 1)
    assert json.loads(client.control("DELETE", "faults").raw) == []
    assert client.read("cl-1").status == 200


def test_an_edit_of_a_list_that_is_there_can_be_armed(sandbox: Sandbox, client: Client) -> None:
    fault = {"kind": "edit", "edited": "cl-2", "texts": {"name": "Theirs"}}
    assert client.control("POST", "faults", [fault]).status == 200
    client.read_all()
    assert sandbox.world.lists()["cl-2"].name == "Theirs"


def test_requests_are_shown_and_forgotten(client: Client) -> None:
    client.put("cl-1", name="New")
    (shown,) = json.loads(client.control("GET", "requests").raw)
    assert (shown["number"], shown["method"], shown["status"], shown["account"]) == (1, "PUT", 200, ACCOUNT_ID)
    assert (shown["kind"], shown["body"], shown["headers"]["iid"]) == ("put", '{"name": "New"}', client.stream)
    assert shown["path"] == client.path("cl-1").partition("?")[0]
    assert shown["query"] == {"accountId": ACCOUNT_ID}
    assert shown["at"] <= shown["answered_at"]
    assert json.loads(client.control("DELETE", "requests").raw) == []


def test_lists_are_shown_as_stored_and_edited_as_someone_else_would(sandbox: Sandbox, client: Client) -> None:
    shown = json.loads(client.control("GET", LISTS).raw)
    assert [(each["id"], each["name"], each["campaigns"]) for each in shown] == [
        ("cl-1", FIRST.name, ["Spring"]),
        ("cl-2", SECOND.name, []),
    ]
    edited = client.control("PATCH", f"{LISTS}/cl-1", {"name": "Theirs", "campaigns": ["A", "B"]}).document
    assert edited == client.control("GET", f"{LISTS}/cl-1").document
    stored = sandbox.world.lists()["cl-1"]
    assert (stored.texts, stored.campaigns) == ({**FIRST.texts, "name": "Theirs"}, ("A", "B"))
    assert client.read("cl-1").data["name"] == "Theirs"
    assert client.control("PUT", f"{LISTS}/cl-3", {"name": "Three"}).document["description"] == ""
    assert [each["id"] for each in json.loads(client.control("DELETE", f"{LISTS}/cl-2").raw)] == ["cl-1", "cl-3"]
    assert client.read("cl-2").status == 404
    assert all(write.sent is None for write in sandbox.world.writes)


def test_accounts_come_and_go(sandbox: Sandbox, client: Client) -> None:
    account = {"streams": ["st-9"], "lists": [{"id": "cl-9", "name": "Nine"}]}
    shown = client.control("PUT", "accounts/new", account).document
    assert shown == client.control("GET", "accounts/new").document
    assert client_of(sandbox, "new", "st-9").read("cl-9").data["name"] == "Nine"
    replaced = json.loads(client.control("PUT", "accounts/new/lists", [{"id": "cl-8", "name": "Eight"}]).raw)
    assert [each["id"] for each in replaced] == ["cl-8"]
    assert client_of(sandbox, "new", "st-9").read("cl-8").status == 200
    assert json.loads(client.control("GET", "accounts").raw) == [ACCOUNT_ID, "new"]
    assert json.loads(client.control("DELETE", "accounts/new").raw) == [ACCOUNT_ID]


def test_the_control_path_is_neither_logged_nor_counted_nor_broken(sandbox: Sandbox, client: Client) -> None:
    client.control("POST", "faults", [{"kind": "reset", "times": 0}])
    answer = client.control("GET", "accounts")
    assert (answer.status, "date" in answer.headers) == (200, True)
    assert sandbox.world.log.entries == ()
    assert sandbox.world.faults.armed[0].seen == 0

"""The three calls: their documents against the published schemas, and what a wrong call is told."""

from __future__ import annotations

from dataclasses import replace

import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest

from reconciler.sandbox.accounts import ACCOUNT_ID, STREAM_ID, USER
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import FIRST, SECOND, Answered, Client

TEXT = {"type": "string"}
CONTACT_LIST = {
    "type": "object",
    "required": ["_id", "name"],
    "properties": {
        "_id": TEXT,
        "name": TEXT,
        "description": {"type": ["string", "null"]},
        "isActive": {"type": "boolean"},
        "totalRecordCount": {"type": "integer"},
        "status": TEXT,
        "listType": TEXT,
        "isListInUse": {"type": "boolean"},
        "campaignInUse": {"type": "array", "items": {"type": "object", "properties": {"id": TEXT, "name": TEXT}}},
        "source": TEXT,
        "createdAt": TEXT,
        "updatedAt": TEXT,
    },
}
ECHO = {
    "type": "object",
    "required": ["contactListId", "body"],
    "properties": {
        "contactListId": TEXT,
        "body": {
            "type": "object",
            "properties": {
                "scope": {"type": "array", "items": TEXT},
                **dict.fromkeys(("name", "orgId", "iId", "listType", "accountId", "updatedBy"), TEXT),
            },
            "additionalProperties": False,
        },
    },
}
FAILURE = {
    "type": "object",
    "properties": {
        "status": TEXT,
        "message": TEXT,
        "errors": {
            "type": "array",
            "items": {"type": "object", "properties": {"msg": TEXT, "message": TEXT, "code": {"type": "integer"}}},
        },
    },
}
PRINTED_ALONE = (
    "_id isActive name description totalRecordCount status createdBy updatedBy mapping isListInUse listType "
    "isGlobalDNC isDefault campaignInUse source apiConfigurations columns files createdAt updatedAt allowDuplicates"
)
PRINTED_IN_ALL = (
    "_id name description totalRecordCount status isListInUse listType campaignInUse source files updatedAt"
)
WRONG_BODIES = [
    (b"", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
    (b"{", "Invalid JSON: EOF while parsing an object at line 1 column 1"),
    (b"[]", "Input should be an object"),
    (b"{}", "the body must have a name or a description"),
    (b'{"name": 7}', "name: Input should be a valid string"),
    (b'{"name": null}', "name: Input should be a valid string"),
    (b'{"description": null}', "description: Input should be a valid string"),
    (b'{"name": ""}', "name must not be empty"),
    (b'{"title": "X"}', "title: must be one of name, description"),
    (b'{"name": "\\ud800"}', "Invalid JSON: unexpected end of hex escape at line 1 column 17"),
    (b'{"name": "' + b"n" * 49 + b'"}', "name has 49 characters, 48 are allowed"),
    (b'{"name": "win BACK"}', "another contact list has this name"),
]


def conforms(answer: Answered, data: object) -> bool:
    """Tell whether `answer` is a success as published that carries `data`; raises where it is not."""
    schema = {
        "type": "object",
        "required": ["status", "data"],
        "properties": {"status": {"enum": ["success"]}, "message": TEXT, "data": data},
    }
    jsonschema.validate(answer.document, schema)
    return answer.status == 200 and answer.headers["content-type"].startswith("application/json")


def test_reading_one_answers_every_published_field(client: Client) -> None:
    answer = client.read("cl-1")
    assert conforms(answer, CONTACT_LIST)
    assert set(answer.data) == set(PRINTED_ALONE.split())
    assert (answer.data["name"], answer.data["description"]) == (FIRST.name, FIRST.texts["description"])


def test_reading_all_answers_every_list(client: Client) -> None:
    answer = client.read_all()
    assert conforms(answer, {"type": "array", "items": CONTACT_LIST})
    assert [set(each) for each in answer.lists] == [set(PRINTED_IN_ALL.split())] * 2
    assert [(each["_id"], each["name"]) for each in answer.lists] == [("cl-1", FIRST.name), ("cl-2", SECOND.name)]


def test_campaigns_show_with_id_and_name(client: Client) -> None:
    first, second = client.read_all().lists
    assert first["campaignInUse"] == client.read("cl-1").data["campaignInUse"]
    assert first["campaignInUse"] == [{"id": "cm-e9b1499f-05f1-5311-b955-c9982dd31cd6", "name": "Spring"}]
    assert second["campaignInUse"] == []


def test_the_answer_of_a_put_echoes_the_name_and_never_the_description(client: Client) -> None:
    answer = client.put("cl-1", name="New", description="Text")
    assert conforms(answer, ECHO)
    body = answer.data["body"]
    assert isinstance(body, dict)
    assert answer.data["contactListId"] == "cl-1"
    assert (body["name"], body["iId"], body["accountId"]) == ("New", STREAM_ID, ACCOUNT_ID)
    assert "name" not in dict(client.put("cl-1", description="Other").data["body"])  # type: ignore[call-overload]


def test_a_put_changes_what_it_carries_and_the_time(sandbox: Sandbox, client: Client) -> None:
    client.put("cl-1", name="Neu – 新しい 😀")
    stored = sandbox.world.lists()["cl-1"]
    before = replace(stored, updated_at=FIRST.updated_at, updated_by=FIRST.updated_by)
    assert before == FIRST.with_texts({"name": "Neu – 新しい 😀"})
    assert (stored.updated_at > FIRST.updated_at, stored.updated_by) == (True, USER)
    assert client.read("cl-1").data["updatedAt"] == stored.updated_at
    assert sandbox.world.lists()["cl-2"] == SECOND


def test_a_list_keeps_its_own_name_in_another_case(client: Client) -> None:
    assert client.put("cl-1", name="RENEWAL DUE").status == 200


@pytest.mark.parametrize(("body", "detail"), WRONG_BODIES)
def test_a_wrong_body_is_a_bad_argument_and_changes_nothing(
    sandbox: Sandbox, client: Client, body: bytes, detail: str
) -> None:
    answer = client.send("PUT", client.path("cl-1"), body)
    assert (answer.status, answer.error) == (412, ("Validation errors/ Invalid arguments", 412))
    assert answer.detail == detail
    assert sandbox.world.lists()["cl-1"] == FIRST


def test_a_body_needs_its_content_type(client: Client) -> None:
    assert client.put("cl-1", {"Content-Type": "text/plain"}, name="New").status == 412
    assert client.put("cl-1", {"Content-Type": None}, name="New").status == 412
    assert client.put("cl-1", {"Content-Type": "application/json; charset=utf-8"}, name="New").status == 200


@pytest.mark.parametrize("method", ["DELETE", "POST", "PATCH"])
def test_another_method_is_not_allowed(client: Client, method: str) -> None:
    answer = client.send(method, client.path("cl-1"))
    assert (answer.status, answer.error) == (405, ("Method Not Allowed", 405))


@pytest.mark.parametrize("path", ["/", "/campaign/api/v2/public/st-1/campaign/contactList", "/_sandbox"])
def test_another_path_is_not_found(client: Client, path: str) -> None:
    answer = client.send("GET", path)
    assert (answer.status, answer.error) == (404, ("Not Found", 404))


def test_failures_have_the_published_shape(client: Client) -> None:
    for answer in (client.read("cl-9"), client.read("cl-1", {"auth": ""}), client.put("cl-1"), client.read_all("PUT")):
        jsonschema.validate(answer.document, FAILURE)
        assert answer.status >= 400

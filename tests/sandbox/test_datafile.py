"""The data file: what is kept comes back, and what cannot be used is refused in words."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.sandbox.accounts import ACCOUNT_ID, SOMEONE, STREAM_ID, Account, ContactList
from reconciler.sandbox.datafile import keep, load
from reconciler.sandbox.server import Sandbox
from tests.sandbox.client import LISTS, client_of

DAMAGED = [
    (b"", "Invalid JSON: EOF while parsing a value at line 1 column 0"),
    (b"\xff\x00", "Invalid JSON: expected value at line 1 column 1"),
    (b'{"format": "reconciler/sandbox/2", "accounts": {}}', "format: Input should be 'reconciler/sandbox/1'"),
    (b'{"accounts": {"a": {"lists": [{"id": "cl-1"}]}}}', "accounts.a.lists.0.name: Field required"),
    (
        b'{"accounts": {"a": {"streams": []}}}',
        "accounts.a.streams: Tuple should have at least 1 item after validation, not 0",
    ),
]


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    accounts = (
        Account.of(LISTS),
        Account.of([ContactList("cl-9", {"name": "名前 😀", "description": "“x”"})], "other", ("st-a", "st-b")),
    )
    keep(path, {account.id: account for account in accounts})
    assert load(path) == accounts
    assert [each.name for each in tmp_path.iterdir()] == ["lists.json"]


def test_the_document_is_as_published(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    keep(path, {ACCOUNT_ID: Account.of([ContactList("cl-1", {"name": "One"})])})
    assert json.loads(path.read_bytes()) == {
        "format": "reconciler/sandbox/1",
        "accounts": {
            ACCOUNT_ID: {
                "streams": [STREAM_ID],
                "lists": [
                    {
                        "id": "cl-1",
                        "name": "One",
                        "description": "",
                        "campaigns": [],
                        "running": False,
                        "do_not_call": False,
                        "updated_at": "2026-01-05T09:00:00.000Z",
                        "updated_by": SOMEONE,
                    }
                ],
            }
        },
    }


def test_no_file_is_no_accounts(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json") == ()


@pytest.mark.parametrize(("content", "problem"), DAMAGED)
def test_a_file_that_is_something_else_is_refused_and_left_alone(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "lists.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load(path)
    expected = f"--data {path}: not what a sandbox writes: {problem}; move it away or give another file"
    assert str(caught.value) == expected
    assert path.read_bytes() == content


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory; give another file"):
        load(tmp_path)
    with pytest.raises(UsageError, match=r"cannot be written: Is a directory; give another file"):
        keep(tmp_path, {})
    assert [each.name for each in tmp_path.parent.iterdir() if each.name.endswith(".tmp")] == []


def test_every_write_is_in_the_file_when_it_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "lists.json"
    with Sandbox(lists=LISTS, keep=partial(keep, path)) as sandbox:
        for name in ("One", "Two"):
            assert client_of(sandbox).put("cl-1", name=name).status == 200
            assert load(path) == tuple(sandbox.world.accounts.values())
        sandbox.world.edit("cl-2", {"name": "Theirs"})
        assert load(path) == tuple(sandbox.world.accounts.values())

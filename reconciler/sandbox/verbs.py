"""What the control path can do: each verb takes the world, the names in its path and a body, and returns a document."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydantic import TypeAdapter

from reconciler.errors import UsageError
from reconciler.sandbox.accounts import Account, AccountDocument, ContactList, ListDocument
from reconciler.sandbox.faults import AnyFault, Edit, Fault
from reconciler.sandbox.request_log import Logged
from reconciler.sandbox.settings import change
from reconciler.sandbox.world import World

Verb: TypeAlias = Callable[[World, Mapping[str, str], bytes], object]
Names: TypeAlias = Mapping[str, str]

_CHANGES: TypeAdapter[dict[str, object]] = TypeAdapter(dict[str, object])
_FAULTS: TypeAdapter[list[Fault]] = TypeAdapter(list[AnyFault])
_LISTS: TypeAdapter[list[ListDocument]] = TypeAdapter(list[ListDocument])
_LIST: TypeAdapter[ListDocument] = TypeAdapter(ListDocument)


class MissingError(Exception):
    """What the path names is not there."""


def settings(world: World, names: Names, body: bytes) -> object:
    """Show the switches."""
    return world.settings.model_dump()


def change_settings(world: World, names: Names, body: bytes) -> object:
    """Set the switches that the body names."""
    with world.lock:
        world.settings = change(world.settings, _CHANGES.validate_json(body))
    return settings(world, names, body)


def faults(world: World, names: Names, body: bytes) -> object:
    """Show the faults, each with the requests that it concerned (`seen`) and hit (`hits`)."""
    return [{**armed.fault.model_dump(), "seen": armed.seen, "hits": armed.hits} for armed in world.faults.armed]


def arm_faults(world: World, names: Names, body: bytes) -> object:
    """Arm the faults of the body."""
    armed = _FAULTS.validate_json(body)
    for fault in armed:
        if isinstance(fault, Edit) and fault.edited not in _account(world, fault.edited_account).lists:
            raise UsageError(f"fault edit: account {fault.edited_account} has no contact list {fault.edited}")
    world.faults.arm(armed)
    return faults(world, names, body)


def disarm_faults(world: World, names: Names, body: bytes) -> object:
    """Disarm all faults."""
    world.faults.clear()
    return faults(world, names, body)


def requests(world: World, names: Names, body: bytes) -> object:
    """Show every request so far."""
    return [_request(entry) for entry in world.log.entries]


def forget_requests(world: World, names: Names, body: bytes) -> object:
    """Forget the requests so far; the limit goes on counting them."""
    world.log.clear()
    return requests(world, names, body)


def accounts(world: World, names: Names, body: bytes) -> object:
    """Show the ids of the accounts."""
    return sorted(world.accounts)


def account(world: World, names: Names, body: bytes) -> object:
    """Show one account."""
    return AccountDocument.of(_account(world, names["account"])).model_dump(mode="json")


def set_account(world: World, names: Names, body: bytes) -> object:
    """Create or replace an account."""
    world.set_account(AccountDocument.model_validate_json(body).account(names["account"]))
    return account(world, names, body)


def delete_account(world: World, names: Names, body: bytes) -> object:
    """Delete an account."""
    with world.lock:
        _account(world, names["account"])
        world.delete_account(names["account"])
    return accounts(world, names, body)


def lists(world: World, names: Names, body: bytes) -> object:
    """Show the lists of an account."""
    return [contact_list.document for contact_list in _account(world, names["account"]).lists.values()]


def set_lists(world: World, names: Names, body: bytes) -> object:
    """Replace the lists of an account."""
    with world.lock:
        streams = _account(world, names["account"]).streams
        world.set_account(Account.of(map(ContactList.of, _LISTS.validate_json(body)), names["account"], streams))
    return lists(world, names, body)


def one_list(world: World, names: Names, body: bytes) -> object:
    """Show one list."""
    return _list(world, names).document


def set_list(world: World, names: Names, body: bytes) -> object:
    """Create or replace a list."""
    with world.lock:
        _account(world, names["account"])
        document = {**_CHANGES.validate_json(body), "id": names["id"]}
        world.set_list(ContactList.of(_LIST.validate_python(document)), names["account"])
    return one_list(world, names, body)


def edit_list(world: World, names: Names, body: bytes) -> object:
    """Change the fields of a list that the body names."""
    with world.lock:
        document = {**_list(world, names).document, **_CHANGES.validate_json(body), "id": names["id"]}
        world.set_list(ContactList.of(_LIST.validate_python(document)), names["account"])
    return one_list(world, names, body)


def delete_list(world: World, names: Names, body: bytes) -> object:
    """Delete a list."""
    with world.lock:
        _list(world, names)
        world.delete(names["id"], names["account"])
    return lists(world, names, body)


def _account(world: World, account_id: str) -> Account:
    if account_id not in world.accounts:
        raise MissingError(f"there is no account {account_id}; PUT it first, or see /_sandbox/accounts")
    return world.accounts[account_id]


def _list(world: World, names: Names) -> ContactList:
    found = _account(world, names["account"]).lists.get(names["id"])
    if not found:
        raise MissingError(f"account {names['account']} has no contact list {names['id']}")
    return found


def _request(entry: Logged) -> dict[str, object]:
    return {
        "number": entry.number,
        "at": entry.at,
        "answered_at": entry.answered_at,
        "status": entry.status,
        "account": entry.call.account,
        "kind": entry.call.kind,
        "method": entry.call.method,
        "path": entry.call.path,
        "query": dict(entry.call.query),
        "headers": dict(entry.call.headers),
        "body": entry.call.body.decode(errors="replace"),
    }

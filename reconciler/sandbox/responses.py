"""The API's three calls: what each does to the lists, and the documents that it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import NAMESPACE_URL, uuid5

from reconciler.model.fields import MANAGED, NAME, TABLE
from reconciler.model.texts import Texts
from reconciler.sandbox.accounts import SEEDED_AT, SOMEONE, USER, ContactList
from reconciler.sandbox.bodies import read_texts, refusal, store_texts
from reconciler.sandbox.replies import BAD_CREDENTIALS, Reply, bad_arguments, failure, json_reply, success
from reconciler.sandbox.request_log import Call
from reconciler.sandbox.settings import Settings
from reconciler.sandbox.world import World

ORGANISATION = "o-5a4db0c5-0000-4000-8000-000000000004"


def carry_out(world: World, call: Call) -> Reply:
    """Do what `call` asks for, atomically, and return the answer."""
    with world.lock:
        return _refusal(world, call) or _answer_call(world, call)


def _refusal(world: World, call: Call) -> Reply | None:
    """Return the refusal of a call that does not get as far as its list."""
    settings = world.settings
    if not call.target:
        return failure(settings, 404, "Not Found")
    if unwelcome := world.doorkeeper.refusal(call.headers.get("auth", ""), settings):
        return failure(settings, 401, *unwelcome)
    account = world.accounts.get(call.account)
    if not account or call.stream not in account.streams:
        return failure(settings, 401, *BAD_CREDENTIALS)
    for header, value in (("iid", call.stream), ("accountId", call.account)):
        if call.headers.get(header.lower()) != value:
            return bad_arguments(settings, f"header {header} must be {value}")
    return None


def _answer_call(world: World, call: Call) -> Reply:
    match call.kind:
        case "read_all":
            return _read_all(world, call)
        case "read_one":
            return _read_one(world, call)
        case "put":
            return _put(world, call)
        case _:
            return failure(world.settings, 405, "Method Not Allowed")


def _read_all(world: World, call: Call) -> Reply:
    settings = world.settings
    methods = ("POST", "GET") if settings.read_all_method == "both" else (settings.read_all_method.upper(),)
    if call.method not in methods:
        status = int(settings.wrong_method)
        return failure(settings, status, "Method Not Allowed" if status == 405 else "Not Found")
    shown = world.visible_lists(call.account, late=settings.late_reads != "one")
    hidden = _hide(shown, settings) if call.query.get("type") == "call" else ()
    return success(settings, [_in_all(each, settings) for each in shown.values() if each.id not in hidden])


def _read_one(world: World, call: Call) -> Reply:
    settings = world.settings
    contact_list = world.visible_lists(call.account, late=settings.late_reads != "all").get(call.target)
    return success(settings, _alone(contact_list, settings)) if contact_list else _answer_for_a_missing_list(settings)


def _put(world: World, call: Call) -> Reply:
    settings = world.settings
    texts = read_texts(call)
    if isinstance(texts, str):
        return bad_arguments(settings, texts)
    lists = world.lists(call.account)
    contact_list = lists.get(call.target)
    if not contact_list:
        return _answer_for_a_missing_list(settings)
    if reason := refusal(texts, contact_list, lists.values(), settings):
        return bad_arguments(settings, reason)
    world.put(call.account, store_texts(contact_list, texts, settings), texts)
    return success(settings, {"contactListId": contact_list.id, "body": _echo(call, texts)}, "Contact list updated")


def _hide(shown: Mapping[str, ContactList], settings: Settings) -> tuple[str, ...]:
    """Return the ids of the lists that `type=call` leaves out."""
    hides = settings.read_all_type_hides
    if hides == "dnc":
        return tuple(each.id for each in shown.values() if each.do_not_call)
    return hides if isinstance(hides, tuple) else tuple(shown)[max(0, len(shown) - hides) :]


def _answer_for_a_missing_list(settings: Settings) -> Reply:
    match settings.gone_answer:
        case "200-null":
            return success(settings, None)
        case "200-failed":
            return json_reply({"status": "failed", "message": "Contact list not found"})
        case "412":
            return bad_arguments(settings, "there is no such contact list")
        case _:
            return failure(settings, 404, "Contact list not found")


def _in_all(contact_list: ContactList, settings: Settings) -> dict[str, object]:
    """Return a list as read all shows it."""
    return {
        "_id": contact_list.id,
        **dict(_texts(contact_list, settings)),
        "totalRecordCount": 0,
        "status": "COMPLETED",
        "isListInUse": _in_use(contact_list, settings),
        "listType": "DNC" if contact_list.do_not_call else "CALL",
        "campaignInUse": [{"id": _campaign_id(name), "name": name} for name in contact_list.campaigns],
        "source": "CSV",
        "files": [],
        "updatedAt": contact_list.updated_at,
    }


def _in_use(contact_list: ContactList, settings: Settings) -> bool:
    if settings.list_in_use == "used":
        return bool(contact_list.campaigns)
    return contact_list.running and settings.list_in_use == "running"


def _alone(contact_list: ContactList, settings: Settings) -> dict[str, object]:
    """Return a list as reading it alone shows it."""
    return {
        **_in_all(contact_list, settings),
        "isActive": True,
        "createdBy": SOMEONE,
        "updatedBy": contact_list.updated_by if settings.tells_who else None,
        "mapping": {},
        "isGlobalDNC": False,
        "isDefault": False,
        "apiConfigurations": {},
        "columns": [],
        "createdAt": SEEDED_AT,
        "allowDuplicates": False,
    }


def _texts(contact_list: ContactList, settings: Settings) -> Iterator[tuple[str, str | None]]:
    """Yield the managed fields by their names on the wire."""
    for row in TABLE:
        text = contact_list.texts[row.name]
        if text or settings.null(row.name) == "empty":
            yield row.wire, text
        elif settings.null(row.name) == "null":
            yield row.wire, None


def _echo(call: Call, texts: Texts) -> dict[str, object]:
    """Return the request echoed with server context, as printed: of the managed fields, the name only."""
    name = {MANAGED[NAME].wire: texts[NAME]} if NAME in texts else {}
    return {
        **name,
        "scope": ["campaign"],
        "orgId": ORGANISATION,
        "iId": call.stream,
        "listType": "CALL",
        "accountId": call.account,
        "updatedBy": USER,
    }


def _campaign_id(name: str) -> str:
    return f"cm-{uuid5(NAMESPACE_URL, name)}"

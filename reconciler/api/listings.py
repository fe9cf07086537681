"""What a read answered → live lists. One odd record is set apart by its id; the others are read all the same.

Tolerant of what is not needed, strict about ids and managed fields, and bounded in number and length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from reconciler.api.error_text import parse_json, safe
from reconciler.errors import RemoteError
from reconciler.model.fields import MANAGED, NAME, TABLE
from reconciler.model.lists import Absent, Campaign, LastSave, Live, LiveList, OddList

MOST_LISTS = 10_000  # ten times what an account can have
MOST_CAMPAIGNS = 1_000  # of one list
LONGEST_TEXT = 10_000  # characters
_WRONG = {
    "model_type": "it is not an object",
    "missing": "it is missing",
    "string_too_short": "it is empty",
    "string_too_long": f"it is longer than {LONGEST_TEXT:,} characters",
    "string_unicode": "it has a broken character (half of a pair)",
}
_UNREADABLE = "(campaigns that cannot be read)"
_UNNAMED = "(a campaign without a name)"


class _Listing(BaseModel):
    """What every record has; the managed fields come with `_Record`."""

    model_config = ConfigDict(strict=True)

    id: str = Field(alias="_id", min_length=1, max_length=LONGEST_TEXT)
    campaigns: object = Field(default=None, alias="campaignInUse")
    in_use: object = Field(default=None, alias="isListInUse")
    updated_by: object = Field(default=None, alias="updatedBy")
    updated_at: object = Field(default=None, alias="updatedAt")


_fields: dict[str, Any] = {
    row.name: (
        (str | None, Field(default=None, alias=row.wire, max_length=LONGEST_TEXT))
        if row.may_be_empty
        else (str, Field(alias=row.wire, max_length=LONGEST_TEXT))
    )
    for row in TABLE
}
_Record: type[_Listing] = create_model("_Record", __base__=_Listing, **_fields)


def live(body: bytes, secrets: Collection[str] = ()) -> Live:
    """Return the lists that a successful *read all* answered, those that cannot be understood as `Live.odd`.

    A record whose id holds one of `secrets` is named by its number. Raises RemoteError for an answer that is no list of
    records, or has more of them than an account can have.
    """
    data = _data(body)
    if not isinstance(data, list):
        raise RemoteError(
            "it answered success, but data is not a list of contact lists, so that no list is taken from it"
        )
    if len(data) > MOST_LISTS:
        raise RemoteError(f"it answered {len(data):,} lists; more than {MOST_LISTS:,} are not read")
    found = [_parse_record(item, number, secrets) for number, item in enumerate(data, 1)]
    times = Counter(each.id for each in found)
    once = [each for each in found if times[each.id] == 1]
    again = [OddList(list_id, f"it was answered {number:,} times") for list_id, number in times.items() if number > 1]
    return Live(
        lists={each.id: each for each in once if isinstance(each, LiveList)},
        odd={each.id: each for each in (*once, *again) if isinstance(each, OddList)},
    )


def live_list(list_id: str, body: bytes) -> LiveList | OddList | Absent:
    """Return the list that a successful read answered, or that there is none; RemoteError if it is another one."""
    data = _data(body)
    if not data:
        return Absent(list_id, "the API answers success, but no list")
    found = _parse_record(data, 1, ())
    if found.id != list_id:
        raise RemoteError(f"it answered the list {safe(repr(found.id), ())} instead")
    return found


def strange_to(list_id: str, body: bytes) -> str | None:
    """Return what an answer is about that cannot be the answer to a PUT of `list_id`; None if it can.

    The documented one names the list (`data.contactListId`); reads answer lists, or one with an `_id`.
    """
    data = _data(body)
    if isinstance(data, list):
        return "all lists"
    if not isinstance(data, dict):
        return None
    named = data.get("contactListId", list_id)
    if named != list_id:
        return f"another list, {safe(repr(named), ())}"
    return "a read of a list" if "_id" in data and "contactListId" not in data else None


def _data(body: bytes) -> object:
    document = parse_json(body)
    return document.get("data") if isinstance(document, dict) else None


def _parse_record(item: object, number: int, secrets: Collection[str]) -> LiveList | OddList:
    """Return the list that a record, the `number`-th, stands for."""
    try:
        record = _Record.model_validate(item)
    except ValidationError as exc:
        return _odd(item, number, exc, secrets)
    return LiveList(
        record.id,
        {row.name: getattr(record, row.name) or "" for row in TABLE},
        tuple(_campaigns(record.campaigns)),
        record.in_use is True,
        LastSave(user, _label(record.updated_at)) if (user := _label(record.updated_by)) else None,
    )


def _odd(item: object, number: int, error: ValidationError, secrets: Collection[str]) -> OddList:
    """Say the first thing that is wrong with a record, without the values."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "the record"
    known = item if isinstance(item, dict) else {}
    list_id, name = known.get("_id"), known.get(MANAGED[NAME].wire)
    usable = isinstance(list_id, str) and list_id and not any(secret in list_id for secret in secrets)
    return OddList(
        str(list_id) if usable else f"(record {number:,}, without an id)",
        f"{safe(place, ())} cannot be used ({_WRONG.get(first['type'], 'it is not a text')})",
        name if isinstance(name, str) else None,
    )


def _campaigns(answered: object) -> Iterable[Campaign]:
    """Name the campaigns as well as can be: one without a name uses the list all the same."""
    if answered is None:
        return
    if not isinstance(answered, list) or len(answered) > MOST_CAMPAIGNS:
        yield Campaign(_UNREADABLE)
        return
    for each in answered:
        record = each if isinstance(each, dict) else {"name": each}
        yield Campaign(_label(record.get("name")) or _UNNAMED, _label(record.get("id")))


def _label(answered: object) -> str:
    """Return a name, an id or a time for people, "" if there is none."""
    text = str(answered) if isinstance(answered, str | int) else ""
    return text.encode("utf-8", "backslashreplace").decode()[:LONGEST_TEXT]

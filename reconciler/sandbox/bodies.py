"""The body of a PUT: what it may carry, and what storing it leaves."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reconciler.model.fields import FIELDS, Field
from reconciler.model.texts import Texts
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.calls import Call
from reconciler.sandbox.complaints import complaints
from reconciler.sandbox.settings import Settings

_BODY: TypeAdapter[dict[Field, str]] = TypeAdapter(dict[Field, str], config=ConfigDict(strict=True))
_LAST_CHARACTER = {"any": 0x10FFFF, "bmp": 0xFFFF, "ascii": 0x7F}


def sent(call: Call) -> Texts | str:
    """Return the texts that a PUT carries, or what is wrong with it."""
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return "Content-Type must be application/json"
    try:
        body = _BODY.validate_json(call.body)
    except ValidationError as error:
        return "; ".join(complaints(error))
    if unknown := [name for name in body if name not in FIELDS]:
        return "; ".join(f"{name}: must be one of {', '.join(FIELDS)}" for name in unknown)
    return body or "the body must have a name or a description"


def refusal(texts: Texts, contact_list: ContactList, lists: Iterable[ContactList], settings: Settings) -> str:
    """Return why `texts` cannot be stored in `contact_list`, "" when they can."""
    limits: dict[Field, int] = {"name": settings.name_length, "description": settings.description_length}
    for field, text in texts.items():
        if (length := _length(text, settings)) > limits[field]:
            return f"{field} has {length} characters, {limits[field]} are allowed"
        if text and ord(max(text)) > _LAST_CHARACTER[settings.characters]:
            return f"{field} has characters that are not allowed"
    if texts.get("name") == "":
        return "name must not be empty"
    if settings.empty_description == "refuse" and texts.get("description") == "":
        return "description must not be empty"
    after = stored(contact_list, texts, settings).name.casefold()
    others = (each for each in lists if each.id != contact_list.id)
    taken = settings.duplicate_names == "refuse" and "name" in texts
    if taken and any(each.name.casefold() == after for each in others):
        return "another contact list has this name"
    return ""


def stored(contact_list: ContactList, texts: Texts, settings: Settings) -> ContactList:
    """Return `contact_list` as a PUT of `texts` leaves it."""
    wiped: dict[Field, str] = {} if settings.unsent_fields == "keep" else {"name": "", "description": ""}
    kept: dict[Field, str] = {field: _stored(text, settings) for field, text in texts.items()}
    if settings.empty_description == "ignore" and texts.get("description") == "":
        kept["description"] = contact_list.description
    return contact_list.with_texts({**wiped, **kept})


def _length(text: str, settings: Settings) -> int:
    return len(text) if settings.length_unit == "codepoints" else len(text.encode("utf-16-le")) // 2


def _stored(text: str, settings: Settings) -> str:
    match settings.texts:
        case "trim":
            return text.strip()
        case "squeeze":
            return " ".join(text.split())
        case "lower":
            return text.lower()
        case "nfc":
            return unicodedata.normalize("NFC", text)
        case _:
            return text

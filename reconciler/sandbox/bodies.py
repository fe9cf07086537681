"""The body of a PUT: what it may carry, and what storing it leaves."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace

from pydantic import ConfigDict, TypeAdapter, ValidationError

from reconciler.model.fields import MANAGED, NAME, TABLE
from reconciler.model.texts import Texts
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.complaints import complaints
from reconciler.sandbox.request_log import Call
from reconciler.sandbox.settings import Settings

_BODY: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str], config=ConfigDict(strict=True))
_LAST_CHARACTER = {"any": 0x10FFFF, "bmp": 0xFFFF, "ascii": 0x7F}


def read_texts(call: Call) -> Texts | str:
    """Return the texts that a PUT carries, or what is wrong with it."""
    if call.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return "Content-Type must be application/json"
    try:
        body = _BODY.validate_json(call.body)
    except ValidationError as error:
        return "; ".join(complaints(error))
    fields = {row.wire: row.name for row in TABLE}
    if unknown := [name for name in body if name not in fields]:
        return "; ".join(f"{name}: must be one of {', '.join(fields)}" for name in unknown)
    texts = {fields[name]: text for name, text in body.items()}
    return texts or f"the body must have {' or '.join(f'a {row.wire}' for row in TABLE)}"


def refusal(texts: Texts, contact_list: ContactList, lists: Iterable[ContactList], settings: Settings) -> str:
    """Return why `texts` cannot be stored in `contact_list`, "" when they can."""
    for field, text in texts.items():
        wire = MANAGED[field].wire
        if (length := _length(text, settings)) > (longest := settings.longest(field)):
            return f"{wire} has {length} characters, {longest} are allowed"
        if text and ord(max(text)) > _LAST_CHARACTER[settings.characters]:
            return f"{wire} has characters that are not allowed"
        if not text and settings.when_empty(field) == "refuse":
            return f"{wire} must not be empty"
    after = store_texts(contact_list, texts, settings).name.casefold()
    others = (each for each in lists if each.id != contact_list.id)
    taken = settings.duplicate_names == "refuse" and NAME in texts
    if taken and any(each.name.casefold() == after for each in others):
        return "another contact list has this name"
    return ""


def store_texts(contact_list: ContactList, texts: Texts, settings: Settings) -> ContactList:
    """Return `contact_list` as a PUT of `texts` leaves it."""
    kept = contact_list.texts if settings.unsent_fields == "keep" else {}
    taken = {
        field: _store_text(text, settings)
        if text or settings.when_empty(field) == "clear"
        else contact_list.texts[field]
        for field, text in texts.items()
    }
    return replace(contact_list, texts={**kept, **taken})


def _length(text: str, settings: Settings) -> int:
    return len(text) if settings.length_unit == "codepoints" else len(text.encode("utf-16-le")) // 2


def _store_text(text: str, settings: Settings) -> str:
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

"""The two texts of a contact list that this program looks after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

Field: TypeAlias = Literal["name", "description"]
FIELDS: tuple[Field, ...] = ("name", "description")

Texts: TypeAlias = Mapping[Field, str]
"""Some fields of a list. A field that is absent is unmanaged (desired, applied) or unknown (before a change)."""


def differing(texts: Texts, other: Texts) -> tuple[Field, ...]:
    """Return the fields of `texts` whose text `other` does not hold, in the order of `FIELDS`."""
    return tuple(field for field in FIELDS if field in texts and texts[field] != other.get(field))


def holds(texts: Texts, wanted: Texts) -> bool:
    """Tell whether `texts` has every field of `wanted` with the same text."""
    return texts.items() >= wanted.items()


def narrowed(texts: Texts, fields: Mapping[Field, object] | tuple[Field, ...]) -> dict[Field, str]:
    """Return `texts` with only those of `fields` that it has."""
    return {field: texts[field] for field in FIELDS if field in fields and field in texts}


def stored_alike(sent: str, stored: str) -> bool:
    """Tell whether `stored` is `sent` but for case and white space, as an API that trims or squeezes leaves it."""
    return "".join(sent.split()).casefold() == "".join(stored.split()).casefold()


MOST_UNITS: Mapping[Field, int] = {"name": 48, "description": 256}
"""How long each text may be, in UTF-16 units: the API's documented limits, counted the stricter way."""


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as JavaScript counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2

"""The texts of a contact list that this program looks after, and how they compare."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import TypeAlias

from reconciler.model.fields import FIELDS, Field, label

Texts: TypeAlias = Mapping[Field, str]
"""Some fields of a list. A field that is absent is unmanaged (desired, applied) or unknown (before a change)."""

_SMALL = 8  # characters that differ and are looked for in vain; beyond, a difference is seen
_PLACEHOLDER = re.compile(r"\$\{[^{}]{1,60}\}|<[A-Z][A-Z0-9_]{1,60}>|\{\{[^{}]{1,60}\}\}")
# Letters, dashes and quotes that most fonts draw as one of ASCII: Cyrillic, Greek, and what a word processor puts in.
_DRAWN_ALIKE = str.maketrans(
    "\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e\u0420\u0421"
    "\u0422\u0423\u0425\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bf"
    "\u2010\u2011\u2012\u2013\u2212\u2019\u2018\u201c\u201d",
    "ABESIJKMHOPCTYXaeopcyxijshABEZHIKMNOPTYXo-----''\"\"",
)


def differing(texts: Texts, other: Texts) -> tuple[Field, ...]:
    """Return the fields of `texts` whose text `other` does not hold, in the order of `FIELDS`."""
    return tuple(field for field in FIELDS if field in texts and texts[field] != other.get(field))


def holds(texts: Texts, wanted: Texts) -> bool:
    """Tell whether `texts` has every field of `wanted` with the same text."""
    return texts.items() >= wanted.items()


def only_fields(texts: Texts, fields: Mapping[Field, object] | tuple[Field, ...]) -> dict[Field, str]:
    """Return `texts` with only those of `fields` that it has."""
    return {field: texts[field] for field in FIELDS if field in fields and field in texts}


def stored_alike(sent: str, stored: str) -> bool:
    """Tell whether `stored` is `sent` as an API may keep it: trimmed, squeezed, in another case, or as NFC or NFD."""
    return _bare(sent) == _bare(stored)


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as JavaScript counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def placeholder(text: str) -> str:
    """Return what looks as if it were to be filled in (`${NAME}`, `<NAME>`, `{{ name }}`), "" if nothing does."""
    found = _PLACEHOLDER.search(text)
    return found[0] if found else ""


def placeholder_warnings(texts: Texts, fields: Iterable[Field]) -> Iterator[str]:
    """Yield a warning for each of `fields` whose text holds a placeholder."""
    for field in fields:
        if field in texts and (found := placeholder(texts[field])):
            yield f"the {label(field)} holds {found}, as a template does: nothing is filled in"


def _bare(text: str) -> str:
    """Return a text without white space, case, and the difference between the two ways to write an accent."""
    text = "".join(text.split())
    if text.isascii():
        return text.casefold()
    import unicodedata  # noqa: PLC0415 - few texts need it

    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", text).casefold())


def as_drawn(text: str) -> str:
    """Return a text in NFC with the letters of ASCII that most fonts draw for others."""
    if text.isascii():
        return text
    import unicodedata  # noqa: PLC0415 - few texts need it

    return unicodedata.normalize("NFC", text).translate(_DRAWN_ALIKE)


def unseen_difference(old: str, new: str) -> str:
    """Say how a new text differs from an old one that looks the same; "" if the difference is visible."""
    if old == new or (old.isascii() and new.isascii()):
        return ""
    import unicodedata  # noqa: PLC0415 - few texts need it

    before, after = unicodedata.normalize("NFC", old), unicodedata.normalize("NFC", new)
    if before == after:
        return "its accents are written otherwise (Unicode NFC and NFD)"
    if as_drawn(before) != as_drawn(after):
        return ""
    was, now = next((was, now) for was, now in zip(before, after, strict=True) if was != now)
    named = [f"U+{ord(char):04X} {unicodedata.name(char)}" for char in (now, was)]
    return f"{named[0]} stands for {named[1]}"


def length_in_common(text: str, other: str) -> int:
    """Return how many characters at the start of two texts are the same."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(text, other, strict=False)))


def mark_difference(text: str, other: str) -> str:
    """Return ": …3400[1] and …3400[7]", the part in brackets in which two texts differ; "" if that is seen anyway."""
    begin = length_in_common(text, other)
    end = min(length_in_common(text[::-1], other[::-1]), len(text) - begin, len(other) - begin)
    parts = [each[begin : len(each) - end] for each in (text, other)]
    if not begin + end or max(map(len, parts)) > _SMALL:
        return ""
    before, after = text[:begin], text[len(text) - end :]
    head = before if begin <= _SMALL else f"…{before[-_SMALL:]}"
    tail = after if end <= _SMALL else f"{after[:_SMALL]}…"
    return f": {head}[{parts[0]}]{tail} and {head}[{parts[1]}]{tail}"

"""Rules for single texts. Each returns what is wrong and what to do, or None.

Lengths are counted in UTF-16 units: the API does not say how it counts, and this is the stricter way.
"""

from __future__ import annotations

import re

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.model.fields import MANAGED, Field, ManagedField
from reconciler.model.invisible import shows_nothing
from reconciler.model.texts import units

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def text_fault(field: Field, text: str) -> Flaw | None:
    """Check the text of a managed field as it is written, by the rules in the field's row of the table."""
    row = MANAGED[field]
    if not text:
        return None if row.may_be_empty else _empty_fault(row)
    return (
        outer_space_fault(text)
        or (control_fault(text) if row.one_line else None)
        or (None if row.may_be_empty else _unseen_fault(row, text))
        or length_fault(row, text)
    )


def _empty_fault(row: ManagedField) -> Flaw:
    return Flaw(
        Kind.EMPTY_TEXT, f"is empty: write a {row.label}, or leave the key out to leave the {row.label} unmanaged"
    )


def _unseen_fault(row: ManagedField, text: str) -> Flaw | None:
    if all(map(shows_nothing, text)):
        return Flaw(Kind.UNSEEN_TEXT, f"has only invisible characters: write a {row.label} that can be seen")
    return None


def length_fault(row: ManagedField, text: str) -> Flaw | None:
    """Check the length of a text."""
    length = units(text)
    if length <= row.longest:
        return None
    twice = "" if length == len(text) else " (emoji and other rare characters count as two)"
    return Flaw(
        Kind.TOO_LONG,
        f"is {length} characters long{twice}, and a {row.label} has at most {row.longest}: shorten it by "
        f"{length - row.longest}",
    )


def outer_space_fault(text: str) -> Flaw | None:
    """Check that a text neither begins nor ends with white space."""
    if text == text.strip():
        return None
    if text.endswith("\n"):
        return Flaw(Kind.OUTER_SPACE, "ends with a line break, as blocks with > or | do: write >- or |- instead")
    return Flaw(Kind.OUTER_SPACE, "begins or ends with white space: remove it")


def control_fault(text: str) -> Flaw | None:
    """Check that a text has no control characters and none of the two Unicode line separators."""
    found = _CONTROL.search(text)
    if not found:
        return None
    return Flaw(Kind.CONTROL_CHARACTER, f"contains the control character U+{ord(found[0]):04X}: remove it")


def name_format_fault(text: str) -> Flaw | None:
    """Check a `name_format`."""
    if text.count("{name}") != 1 or re.search("[{}]", text.replace("{name}", "")):
        return Flaw(
            Kind.NAME_FORMAT,
            f'must have {{name}} exactly once and no other braces, such as "[dev] {{name}}"; got {text!r}',
        )
    return outer_space_fault(text) or control_fault(text)


_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def folder_fault(text: str) -> Flaw | None:
    """Check `state`: a URL, or a folder inside the manifest's folder."""
    if not text:
        return _place_flaw("is empty: write a folder or a URL, or leave the key out for .reconciler")
    if "://" not in text and (text.startswith(("/", "~")) or ".." in text.split("/")):
        return _place_flaw(
            f"{text!r} leads out of the manifest's folder: write a folder in it, as in .reconciler, or a URL"
        )
    if "://" not in text and _SCHEME.match(text):
        return _place_flaw(
            f"{text!r} is neither a folder nor a URL: a URL is written as in s3://bucket/folder, git+branch://name"
        )
    if "://" not in text and ".git" in text.casefold().split("/"):
        return _place_flaw(
            f"{text!r} is git's own folder: write another, as in .reconciler, or a branch: git+branch://NAME"
        )
    return control_fault(text)


def _place_flaw(message: str) -> Flaw:
    return Flaw(Kind.STATE_PLACE, message)

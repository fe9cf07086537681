"""Logical keys made from names: readable, stable, in a-z, 0-9 and hyphens, whatever language a name is in."""

from __future__ import annotations

import re
from collections.abc import Collection

from anyascii import anyascii

from reconciler.manifest.scalars import plain

_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 60


def key_from(name: str, list_id: str, taken: Collection[str]) -> str:
    """Return a key for a list of that name, none of `taken`; of a name without letters and digits, from its id."""
    ascii_name = _OTHER.sub("-", anyascii(name).lower()).strip("-")[:_LONGEST].strip("-")
    stem = ascii_name or "list-" + _OTHER.sub("-", list_id.removeprefix("cl-").lower()).strip("-")
    if stem.startswith("x-") or plain(stem) != stem:  # the user's own keys; what some reader takes for no text
        stem = f"list-{stem}"
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}-{number}", number + 1
    return key

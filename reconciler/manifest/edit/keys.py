"""Make keys of lists from names in any language: readable and stable, in a-z, 0-9 and hyphens."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import count

from anyascii import anyascii

from reconciler.manifest.scalars import is_text

_OTHER = re.compile(r"[^a-z0-9]+")
_LONGEST = 60


def key_from(name: str, list_id: str, taken: Collection[str]) -> str:
    """Return a key that is not `taken`, made from the name; from the id if the name has no letters or digits."""
    ascii_name = _OTHER.sub("-", anyascii(name).lower()).strip("-")[:_LONGEST].strip("-")
    stem = ascii_name or "list-" + _OTHER.sub("-", list_id.removeprefix("cl-").lower()).strip("-")
    candidates = (f"{stem}-{number}" if number > 1 else stem for number in count(1))
    return next(key for key in map(_harmless, candidates) if key not in taken)


def _harmless(key: str) -> str:
    """Avoid keys that begin with x-, and words that some reader of YAML does not take for text."""
    return f"list-{key}" if key.startswith("x-") or not is_text(key) else key

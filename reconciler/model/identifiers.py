"""The grammar of keys and ids: one for the manifest, the commands and every document."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a key or an id."""

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""A logical key of a list, or the name of an environment; those that begin with x- are the user's own."""

LIST_ID = re.compile(r"cl-[0-9A-Za-z._~-]+")
"""The id of a contact list: `cl-` and a safe path segment."""


_USUAL_ACCOUNT_ID = re.compile(r"[0-9a-f]{24}", re.IGNORECASE)


def account_id_warning(account_id: str) -> str:
    """Return, for people, that an account id does not look like those of the platform; "" if it does."""
    if _USUAL_ACCOUNT_ID.fullmatch(account_id):
        return ""
    return (
        f"account_id {account_id!r} has {len(account_id)} characters; those of the platform are 24 digits and letters "
        "from a to f: compare it with the console"
    )


def is_key(text: str) -> bool:
    """Tell whether a text can be the key of a list."""
    return len(text) <= LONGEST and KEY.fullmatch(text) is not None and not text.startswith("x-")


def is_list_id(text: str) -> bool:
    """Tell whether a text can be the id of a list."""
    return len(text) <= LONGEST and LIST_ID.fullmatch(text) is not None

"""The grammar of keys and ids: one for the manifest, the commands and every document."""

from __future__ import annotations

import re

LONGEST = 200
"""Characters of a key or an id."""

KEY = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""A logical key of a list, or the name of an environment; those that begin with x- are the user's own."""

LIST_ID = re.compile(r"cl-[0-9A-Za-z._~-]+")
"""The id of a contact list: `cl-` and a safe path segment."""


STREAM_PLACEHOLDER, ACCOUNT_PLACEHOLDER = "st-00000000-0000-0000-0000-000000000000", "0" * 24
"""What `init` writes for ids that it was not told."""

_HEX = "[0-9a-f]"
_USUAL_ACCOUNT_ID = re.compile(f"{_HEX}{{24}}", re.IGNORECASE)
_USUAL_STREAM_ID = re.compile(f"st-{_HEX}{{7,8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}", re.IGNORECASE)


def account_id_warning(account_id: str) -> str:
    """Return, for people, that an account id does not look like those of the platform; "" if it does."""
    if _USUAL_ACCOUNT_ID.fullmatch(account_id):
        return ""
    return (
        f"account_id {account_id!r} has {len(account_id)} characters; those of the platform are 24 digits and letters "
        "from a to f: compare it with the console"
    )


def stream_id_warning(stream_id: str) -> str:
    """Return, for people, that a stream id does not look like those of the platform; "" if it does."""
    if _USUAL_STREAM_ID.fullmatch(stream_id):
        return ""
    return (
        f"stream_id {stream_id!r} is not of the usual form, st- and groups of 8, 4, 4, 4 and 12 digits and letters "
        "from a to f: compare it with the console"
    )


def unfilled(stream_id: str, account_id: str) -> str:
    """Return, for people, which ids of an environment were never filled in; "" if both were."""
    written = (("stream_id", stream_id, STREAM_PLACEHOLDER), ("account_id", account_id, ACCOUNT_PLACEHOLDER))
    names = [name for name, text, placeholder in written if text == placeholder]
    if not names:
        return ""
    still = "are still the placeholders" if len(names) > 1 else "is still the placeholder"
    return f"{' and '.join(names)} {still} of init: fill in what the console shows"


def is_key(text: str) -> bool:
    """Tell whether a text can be the key of a list."""
    return len(text) <= LONGEST and KEY.fullmatch(text) is not None and not text.startswith("x-")


def is_list_id(text: str) -> bool:
    """Tell whether a text can be the id of a list."""
    return len(text) <= LONGEST and LIST_ID.fullmatch(text) is not None

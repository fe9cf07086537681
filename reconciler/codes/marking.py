"""How a code is written, and where it stands: after the message, in brackets."""

from __future__ import annotations


def code_of(name: str) -> str:
    """Return the code of what JSON calls by a name: `RENAME-IN-USE` of `rename_in_use`."""
    return name.upper().replace("_", "-")


def mark(message: str, code: str) -> str:
    """Return `message` with its code; as it is, if there is none."""
    return f"{message} [{code}]" if code else message

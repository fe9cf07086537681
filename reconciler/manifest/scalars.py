r"""Plain (unquoted) scalars: which of them are text, and what YAML reads the others as.

A scalar is text only if every common reader of YAML, 1.1 or 1.2, reads it as text. So a value cannot mean one thing to
a reviewer's tools and another to this program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TABLE = (
    (r"~|null|", "null"),
    (r"true|false|yes|no|on|off|y|n", "true or false"),  # PyYAML leaves out y and n, YAML 1.1 does not
    # with the underscores of YAML 1.1, the commas of Ruby's reader, and the forms of YAML 1.2
    (r"[-+]?[0-9][0-9_,]*(?:\.[0-9_,]*)?(?:e[-+]?[0-9]+)?", "a number"),
    (r"[-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?|[-+]?\.(?:inf|nan)", "a number"),
    (r"[-+]?0[box][0-9a-f_]+", "a number"),
    (r"[-+]?[0-9][0-9_,]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?", "a number"),  # of base 60: 1:30
    (r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:t|[ \t]+)[0-9]{1,2}:[0-9:.]+[ \t]*(?:z|[-+][0-9:]+)?)?", "a date"),
    (r"=|<<", "a special sign"),
    (r":\S[\s\S]*", "a symbol"),  # Ruby's reader does
)
_NOT_TEXT = re.compile("|".join(f"({pattern})" for pattern, _ in _TABLE), re.IGNORECASE | re.ASCII)
_STARTS = frozenset("~nNtTfFyYoO0123456789+-.=<:")
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class NotText:
    """A scalar that YAML does not read as text, and that fits no field; `read_as` is in words ("a date")."""

    text: str
    read_as: str


REFUSED = NotText("", "refused")
"""Replaces a value for which the reader has already reported a problem."""


def plain(text: str) -> str | int | NotText:
    """Return the value of a plain scalar: a text, a bool, an int, or NotText."""
    reading = read_as(text)
    if reading is None:
        return text
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return NotText(text, reading)


def read_as(text: str) -> str | None:
    """Return, in words, what some reader of YAML takes a plain scalar for; None if all take it for text."""
    if text and text[0] not in _STARTS:
        return None
    found = _NOT_TEXT.fullmatch(text)
    return _TABLE[found.lastindex - 1][1] if found and found.lastindex else None


def is_text(text: str) -> bool:
    """Tell whether every common reader of YAML takes a plain scalar for text."""
    return plain(text) == text

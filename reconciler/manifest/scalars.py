r"""Plain (unquoted) scalars: which of them YAML reads as text, and what it reads the others as.

Whatever any common reader of YAML, 1.1 or 1.2, takes for something else than text is no text here, so that a value
cannot mean one thing to a reviewer's tools and another to this program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TABLE = tuple(
    (re.compile(pattern, re.IGNORECASE | re.ASCII), reading)
    for pattern, reading in (
        (r"~|null|", "null"),
        (r"true|false|yes|no|on|off|y|n", "true or false"),  # PyYAML leaves out y and n, YAML 1.1 does not
        # with the underscores of YAML 1.1, the commas of Ruby's reader, and the forms of YAML 1.2
        (r"[-+]?[0-9][0-9_,]*(?:\.[0-9_,]*)?(?:e[-+]?[0-9]+)?", "a number"),
        (r"[-+]?\.[0-9_]+(?:e[-+]?[0-9]+)?|[-+]?\.(?:inf|nan)", "a number"),
        (r"[-+]?0[box][0-9a-f_]+", "a number"),
        (r"[-+]?[0-9][0-9_,]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?", "a number"),  # of base 60: 1:30
        (
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:t|[ \t]+)[0-9]{1,2}:[0-9:.]+[ \t]*(?:z|[-+][0-9:]+)?)?",
            "a date",
        ),
        (r"=|<<", "a sign of its own"),
        (r":\S[\s\S]*", "a symbol"),  # Ruby's reader does
    )
)
_STARTS = frozenset("~nNtTfFyYoO0123456789+-.=<:")
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class NotText:
    """A scalar that YAML does not read as text and no field wants; `read_as` is in words ("a date")."""

    text: str
    read_as: str


REFUSED = NotText("", "refused")
"""Stands for a value that the reader has already complained of."""


def plain(text: str) -> str | int | NotText:
    """Return what a plain scalar is: text, `true` or `false` and whole numbers as such, or NotText."""
    reading = read_as(text)
    if reading is None:
        return text
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return NotText(text, reading)


def read_as(text: str) -> str | None:
    """Return what some reader of YAML takes a plain scalar for, in words; None for text."""
    if text and text[0] not in _STARTS:
        return None
    return next((reading for pattern, reading in _TABLE if pattern.fullmatch(text)), None)


def is_text(text: str) -> bool:
    """Tell whether a plain scalar is text to every reader of YAML that there is."""
    return plain(text) == text

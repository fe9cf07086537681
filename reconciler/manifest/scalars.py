r"""Plain (unquoted) scalars: which of them YAML reads as text, and what it reads the others as.

Whatever any common reader of YAML, 1.1 or 1.2, takes for something else than text is no text here, so that a value
cannot mean one thing to a reviewer's tools and another to this program.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

_YAML = "tag:yaml.org,2002:"
_READ_AS = {
    f"{_YAML}null": "null",
    f"{_YAML}bool": "true or false",
    f"{_YAML}int": "a number",
    f"{_YAML}float": "a number",
    f"{_YAML}timestamp": "a date",
}
_RESOLVERS = {
    first: [(regexp, _READ_AS[tag]) for tag, regexp in resolvers if tag in _READ_AS]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_YAML_12_NUMBER = re.compile(r"0o[0-7]+|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_YAML_11_TRUTH = frozenset({"y", "Y", "n", "N"})  # by the letter of YAML 1.1; PyYAML leaves these out
_WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")

DOUBTFUL_STARTS = frozenset(_RESOLVERS) | {""}
"""First characters of every plain scalar that may be no text (the empty one has ""): a cheap test before `plain`."""


@dataclass(frozen=True, slots=True)
class NotText:
    """A scalar that YAML does not read as text and no field wants; `read_as` is in words ("a date")."""

    text: str
    read_as: str


REFUSED = NotText("", "refused")
"""Stands for a value that the reader has already complained of."""


def plain(text: str) -> str | int | NotText:
    """Return what a plain scalar is: text, `true` or `false` and whole numbers as such, or NotText."""
    read_as = _read_as(text)
    if read_as is None:
        return text
    if text in ("true", "false"):
        return text == "true"
    if _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    return NotText(text, read_as)


def _read_as(text: str) -> str | None:
    for regexp, read_as in _RESOLVERS.get(text[:1], ()):
        if regexp.match(text):
            return read_as
    return "a number" if _YAML_12_NUMBER.fullmatch(text) else None


def is_text(text: str) -> bool:
    """Tell whether a plain scalar is text to every reader of YAML that there is."""
    return plain(text) == text and text not in _YAML_11_TRUTH

"""JSON as the files of a state hold it: written so that a value is one line in any tool, read without trust."""

from __future__ import annotations

import json
import re
from collections import Counter

from reconciler.errors import StateDamagedError, StateError

_ENCODE = json.JSONEncoder(ensure_ascii=False).encode
# What JSON lets stand though editors, diffs or encodings do not: DEL and the C1 controls, line and paragraph
# separators, marks that reorder the text around them, the byte order mark, halves of surrogate pairs.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?\r?$", re.MULTILINE)
_LONGEST = 200  # characters of a text from the file, in a message; digits of a number
WAY_OUT = (
    "Nothing was changed. Bring back a whole copy of this file, from git or a backup; or move it away, to start "
    "again from what the API answers or to `reconciler state push` a backup"
)


def encode(value: object) -> str:
    """Return `value` as one line of JSON, readable, with every character that could do something escaped."""
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", _ENCODE(value))


def as_text(raw: bytes, *, where: str, way_out: str = WAY_OUT) -> str:
    """Return `raw` as text; raises StateDamagedError if it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise damage_error(where, f"byte {error.start} is not UTF-8", way_out) from error


def decode(text: str, *, where: str, way_out: str = WAY_OUT) -> object:
    """Return what the JSON `text` holds; raises StateDamagedError, also if an object has a key twice."""
    try:
        content: object = json.loads(text, object_pairs_hook=_unique, parse_int=_integer)
    except RecursionError as error:
        raise damage_error(where, "nested deeper than a state can be", way_out) from error
    except ValueError as error:
        raise damage_error(where, f"not readable as JSON: {error}", way_out) from error
    return content


def refuse_markers(text: str, *, where: str, way_out: str) -> None:
    """Raise StateDamagedError, with a way out of its own, where git left the markers of a merge conflict."""
    if marker := _CONFLICT.search(text):
        number = text.count("\n", 0, marker.start()) + 1
        raise damage_error(where, f"git left merge-conflict markers in it, the first in line {number}", way_out)


def refuse_newer(found: object, *, family: str, where: str) -> None:
    """Raise StateError, which says to upgrade, where a format is of this family, but not the first."""
    if isinstance(found, str) and re.fullmatch(re.escape(family) + "/([2-9]|[1-9][0-9]+)", found):
        raise StateError(
            f"{where}: made by a newer version of reconciler: its format is {found}, this one reads {family}/1. "
            "Nothing was changed. Upgrade reconciler"
        )


def damage_error(where: str, what: str, way_out: str = WAY_OUT) -> StateDamagedError:
    """Return the error for content that this program does not write."""
    return StateDamagedError(f"{where}: damaged: {what}. {way_out}")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST:
        raise ValueError("a number has too many digits")
    return int(digits)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        twice = next(key for key, count in counts.items() if count > 1)
        raise ValueError(f"the key {encode(shorten(twice))} stands twice in one object")
    return content


def shorten(text: str) -> str:
    """Return a text from the file, of any length, as a message may hold it."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

"""The text of one manifest file: bytes to characters, offsets to lines and columns.

Lines end at LF or CR LF. What only some YAML readers take for the end of a line is refused, a carriage return alone
too, and a byte order mark that is not the first character, which some drop. The first one is no part of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from reconciler.manifest.flaws import Flaw, Kind

_BOM = b"\xef\xbb\xbf"
_LINE_FEED = re.compile("\n")
_DISPUTED = re.compile("[\x85\u2028\u2029\ufeff]|\r(?!\n)")
_ESCAPES = {"\x85": r"\N", "\u2028": r"\L", "\u2029": r"\P", "\ufeff": r"\ufeff"}
_ENDS_A_LINE = "ends a line for some readers of YAML and not for"
_NOT_IN_YAML = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A pattern that takes long to compile, and only a message needs."""


class UnreadableError(Exception):
    """A file cannot be read beyond `offset`; the flaw says why, for people."""

    def __init__(self, offset: int, flaw: Flaw) -> None:
        super().__init__(flaw.message)
        self.offset = offset
        self.flaw = flaw


@dataclass(frozen=True)
class SourceText:
    """One file: `file` as problems name it, and its characters."""

    file: str
    text: str

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of the character at `offset`; past the end counts as the end."""
        offset = min(offset, len(self.text))
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *[end.end() for end in _LINE_FEED.finditer(self.text)]]


def decode(raw: bytes) -> str:
    """Return the text of a manifest file. Raises UnreadableError if readers of YAML would read it differently."""
    body = raw.removeprefix(_BOM)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(0, Flaw(Kind.NOT_UTF8, "the file is UTF-16, but a manifest is UTF-8: save it as UTF-8"))
    if b"\0" in body:
        before = body[: body.index(b"\0")].decode(errors="replace")
        raise UnreadableError(
            len(before),
            Flaw(Kind.NOT_UTF8, "the file is binary (it has NUL bytes), but a manifest is text: name another"),
        )
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        message = f"the file is not UTF-8 (byte 0x{body[error.start]:02x}): save it as UTF-8"
        raise UnreadableError(len(before), Flaw(Kind.NOT_UTF8, message)) from error
    _check_characters(text)
    return text


def decode_leniently(raw: bytes) -> str:
    """Return the text of a file with replacement characters; offsets are those of UnreadableError."""
    return raw.removeprefix(_BOM).decode(errors="replace")


def _check_characters(text: str) -> None:
    disputed = _DISPUTED.search(text)
    if disputed:
        raise UnreadableError(disputed.start(), Flaw(Kind.INVISIBLE_CHARACTER, _disputed_message(disputed[0])))


def _disputed_message(character: str) -> str:
    if character == "\r":
        return (
            f"a carriage return alone {_ENDS_A_LINE} others: save the file with lines "
            r"that end in LF or CR LF, or write \r in double quotes if it is part of a text"
        )
    what = "is dropped by some readers of YAML and not by" if character == "\ufeff" else _ENDS_A_LINE
    return (
        f"the invisible character U+{ord(character):04X} {what} others: "
        f"remove it, or write {_ESCAPES[character]} in double quotes"
    )


def forbidden_character(text: str) -> tuple[int, Flaw]:
    """Return the offset of the first character that YAML does not allow, and what is to be said of it."""
    found = next(re.finditer(_NOT_IN_YAML, text))
    message = f"the control character U+{ord(found[0]):04X} is not allowed in YAML: remove it"
    return found.start(), Flaw(Kind.INVISIBLE_CHARACTER, message)

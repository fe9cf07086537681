"""The text of one manifest file: bytes to characters, offsets to lines and columns.

Lines end at LF, CR LF or CR, as in a text editor; the three characters that only some YAML readers take for line
breaks are refused. A byte order mark is no part of the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile("\r\n|\r|\n")
_LINE_FEED = re.compile("\n")
_DISPUTED_LINE_END = re.compile("[\x85\u2028\u2029]")
_ESCAPES = {"\x85": r"\N", "\u2028": r"\L", "\u2029": r"\P"}
_NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class UnreadableError(Exception):
    """A file that ends the reading of it at `offset`; the message is for people."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message


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
        pattern = _LINE_END if "\r" in self.text else _LINE_FEED  # which is found in a third of the time
        return [0, *[end.end() for end in pattern.finditer(self.text)]]


def decoded(raw: bytes) -> str:
    """Return the characters of a manifest file; raises UnreadableError where they are no text that all read alike."""
    body = raw.removeprefix(_BOM)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(0, "the file is UTF-16, and a manifest is UTF-8: save it so")
    if b"\0" in body:
        before = body[: body.index(b"\0")].decode(errors="replace")
        raise UnreadableError(
            len(before), "the file is binary, it holds NUL bytes, and a manifest is text: name another"
        )
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        message = f"the file is not UTF-8, byte 0x{body[error.start]:02x} is none: save it as UTF-8"
        raise UnreadableError(len(before), message) from error
    _check_line_ends(text)
    return text


def lenient(raw: bytes) -> str:
    """Return what can be shown of a file, with the offsets that `decoded` speaks of."""
    return raw.removeprefix(_BOM).decode(errors="replace")


def _check_line_ends(text: str) -> None:
    disputed = None if text.isascii() else _DISPUTED_LINE_END.search(text)
    if disputed:
        character = disputed[0]
        message = (
            f"the invisible character U+{ord(character):04X} ends a line for some readers of YAML and not for others: "
            f"remove it, or write {_ESCAPES[character]} in double quotes"
        )
        raise UnreadableError(disputed.start(), message)


def forbidden_character(text: str) -> tuple[int, str]:
    """Return where the first character stands that YAML does not allow at all, with words for it."""
    found = next(_NOT_IN_YAML.finditer(text))
    return found.start(), f"the control character U+{ord(found[0]):04X} cannot stand in YAML: remove it"

r"""Write texts as YAML scalars that every reader of YAML, and this program, reads back as the same text.

A new text stands in double quotes. One that takes the place of another keeps its style where it can: plain stays plain
if no reader could take it for anything else, single quotes stay, a block stays a block; else double quotes.
"""

from __future__ import annotations

import json
import re

from reconciler.manifest.scalars import is_text

_SHORT = {'"': r"\"", "\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"}
_HEADER = re.compile(r"[|>]-?(?=[ \t\r\n])([^\r\n]*)(\r\n|\r|\n)([ ]+)")
_COMMENT = re.compile(r"[|>][-+0-9]*[ \t]+(#[^\r\n]*)")


def double_quoted(text: str) -> str:
    r"""Return `text` in double quotes on one line; what does not print is escaped, as `\u202e`."""
    return f'"{"".join(map(_escape, text))}"'


def _escape(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable() and char != "\ufeff":
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"


def json_quoted(text: str) -> str:
    r"""Return `text` in double quotes as JSON has it, in which what does not print is escaped, as `\u202e`."""
    bare = (char.isprintable() and char not in '"\\' and char != "\ufeff" for char in text)
    return f'"{"".join(char if is_bare else json.dumps(char)[1:-1] for char, is_bare in zip(text, bare, strict=True))}"'


def quote_key(text: str) -> str:
    """Return a name as it is written as a key: without quotes if every reader of YAML then takes it for text."""
    return text if is_text(text) else double_quoted(text)


def rewrite_scalar(written: str, style: str, text: str) -> str:
    """Return `text` as it is written in the place of the scalar `written`, whose `style` is PyYAML's."""
    if not style and _stays_plain(text):
        return text
    if style == "'" and text.isprintable():
        return f"'{text.replace(chr(39), chr(39) * 2)}'"
    if style in ("|", ">"):
        return _rewrite_block(written, style, text)
    return double_quoted(text)


def _rewrite_block(written: str, style: str, text: str) -> str:
    """Keep header and indentation; if the text cannot be a block, use double quotes and keep the header's comment."""
    header = _HEADER.match(written)
    lines = text.split("\n") if style == "|" else [text]
    if header and all(line.isprintable() and line == line.strip() != "" for line in lines):
        newline, indent = header[2], header[3]
        return header[0] + f"{newline}{indent}".join(lines)
    return double_quoted(text) + header_comment(written)


def header_comment(written: str) -> str:
    """Return the comment in the first line of a block scalar, with a space before it; "" if there is none."""
    comment = _COMMENT.match(written)
    return f" {comment[1]}" if comment else ""


def _stays_plain(text: str) -> bool:
    """Tell whether every reader of YAML takes a text for itself without quotes, also between brackets."""
    letters = bool(text) and text[0].isalpha() and text == text.strip()
    return letters and all(char.isalnum() or char in " _-./()&+'" for char in text) and is_text(text)

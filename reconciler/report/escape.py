"""What may be shown of a text that others wrote: one function a sink, so that no name can act on its reader.

Shown escaped: control characters and line breaks of any kind, lone surrogates, everything invisible (format
characters, bidi controls, zero widths, fillers, stray variation selectors) and every space that only looks like one.
Shown as it is: everything else, also a joiner or variation selector where it makes an emoji.
"""

from __future__ import annotations

import json
import unicodedata

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})
_VISIBLE_SPACES = frozenset(" \u3000")  # the ideographic space is as wide as its letters, so one sees it
_INVISIBLE = (  # ranges that Unicode calls letters, marks or symbols, and that show nothing
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # inherent Khmer vowels
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x2800, 0x2800),  # blank Braille pattern
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xE0000, 0xE0FFF),  # tags and more variation selectors
)
_JOINER, _EMOJI_STYLE, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_COMMANDS = ("::", "##[")
_MARKS = frozenset("!\"#$%&'()*+./:<=>@[\\]^_`{|}~")
_HTML = {ord(char): f"&#{ord(char)};" for char in "&<>\"'"}
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def terminal(text: str) -> str:
    r"""Return `text` for a terminal or a log: one line, in which nothing acts and nothing hides (`\x1b`, `\u202e`)."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(char) if _hides(text, at) else char for at, char in enumerate(text))


def line(text: str) -> str:
    r"""Return a line of `terminal` text that no CI system takes for a command of its own (`::error`, `##[group]`)."""
    start = len(text) - len(text.lstrip())
    return f"{text[:start]}\\{text[start:]}" if text[start:].startswith(_COMMANDS) else text


def markup(text: str) -> str:
    """Return `text` for Markdown or HTML, inert: every mark that could mean anything is a character reference."""
    return "".join(f"&#{ord(char)};" if char.isascii() and char in _MARKS else char for char in terminal(text))


def html(text: str) -> str:
    """Return `text` for HTML, in content or in a quoted attribute; on one line, in which nothing hides."""
    return terminal(text).translate(_HTML)


def xml(text: str) -> str:
    """Return `text` for XML, in content or in a quoted attribute; what XML cannot hold at all is spelled out."""
    return "".join(repr(char)[1:-1] if char in "\ufffe\uffff" else char for char in html(text))


def workflow_data(text: str) -> str:
    """Return `text` as the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def workflow_property(text: str) -> str:
    """Return `text` as a property of a GitHub workflow command."""
    return workflow_data(text).replace(":", "%3A").replace(",", "%2C")


def quoted(text: str) -> str:
    r"""Return `text` for a terminal in double quotes, unambiguous: `"` and `\` inside are escaped."""
    return f'"{within_quotes(text)}"'


def within_quotes(text: str) -> str:
    """Return what stands between the quotes of `quoted`, for a text that is shown in pieces."""
    return terminal(text.replace("\\", "\\\\").replace('"', '\\"'))


def json_document(document: str) -> str:
    """Return a rendered JSON document with the same meaning, as harmless on a terminal as `terminal` makes a text.

    Its line breaks stay: in a JSON string none can stand unescaped.
    """
    return "\n".join(map(_json_line, document.split("\n")))


def _json_line(line: str) -> str:
    if line.isascii() and line.isprintable():
        return line
    return "".join(json.dumps(char)[1:-1] if _hides(line, at) else char for at, char in enumerate(line))


def _hides(text: str, at: int) -> bool:
    char = text[at]
    if unicodedata.category(char) in _HIDDEN_CATEGORIES:
        return char not in _VISIBLE_SPACES and not (char == _JOINER and _joins_emoji(text, at))
    code = ord(char)
    invisible = any(first <= code <= last for first, last in _INVISIBLE)
    return invisible and not (char == _EMOJI_STYLE and _styles_emoji(text, at))


def _joins_emoji(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (_is_symbol(before) or before == _EMOJI_STYLE) and _is_symbol(after)


def _styles_emoji(text: str, at: int) -> bool:
    return _is_symbol(text[at - 1 : at]) or text[at + 1 : at + 2] == _KEYCAP


def _is_symbol(char: str) -> bool:
    return char != "" and not char.isascii() and unicodedata.category(char).startswith("S")


def _spelled(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

"""What may be shown of a text that others wrote: one function a sink, so that no name can act on its reader.

Shown escaped:
    control characters, line breaks of any kind, lone surrogates, unassigned and private characters
    everything invisible (format characters, bidi controls, zero widths, fillers, stray variation selectors)
    every space that only looks like one
    the `##[` of GitHub's runner, and `##vso[`, `##teamcity[` of others, which act wherever in a line they stand
Shown as it is: everything else, also a joiner or variation selector where it makes an emoji.

`log` looks at a whole output once more, since words that stand side by side can make a command that none of them was.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from reconciler.model.invisible import is_hidden

_VISIBLE_SPACES = frozenset(" \u3000")  # the ideographic space is as wide as its letters, so one sees it
_JOINER, _EMOJI_STYLE, _KEYCAP, _KEYCAPS = "\u200d", "\ufe0f", "\u20e3", frozenset("0123456789#*")
_IS_EMOJI = re.compile(  # single ones and the blocks in which the others stand: what may take a style, or be joined
    "[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u2300-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
)
_COMMAND = re.compile(r"(?<=#)#(?=[a-z]*\[)", re.IGNORECASE)
_COMMAND_AT_START = re.compile(r"((?:\A|[\n\r])[^\S\n\r]*+)(?=::)")
_MOST_BACKTICKS = 50  # renderers give up on longer runs: cmark does at 80
_BACKTICKS = re.compile("`+")
_HTML = {ord(char): f"&#{ord(char)};" for char in "&<>\"'"}
_DOMAIN = re.compile(r"(?<=\w)\.(?=[^\W\d_])")
# Not the full-width ones of @ and #: these call somebody, too, here and there.
_LOOK_ALIKES = str.maketrans("@#&*<>\\$:_~`[]|^{}", "﹫﹟﹠﹡﹤﹥﹨﹩﹕＿～ˋ［］｜＾｛｝")
_CELL_START, _FORMULA = r"(\A|[,;|\t\n]|\r(?!\n))", r"""(?=["']*[=+\-@\t\n\r＝＋－＠])"""
_MAY_ACT = re.compile(_CELL_START + _FORMULA)
_MADE_INERT = re.compile(f"{_CELL_START}'{_FORMULA}")
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def terminal(text: str) -> str:
    r"""Return `text` for a terminal or a log: one line, in which nothing acts and nothing hides (`\x1b`, `\u202e`)."""
    return _COMMAND.sub(r"\\x23", _spell_hidden(text, _spell))


def exact(text: str) -> str:
    r"""Return a text of a list with its backslashes doubled, so that no text looks like what is spelled in another.

    Without that, a backslash and an n would show as a line break does: `\n`.
    """
    return text.replace("\\", "\\\\")


def log(output: str) -> str:
    r"""Return a whole output with its line breaks, of which no line is a command of a CI system.

    GitHub's runner takes `::` for one at the start of a line, after white space. It becomes `\::`, `##[` becomes
    `#\x23[`. Everything that people read goes through here last; only annotations do not.
    """
    return _COMMAND_AT_START.sub(r"\1\\", _COMMAND.sub(r"\\x23", output))


def code(text: str) -> str:
    """Return `text` for Markdown as a code span, in which it can neither format nor link nor call anybody."""
    shown = terminal(text)
    longest = max(map(len, _BACKTICKS.findall(shown)), default=0)
    if longest > _MOST_BACKTICKS:
        shown, longest = shown.replace("`", r"\x60"), 0
    fence = "`" * (longest + 1)
    edges = shown[:1] + shown[-1:]
    pad = " " if "`" in edges or (edges == "  " and not shown.isspace()) else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


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


def message(text: str) -> str:
    r"""Return `text` for a chat or mail: what links, formats or calls somebody in one of them becomes a look-alike."""
    return _DOMAIN.sub("\uff0e", terminal(text).strip().translate(_LOOK_ALIKES))


def label_value(text: str) -> str:
    r"""Return `text` as the value of a label in Prometheus text, which knows `\\\\` and `\\"` and no other spelling."""
    return terminal(text).replace("\\", "\\\\").replace('"', '\\"')


def cell(text: str) -> str:
    """Return `text` for a cell of a spreadsheet: an apostrophe goes before what could begin a formula.

    That is done wherever a cell could begin, since a program may split a line at another character than is meant.
    """
    return _MAY_ACT.sub(r"\1'", text)


def cell_text(written: str) -> str:
    """Return the text that `cell` made into `written`; a text without its apostrophes is returned as it is."""
    return _MADE_INERT.sub(r"\1", written)


def quote(text: str) -> str:
    r"""Return `text` for a terminal in double quotes, unambiguous: `"` and `\` inside are escaped."""
    return f'"{within_quotes(text)}"'


def within_quotes(text: str) -> str:
    """Return what stands between the quotes of `quoted`, for a text that is shown in pieces."""
    return terminal(text.replace("\\", "\\\\").replace('"', '\\"'))


def json_document(document: str) -> str:
    """Return a rendered JSON document with the same meaning, as harmless on a terminal as `terminal` makes a text.

    Its line breaks stay: in a JSON string none can stand unescaped. A `#` stands only in strings.
    """
    return _COMMAND.sub(r"\\u0023", "\n".join(map(_json_line, document.split("\n"))))


def xml_document(document: str) -> str:
    """Return a rendered XML or HTML document with the same meaning, of which no line is a command of a CI system."""
    return _COMMAND.sub("&#35;", document)


def _json_line(line: str) -> str:
    return _spell_hidden(line, lambda char: json.dumps(char)[1:-1])


def _spell_hidden(text: str, spell: Callable[[str], str]) -> str:
    """Return `text` with what hides in it spelled; a joiner or variation selector stays where it makes an emoji."""
    if text.isascii() and text.isprintable():
        return text
    hidden = {char for char in set(text) if is_hidden(char)} - _VISIBLE_SPACES
    if not hidden:
        return text
    return "".join(
        spell(char) if char in hidden and not _makes_emoji(text, at) else char for at, char in enumerate(text)
    )


def _makes_emoji(text: str, at: int) -> bool:
    return (text[at] == _JOINER and _joins_emoji(text, at)) or (text[at] == _EMOJI_STYLE and _styles_emoji(text, at))


def _joins_emoji(text: str, at: int) -> bool:
    before, after = text[at - 1 : at], text[at + 1 : at + 2]
    return (_is_emoji(before) or before == _EMOJI_STYLE) and _is_emoji(after)


def _styles_emoji(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return _is_emoji(before) or (text[at + 1 : at + 2] == _KEYCAP and before in _KEYCAPS)


def _is_emoji(char: str) -> bool:
    return _IS_EMOJI.fullmatch(char) is not None


def _spell(char: str) -> str:
    code = ord(char)
    if char in _SHORT:
        return _SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

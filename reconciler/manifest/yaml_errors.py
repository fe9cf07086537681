"""Explain errors of the YAML parser: what is wrong, and what to do.

libyaml and the pure Python scanner word the same error differently; the first row of the table that fits either
decides. Positions are where a person would look: at the quote that is never closed, not at the end of the file.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from yaml.error import MarkedYAMLError

from reconciler.manifest.flaws import Flaw, Kind


class _Row(NamedTuple):
    """`said` is looked for in "context: problem"; `found` must match the text there; `begin`: where it began."""

    said: str
    kind: Kind
    message: str
    found: str = ""
    begin: bool = False


DIRECTIVES = (
    "a manifest is one YAML document without directives: remove lines that begin with % and everything after ..."
)
_ROWS = (
    _Row(r"tab character", Kind.TAB, "there is a tab in the indentation: replace it with spaces"),
    _Row(r"cannot start any token", Kind.TAB, "there is a tab in the indentation: replace it with spaces", found=r"\t"),
    _Row(
        r"cannot start any token",
        Kind.SPECIAL_START,
        "a value cannot begin with this character: put the whole value in quotes",
    ),
    _Row(
        r"mapping values are not allowed",
        Kind.COLON_OR_INDENTATION,
        'a colon inside a value that is not quoted, or wrong indentation: put the whole value in quotes, name: "a: b", '
        "or bring this line in line with its neighbours",
    ),
    _Row(
        r"quoted scalar: .*unexpected", Kind.OPEN_QUOTE, "the quote opened here is never closed: close it", begin=True
    ),
    _Row(
        r"quoted scalar: found half a character",
        Kind.ESCAPE,
        r"this text has half a character (\ud800 to \udfff without its other half): write both halves, or the emoji "
        "itself",
        begin=True,
    ),
    _Row(
        r"quoted scalar: ",
        Kind.ESCAPE,
        r"this text has an escape that YAML does not know: write \\ for a backslash, or use single quotes",
        begin=True,
    ),
    _Row(
        r"scanning an (alias|anchor)",
        Kind.SPECIAL_START,
        "a value cannot begin with * or & unless it is quoted: put the whole value in quotes",
        begin=True,
    ),
    _Row(
        r"\btag\b",
        Kind.SPECIAL_START,
        "a value cannot begin with ! unless it is quoted, and tags are not supported: put the whole value in quotes",
        begin=True,
    ),
    _Row(
        r"could not find expected ':'",
        Kind.NO_COLON,
        "this line has no colon: write it as key: value; if it continues a text, indent it further than the key",
        begin=True,
    ),
    _Row(
        r"block scalar",
        Kind.BLOCK_MARK,
        "only - or + may follow | or > on its line: begin the text on the next line, or put it in quotes",
        begin=True,
    ),
    _Row(
        r"sequence entries are not allowed",
        Kind.SPECIAL_START,
        'a value cannot begin with "- " unless it is quoted: put it in quotes',
    ),
    _Row(
        r"flow (mapping|sequence): ",
        Kind.BRACKET,
        "the bracket opened here is not closed, or lacks a comma inside",
        begin=True,
    ),
    _Row(
        r"expected (the )?node content",
        Kind.BRACKET,
        "a value is expected here: look for a missing or an extra bracket",
    ),
    _Row(
        r"parsing a block (mapping|collection)",
        Kind.COLON_OR_INDENTATION,
        "this does not continue the line before it: indent it as its neighbours, or, where it follows a quote or "
        "bracket that is closed, put the whole value in other quotes",
    ),
    _Row(
        r"directive|<document start>|incompatible",
        Kind.TWO_DOCUMENTS,
        DIRECTIVES,
    ),
)


_AFTER_A_QUOTE = (Kind.COLON_OR_INDENTATION, Kind.BRACKET)
"""What a quote that is missing at the end of a line comes to, if there is another one in a later line."""
_OPEN_QUOTE = Flaw(Kind.OPEN_QUOTE, "the quote opened here is not closed before the next one: close it")


def explain(error: MarkedYAMLError, text: str) -> tuple[int, Flaw]:
    """Return the offset in `text` at which to look, and what to do there."""
    said = f"{error.context or ''}: {error.problem or ''}"
    end = error.problem_mark or error.context_mark
    begin = error.context_mark or end
    for row in _ROWS:
        mark = begin if row.begin else end
        offset = mark.index if mark else 0
        if re.search(row.said, said) and re.match(row.found, text[offset : offset + 1]):
            opened = _find_open_quote(text, end.index if end else 0) if row.kind in _AFTER_A_QUOTE else -1
            return (offset, Flaw(row.kind, row.message)) if opened < 0 else (opened, _OPEN_QUOTE)
    message = f"this is not YAML ({said.strip(': ')}): look at quotes, colons and indentation"
    return (end.index if end else 0), Flaw(Kind.NOT_YAML, message)


def _find_open_quote(text: str, end: int) -> int:
    """Return where the quote was opened that is closed right before `end`, but in another line; -1 if there is none."""
    quote = text[max(0, end - 1) : end]
    opened = text.rfind(quote, 0, end - 1) if quote in ("'", '"') else -1
    return opened if opened >= 0 and "\n" in text[opened:end] else -1

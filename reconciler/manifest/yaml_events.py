"""YAML events one after the other, from libyaml if PyYAML has it, else from its pure Python parser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, TypeAlias

import yaml
from yaml.scanner import ScannerError
from yaml.tokens import DirectiveToken, ScalarToken

SCALAR: type[object] = yaml.events.ScalarEvent
ALIAS: type[object] = yaml.events.AliasEvent
MAPPING: type[object] = yaml.events.MappingStartEvent
MAPPING_END: type[object] = yaml.events.MappingEndEvent
SEQUENCE_END: type[object] = yaml.events.SequenceEndEvent
STREAM_END: type[object] = yaml.events.StreamEndEvent


class Mark(Protocol):
    """A place in the text; both count from 0, `index` in characters."""

    index: int
    line: int


class Event(Protocol):
    """The attributes of PyYAML's events that are used here; PyYAML's stubs do not declare them.

    All have marks; those that begin a value (and aliases) have `anchor`, those of scalars and collections `tag`, and
    scalars `value` and `implicit`, whose first says that the scalar is plain. `type(event)` is one of those above.
    """

    start_mark: Mark
    end_mark: Mark
    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]


NextEvent: TypeAlias = Callable[[], Event]
Parser: TypeAlias = Callable[[str], yaml.SafeLoader]


class PurePythonParser(yaml.SafeLoader):
    """The fallback, made as strict as libyaml: it too answers impossible escapes and versions with a ScannerError.

    What libyaml cannot read and JSON writes so, an emoji as two escapes ("\\ud83d\\ude00"), is one character here.
    """

    def scan_flow_scalar(self, style: str) -> ScalarToken:
        r"""Scan a quoted scalar, in which neither "\ud800" (half a character) alone nor "\U00110000" is allowed."""
        start = self.get_mark()
        try:
            token: ScalarToken = super().scan_flow_scalar(style)
            if not token.value.isascii():
                token.value = token.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise ScannerError("while parsing a quoted scalar", start, "found half a character", start) from error
        except ValueError as error:
            raise ScannerError("while parsing a quoted scalar", start, "found invalid escape code", start) from error
        return token

    def scan_directive(self) -> DirectiveToken:
        """Scan a directive, whose version may not have thousands of digits."""
        start = self.get_mark()
        try:
            token: DirectiveToken = super().scan_directive()
        except ValueError as error:
            raise ScannerError("while scanning a directive", start, "found an extremely long number", start) from error
        return token


FASTEST: Parser = getattr(yaml, "CSafeLoader", PurePythonParser)
"""The parser to use: libyaml's if PyYAML was built with it."""


_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def parser_for(text: str, parser: Parser = FASTEST) -> Parser:
    """Return `parser`, or the one that joins two escapes to one character where a text may need that."""
    return PurePythonParser if _HALF.search(text) else parser


def open_events(text: str, parser: Parser = FASTEST) -> NextEvent:
    """Return the function that gives the next event of `text`, from that of the document's content on.

    That function, and this one, raise yaml.YAMLError.
    """
    next_event: NextEvent = parser_for(text, parser)(text).get_event
    next_event()  # the stream's start
    return next_event

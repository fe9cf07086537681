"""Read YAML into plain values in one pass over its events. What a manifest must not use is refused with a message.

Anchors, aliases, merge keys, tags and second documents are refused so that every value is written where it belongs.
Keys that start with `x-` are the user's: what is under them is read, for the sake of those refusals, and dropped.
"""

from __future__ import annotations

import json
import re

from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.reading import MappingValue, Problems, Reading, SequenceValue, Value, short_step
from reconciler.manifest.scalars import REFUSED, NotText, plain, read_as
from reconciler.manifest.source import SourceText, UnreadableError, decode, decode_leniently, forbidden_character
from reconciler.manifest.yaml_errors import DIRECTIVES, explain
from reconciler.manifest.yaml_events import (
    ALIAS,
    FASTEST,
    MAPPING,
    MAPPING_END,
    SCALAR,
    SEQUENCE_END,
    STREAM_END,
    Event,
    Parser,
    open_events,
)
from reconciler.model.fields import FIELDS
from reconciler.model.problems import Problem

DEEPEST = 8
# Where a text seems to continue after a #, as in `Gold #1`; YAML drops that, so it is refused.
_CUT_OFF = re.compile(r"(?<=[^ \t\r\n])[ \t]+(#)#*(?=[^ \t\r\n#])")
_OPEN_BLOCK = re.compile(r"[|>][0-9]?(?![0-9]?-)")
_WHERE_WRITTEN = "because every value is written where it belongs"
_DIRECTIVE = re.compile(r"(?:[ \t]*+(?:#[^\n]*+)?\r?\n)*+(%)")
_EMPTY = "begin with version, environments and lists, as lists.yaml.example does"


def read(
    file: str, raw: bytes, parser: Parser = FASTEST, *, problems: Problems | None = None, may_be_empty: bool = False
) -> Reading:
    """Read the bytes of one file, which problems call `file`. What is wrong is added to `problems`.

    A file with nothing but comments is a problem unless it `may_be_empty`. Raises TooManyProblemsError.
    """
    problems = Problems() if problems is None else problems
    try:
        source = SourceText(file, decode(raw))
    except UnreadableError as error:
        return _broken(SourceText(file, decode_leniently(raw)), problems, error.offset, error.flaw)
    try:
        return _Composer(source, parser, problems).reading() or _empty(source, problems, may_be_empty=may_be_empty)
    except UnreadableError as error:
        return _broken(source, problems, error.offset, error.flaw)
    except MarkedYAMLError as error:
        return _broken(source, problems, *explain(error, source.text))
    except ReaderError:
        return _broken(source, problems, *forbidden_character(source.text))


def _empty(source: SourceText, problems: Problems, *, may_be_empty: bool) -> Reading:
    if may_be_empty:
        return Reading(source)
    return _broken(source, problems, 0, Flaw(Kind.EMPTY_FILE, f"the file is empty: {_EMPTY}"))


def _broken(source: SourceText, problems: Problems, offset: int, flaw: Flaw) -> Reading:
    problems.append(Problem(source.file, *source.position(offset), "", flaw.message, flaw.kind))
    return Reading(source, problems=problems, broken=True)


class _Composer:
    """The pass over the events of one file; `_trail` is the place of the current value."""

    def __init__(self, source: SourceText, parser: Parser, problems: Problems) -> None:
        self._source = source
        self._problems = problems
        self._next = open_events(source.text, parser)
        self._trail: list[str | int] = []

    def reading(self) -> Reading | None:
        """Read the whole document; return None if the file is empty. Raises UnreadableError and yaml.YAMLError."""
        if directive := _DIRECTIVE.match(self._source.text):
            raise UnreadableError(directive.start(1), Flaw(Kind.TWO_DOCUMENTS, DIRECTIVES))
        if type(self._next()) is STREAM_END:
            return None
        event = self._next()
        begin = event.start_mark.index
        root = self._value(event)
        self._next()  # the document's end
        after = self._next()
        if type(after) is not STREAM_END:
            message = (
                "a second YAML document begins here, but a manifest is only one: remove the ---, or include a second "
                "file"
            )
            raise UnreadableError(after.start_mark.index, Flaw(Kind.TWO_DOCUMENTS, message))
        if not isinstance(root, dict):
            message = f"this is not a mapping of keys to values: {_EMPTY}"
            raise UnreadableError(begin, Flaw(Kind.NO_MAPPING, message))
        return Reading(self._source, root, begin, self._problems)

    def _value(self, event: Event) -> Value:
        """Return the value that `event` begins."""
        refusal = _refusal(event)
        if refusal:
            self._complain(event.start_mark.index, Kind.ANCHOR_OR_TAG, refusal)
        if type(event) is ALIAS:
            return REFUSED
        if type(event) is SCALAR:
            value: Value = self._plain(event) if event.implicit[0] else self._read_quoted(event)
        else:
            value = self._collection(event)
        return REFUSED if event.tag else value

    def _plain(self, event: Event) -> Value:
        """Return the value of a scalar without quotes."""
        text, begin, end = self._source.text, event.start_mark.index, event.end_mark.index
        if (comment := _CUT_OFF.match(text, end)) and self._is_for_text():
            self._complain(
                comment.start(1),
                Kind.COMMENT_IN_TEXT,
                "this # begins a comment, so the text ends before it: put the whole text in quotes; if a "
                "comment is meant, put a space after the #",
            )
            return REFUSED
        if "\t" in text[begin:end].rstrip():
            self._complain(
                begin,
                Kind.TAB,
                "this unquoted text has a tab, which readers of YAML treat differently: put the whole text in quotes",
            )
            return REFUSED
        return plain(event.value)

    def _read_quoted(self, event: Event) -> Value:
        """Return the value of a scalar in quotes or in a block."""
        text, at = self._source.text, event.start_mark.index
        if event.end_mark.index == len(text) and not text.endswith("\n") and _OPEN_BLOCK.match(text, at):
            self._complain(
                at,
                Kind.OPEN_BLOCK,
                "the file ends in this block without a line break, which readers of YAML treat differently: add one, "
                "or write >- or |-",
            )
            return REFUSED
        return event.value

    def _collection(self, event: Event) -> Value:
        if len(self._trail) >= DEEPEST:
            message = (
                f"nested deeper than {DEEPEST} levels, but a manifest needs only 6: "
                "look for an extra bracket or indentation"
            )
            raise UnreadableError(event.start_mark.index, Flaw(Kind.TOO_DEEP, message))
        return self._mapping() if type(event) is MAPPING else self._sequence()

    def _mapping(self) -> MappingValue:
        """Read the rest of a mapping."""
        fields = MappingValue()
        while type(key := self._next()) is not MAPPING_END:
            begin = key.start_mark.index
            name = key.value if type(key) is SCALAR else "?"
            flaw = self._flaw_of_key(key, name, begin, fields)
            is_own = name.startswith("x-") and not self._keys_are_names()
            if flaw:
                self._complain(begin, *flaw, name)
            elif key.implicit[0]:
                self._check_plain_key(key)
            self._trail.append(name)
            if type(key) not in (SCALAR, ALIAS):
                self._collection(key)
            value = self._next()
            read = self._value(value)
            self._trail.pop()
            if is_own and not flaw and not _is_empty(read):
                fields.own_keys += (name,)
            if not is_own and not flaw:
                fields[name] = read
                fields.key_offsets[name] = begin
                fields.offsets[name] = value.start_mark.index
        return fields

    def _sequence(self) -> SequenceValue:
        items = SequenceValue()
        while type(event := self._next()) is not SEQUENCE_END:
            self._trail.append(len(items))
            items.append(self._value(event))
            items.offsets.append(event.start_mark.index)
            self._trail.pop()
        return items

    def _flaw_of_key(self, key: Event, name: str, begin: int, fields: MappingValue) -> Flaw | None:
        """Return why a pair is refused; None if it is not."""
        if refusal := _refusal(key):
            return Flaw(Kind.ANCHOR_OR_TAG, refusal)
        if type(key) is not SCALAR:
            message = (
                "a key must be a text, but this is a mapping or a sequence: put it in quotes if it is meant as text"
            )
            return Flaw(Kind.KEY_NO_TEXT, message)
        if begin and self._source.text[begin - 1] == "?":
            message = "some readers of YAML take this ? for a part of the key: put the key in quotes, or remove the ?"
            return Flaw(Kind.KEY_NO_TEXT, message)
        if name in fields:
            line, _ = self._source.position(fields.key_offsets[name])
            return Flaw(Kind.KEY_TWICE, f"is in this mapping already, in line {line}: remove or rename one")
        if name == "<<" and key.implicit[0]:
            message = f"merge keys are not supported, {_WHERE_WRITTEN}: write the values out here"
            return Flaw(Kind.ANCHOR_OR_TAG, message)
        return None

    def _check_plain_key(self, key: Event) -> None:
        """Refuse a key that some reader of YAML does not take for text, unless it is under a key of the user's own."""
        if (reading := read_as(key.value)) and not self._is_users_own():
            shown = key.value or "an empty key"
            message = f"YAML reads {shown} as {reading}, not as text: write {json.dumps(key.value)}"
            self._complain(key.start_mark.index, Kind.NOT_TEXT, message, key.value)

    def _is_users_own(self) -> bool:
        return any(isinstance(step, str) and step.startswith("x-") for step in self._trail)

    def _keys_are_names(self) -> bool:
        match self._trail:
            case ["lists" | "environments"] | ["lists", _, "id" | "overrides" | "previously"]:
                return True
            case _:
                return False

    def _is_for_text(self) -> bool:
        match self._trail:
            case ["lists", _, "previously"] | ["lists", _, "previously", _]:
                return True
            case ["lists", _, field] | ["lists", _, "overrides", _, field]:
                return field in FIELDS
            case _:
                return False

    def _complain(self, offset: int, kind: Kind, message: str, *more: str) -> None:
        path = ".".join(short_step(step) for step in (*self._trail, *more))
        position = self._source.position(offset)
        self._problems.append(Problem(self._source.file, *position, path, message, kind))


def _is_empty(value: Value) -> bool:
    return value in ("", {}, [], REFUSED) or (isinstance(value, NotText) and value.read_as == "null")


def _refusal(event: Event) -> str | None:
    """Return why an alias, anchor or tag is refused; None if there is none."""
    if type(event) is ALIAS:
        return (
            f"aliases are not supported, {_WHERE_WRITTEN}: repeat it here, or put a text that begins with * in quotes"
        )
    if event.anchor:
        return f"anchors are not supported: remove &{event.anchor}, or put a text that begins with & in quotes"
    if event.tag:
        return "tags are not supported: remove the tag, or put a text that begins with ! in quotes"
    return None

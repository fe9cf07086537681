"""YAML to plain values: one pass over the events, with what YAML allows and a manifest does not refused in words.

Lists that are written as most are need no events (`usual.py`).

Anchors, aliases, merge keys, tags and second documents are refused so that every value stands where it is written.
Keys that start with `x-` are the user's: what is under them is read, for the sake of those refusals, and dropped.
"""

from __future__ import annotations

import re
from array import array
from sys import intern

from yaml.error import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

from reconciler.manifest.events import (
    ALIAS,
    FASTEST,
    MAPPING,
    MAPPING_END,
    SCALAR,
    SEQUENCE_END,
    STREAM_END,
    Event,
    Parser,
    opened,
)
from reconciler.manifest.reading import Located, Reading, Value, step_index
from reconciler.manifest.scalars import DOUBTFUL_STARTS, REFUSED, plain
from reconciler.manifest.source import SourceText, UnreadableError, decoded, forbidden_character, lenient
from reconciler.manifest.syntax import explained
from reconciler.manifest.usual import usual
from reconciler.model.problems import Problem

DEEPEST = 8
_MARKED = frozenset({"x-", "<<"})
_KNOWN = {name: name for name in ("id", "name", "description", "previously", "protect", "overrides")}
"""Keys that need no closer look, unless they stand twice: most of all that there are."""
# Where a text seems to go on behind a comment. In a file without any, no scalar needs a look at what follows it.
_CUT_OFF = re.compile(r"(?<=[^ \t\r\n])[ \t]+(#)#*(?=[^ \t\r\n#])")
_WHERE_WRITTEN = "since every value stands where it is written"
_AT_THE_EDGE = re.compile(r"(?<![^\n])[a-z]")
_STAND_IN = "lists: 0\n"
_EMPTY = "begin with version, environments and lists, as lists.yaml.example does"


def read(file: str, raw: bytes, parser: Parser = FASTEST) -> Reading:
    """Read one file whose bytes are `raw`, and which problems call `file`; never raises for what is in it."""
    problems: list[Problem] = []
    try:
        source = SourceText(file, decoded(raw))
    except UnreadableError as error:
        return _broken(SourceText(file, lenient(raw)), problems, error.offset, error.message)
    del raw  # of a large file there is no room for two
    try:
        return _as_usual(source, parser) or _Composer(source, parser, problems).reading()
    except UnreadableError as error:
        return _broken(source, problems, error.offset, error.message)
    except MarkedYAMLError as error:
        return _broken(source, problems, *explained(error, source.text))
    except ReaderError:
        return _broken(source, problems, *forbidden_character(source.text))


def _broken(source: SourceText, problems: list[Problem], offset: int, message: str) -> Reading:
    problems.append(Problem(source.file, *source.position(offset), "", message))
    return Reading(source, problems=problems, broken=True)


def _as_usual(source: SourceText, parser: Parser) -> Reading | None:
    """Read a file whose lists are written as most are; only what stands around them needs the parser.

    None where anything would be complained of, or the lists cannot be told from the rest. The parser gets that rest
    with a number in the place of the lists: where it finds that as a value of a mapping at the left edge, it would have
    found the lists.
    """

    def by_parser(text: str) -> Reading | None:
        problems: list[Problem] = []
        try:
            reading = _Composer(SourceText(source.file, text), parser, problems).reading()
        except (UnreadableError, YAMLError):
            return None
        return None if problems else reading

    found = usual(source.text, by_parser)
    if found is None:
        return None
    rest = by_parser(source.text[: found.heading] + _STAND_IN + source.text[found.end :])
    if rest is None or not _AT_THE_EDGE.match(rest.source.text, rest.located.offsets[0]):
        return None
    offsets = rest.located.offsets
    _, value = step_index(rest.root, 0, "lists") or (None, 1)
    if offsets[value - 1] != found.heading:
        return None
    shift = found.end - found.heading - len(_STAND_IN)

    def locate_list(number: int) -> array[int]:
        return found.of_list(number, source.line_start(found.lines[number]))

    # A mapping begins where its first key does.
    places = (*offsets[:value], found.first_key(), *(offset + shift for offset in offsets[value + 1 :]))
    root = {**rest.root, "lists": found.lists}
    return Reading(source, root, Located(array("L", places)), found.lines, locate_list=locate_list)


class _Composer:
    """The pass over the events of one file; `trail` leads to where it is."""

    def __init__(self, source: SourceText, parser: Parser, problems: list[Problem]) -> None:
        self._source = source
        self._problems = problems
        self._next = opened(source.text, parser)
        self._may_be_cut_off = _CUT_OFF.search(source.text) is not None
        self._trail: list[str | int] = []
        self._offsets = array("L")
        self._starts = array("L")
        self._lines = array("L")

    def reading(self) -> Reading:
        """Read the whole document; raises UnreadableError and yaml.YAMLError."""
        if type(self._next()) is STREAM_END:
            raise UnreadableError(0, f"the file is empty: {_EMPTY}")
        event = self._next()
        self._offsets.append(event.start_mark.index)
        root = self._value(event)
        self._next()  # the document's end
        after = self._next()
        if type(after) is not STREAM_END:
            message = (
                "a second YAML document begins here, and a manifest is one: remove the ---, or include a second file"
            )
            raise UnreadableError(after.start_mark.index, message)
        if not isinstance(root, dict):
            raise UnreadableError(event.start_mark.index, f"this is no mapping of keys to values: {_EMPTY}")
        lines = self._lines if isinstance(root.get("lists"), dict) else array("L")
        return Reading(self._source, root, Located(self._offsets, self._starts), lines, self._problems)

    def _value(self, event: Event) -> Value:
        """Return the value that `event` begins; its offset is noted already."""
        refusal = _refusal(event)
        if refusal:
            self._complain(event.start_mark.index, refusal)
        if type(event) is ALIAS:
            return REFUSED
        if type(event) is SCALAR:
            value: Value = plain(event.value) if event.implicit[0] else event.value
            if event.implicit[0] and self._is_for_text() and self._is_cut_off(event):
                return REFUSED
        else:
            value = self._collection(event)
        return REFUSED if event.tag else value

    def _is_cut_off(self, event: Event) -> bool:
        """Tell whether a text goes on after a #, as in `Gold #1`; refuse it, since YAML drops that without a word."""
        found = _CUT_OFF.match(self._source.text, event.end_mark.index) if self._may_be_cut_off else None
        if found:
            self._complain(
                found.start(1),
                "this # begins a comment, which is no part of the text: put all of the text in quotes, or, where a "
                "comment is meant, a space after the #",
            )
        return found is not None

    def _collection(self, event: Event) -> Value:
        if len(self._trail) >= DEEPEST:
            message = (
                f"nested deeper than {DEEPEST} levels, and a manifest needs 5: look for a bracket or indent too many"
            )
            raise UnreadableError(event.start_mark.index, message)
        return self._mapping() if type(event) is MAPPING else self._sequence()

    def _mapping(self) -> dict[str, Value]:
        """Read up to the end of a mapping. The hot loop: every scalar of a manifest passes here, so it calls little."""
        next_event, add, trail = self._next, self._offsets.append, self._trail
        scalar, doubtful, known = SCALAR, DOUBTFUL_STARTS, _KNOWN.get
        of_lists, at_once = trail == ["lists"], not self._may_be_cut_off
        own_index = len(self._offsets) - 1
        fields: dict[str, Value] = {}
        while True:
            key = next_event()
            name = known(key.value) if type(key) is scalar else None
            if name is None or name in fields or key.anchor or key.tag:
                if type(key) is MAPPING_END:
                    return fields
                if self._is_odd(key, fields) and self._set_aside(key, fields, own_index):
                    continue
                name = key.value if of_lists else intern(key.value)
            mark = key.start_mark
            add(mark.index)
            value = next_event()
            if of_lists:
                self._starts.append(len(self._offsets))
                self._lines.append(mark.line + 1)
            add(value.start_mark.index)
            if at_once and type(value) is scalar and not value.anchor and not value.tag:
                text = value.value
                fields[name] = plain(text) if text[:1] in doubtful and value.implicit[0] else text
            elif of_lists and type(value) is MAPPING and not value.anchor and not value.tag:
                trail.append(name)
                fields[name] = self._mapping()
                trail.pop()
            else:
                trail.append(name)
                fields[name] = self._value(value)
                trail.pop()

    def _sequence(self) -> list[Value]:
        items: list[Value] = []
        while True:
            event = self._next()
            if type(event) is SEQUENCE_END:
                return items
            self._offsets.append(event.start_mark.index)
            self._trail.append(len(items))
            items.append(self._value(event))
            self._trail.pop()

    def _is_odd(self, key: Event, fields: dict[str, Value]) -> bool:
        return bool(type(key) is not SCALAR or key.value in fields or key.value[:2] in _MARKED or key.anchor or key.tag)

    def _set_aside(self, key: Event, fields: dict[str, Value], own_index: int) -> bool:
        """Read a pair that is not kept, saying why, and return True; False where its key is one to keep after all."""
        name = key.value if type(key) is SCALAR else "?"
        why = _refusal(key) or self._refusal_of_key(key, name, fields, own_index)
        if why is None:
            return False
        kept, kept_lists = len(self._offsets), len(self._starts)
        self._trail.append(name)
        if why:
            self._complain(key.start_mark.index, why)
        if type(key) not in (SCALAR, ALIAS):
            self._offsets.append(key.start_mark.index)
            self._collection(key)
        value = self._next()
        self._offsets.append(value.start_mark.index)
        self._value(value)
        self._trail.pop()
        del self._offsets[kept:], self._starts[kept_lists:], self._lines[kept_lists:]
        return True

    def _refusal_of_key(self, key: Event, name: str, fields: dict[str, Value], own_index: int) -> str | None:
        """Say why a pair is refused: "" for those that are the user's own, None for those that are not refused."""
        if type(key) is not SCALAR:
            return "a key must be a word, and this is a mapping or a sequence: put it in quotes if it is meant as text"
        if name in fields:
            _, first = step_index(fields, own_index, name) or (None, 0)
            line, _ = self._source.position(self._offsets[first - 1])
            return f"stands twice in this mapping, first in line {line}: remove or rename one"
        if name == "<<" and key.implicit[0]:
            return f"merge keys are not read, {_WHERE_WRITTEN}: write the values out here"
        return "" if name.startswith("x-") and not self._keys_are_names() else None

    def _keys_are_names(self) -> bool:
        match self._trail:
            case ["lists" | "environments"] | ["lists", _, "id" | "overrides" | "previously"]:
                return True
            case _:
                return False

    def _is_for_text(self) -> bool:
        match self._trail:
            case ["lists", _, "name" | "description" | "previously"] | ["lists", _, "previously", _]:
                return True
            case ["lists", _, "overrides", _, "name" | "description"]:
                return True
            case _:
                return False

    def _complain(self, offset: int, message: str) -> None:
        path = ".".join(str(step) for step in self._trail)
        position = self._source.position(offset)
        self._problems.append(Problem(self._source.file, *position, path, message))


def _refusal(event: Event) -> str | None:
    """Say why what is fastened to a value or key is not read; None where nothing is."""
    if type(event) is ALIAS:
        return f"aliases are not read, {_WHERE_WRITTEN}: repeat it here, or put a text that begins with * in quotes"
    if event.anchor:
        return f"anchors are not read: remove &{event.anchor}, or put a text that begins with & in quotes"
    if event.tag:
        return "tags are not read: remove the tag, or put a text that begins with ! in quotes"
    return None

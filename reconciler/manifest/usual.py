"""Lists that are written as most are, read without an object for each of YAML's events.

Those that fit one of the `patterns` are; stretches of others are left to the parser, all at once.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, islice
from typing import TypeAlias

from reconciler.manifest import patterns
from reconciler.manifest.patterns import LOOSE, STRICT
from reconciler.manifest.reading import Located, Reading, Value

ByParser: TypeAlias = Callable[[str], Reading | None]
"""Reads a whole file, as the parser does; None where there is anything to complain of."""
_LISTS = "lists:\n"
_PIECE = 64 * 1024


@dataclass(slots=True)
class _Stretch:
    """So `many` lists, from `begin`, which is in `line`, to `end`.

    They were read by a `pattern`, or, where that is None, by the parser: the lists from `first` on of what it read,
    so many characters and lines further down in the file as `shift` says.
    """

    begin: int
    end: int
    line: int
    pattern: re.Pattern[str] | None = None
    many: int = 0
    first: int = 0
    shift: tuple[int, int] = (0, 0)


@dataclass
class Usual:
    """The lists of a text, the line of each; where the line `lists:` begins, and where what follows them does."""

    text: str
    heading: int
    end: int
    lists: dict[str, Value] = field(default_factory=dict)
    lines: array[int] = field(default_factory=lambda: array("L"))
    _line: int = 0
    _stretches: list[_Stretch] = field(default_factory=list)
    _parsed: Located = field(default_factory=Located)

    def read(self, by_parser: ByParser) -> bool:
        """Read all lists; tell whether they are well."""
        self._line = self.text.count("\n", 0, self.end) + 1
        while not (end := patterns.END.match(self.text, self.end)):
            if not (self._take(STRICT) or self._take(LOOSE)):
                self._leave()
        self.end = end.end()
        taken = sum(stretch.many for stretch in self._stretches)
        if not len(self.lists) == taken > 0:
            return False
        left = [stretch for stretch in self._stretches if stretch.pattern is None]
        return not left or self._parse(left, by_parser)

    def first_key(self) -> int:
        """Return where the key of the first list stands."""
        return patterns.after_gap(self.text, self.heading + len(_LISTS)) + len("  ")

    def of_list(self, number: int, begin: int) -> array[int]:
        """Return where one list, whose line begins at `begin`, stands: the offsets of its key and of all after it."""
        at = bisect_right(self._firsts, number) - 1
        stretch = self._stretches[at]
        if stretch.pattern is None:
            offsets = self._parsed.of_list(stretch.first + number - self._firsts[at])
            return array("L", (offset + stretch.shift[0] for offset in offsets))
        return patterns.located(next(patterns.entries(stretch.pattern, self.text, begin)))

    @cached_property
    def _firsts(self) -> list[int]:
        """The number of the first list of each stretch."""
        return [0, *accumulate(stretch.many for stretch in self._stretches[:-1])]

    def _take(self, pattern: re.Pattern[str]) -> bool:
        """Read lists as far as they fit a pattern; tell whether one did. One that goes on after it does not."""
        stretch = _Stretch(self.end, self.end, self._line, pattern)
        last = (self._strict if pattern is STRICT else self._loose)(stretch)
        if stretch.many and patterns.GOES_ON.match(self.text, stretch.end):
            self._line -= self.text.count("\n", last, stretch.end)
            self.lines.pop()
            self.lists.popitem()
            stretch.many, stretch.end = stretch.many - 1, last
        self.end = stretch.end
        self._stretches += [stretch] if stretch.many else []
        return stretch.many > 0

    def _strict(self, stretch: _Stretch) -> int:
        """Read as far as it goes; return where the last list begins. The hot loop."""
        lists, add, fields_of = self.lists, self.lines.append, patterns.fields
        line, last, end, many = self._line, stretch.end, stretch.end, 0
        for found in patterns.entries(STRICT, self.text, stretch.begin):
            gap, key, list_id, ids, name, description, protect = found.groups()
            fields = fields_of(list_id or ids, name, description, protect)
            if fields is None:
                break
            if gap:
                line += gap.count("\n")
            add(line)
            lists[key] = fields
            line += 1 + len(fields) + (ids.count("\n") if ids else 0)
            last, end, many = end, found.end(), many + 1
        self._line, stretch.end, stretch.many = line, end, many
        return last

    def _loose(self, stretch: _Stretch) -> int:
        """Likewise."""
        lists, add, line, last, end, many = self.lists, self.lines.append, self._line, stretch.end, stretch.end, 0
        for found in patterns.entries(LOOSE, self.text, stretch.begin):
            gap, key, list_id, ids, name, description, protect, previously = found.groups()
            size = 1
            for each in (list_id, ids, name, description, protect, previously):
                if each:
                    size += 1 + each.count("\n")
            before, lines = gap.count("\n"), found[0].count("\n")
            if size != lines - before or bool(list_id) == bool(ids) or patterns.is_no_text(previously):
                break  # one of its fields stands twice, or is missing
            fields = patterns.fields(list_id or ids, patterns.folded(name), patterns.folded(description), protect)
            if fields is None or patterns.is_cut(name) or patterns.is_cut(description):
                break
            if previously:
                fields["previously"] = patterns.value(previously)
            add(line + before)
            lists[key] = fields
            line += lines
            last, end, many = end, found.end(), many + 1
        self._line, stretch.end, stretch.many = line, end, many
        return last

    def _leave(self) -> None:
        """Leave to the parser what is written otherwise, as far as the next list that is not."""
        begin = patterns.after_gap(self.text, self.end)
        self._line += self.text.count("\n", self.end, begin)
        end = patterns.next_usual(self.text, begin)
        self._stretches.append(_Stretch(begin, end, self._line))
        self._line += self.text.count("\n", begin, end)
        self.end = end

    def _parse(self, left: list[_Stretch], by_parser: ByParser) -> bool:
        """Have the parser read what was left, as if nothing stood between; tell whether that is well.

        It is where each stretch begins with a list, indented as those that were taken are: the one before it had ended.
        """
        reading = by_parser(_LISTS + "".join(self.text[stretch.begin : stretch.end] for stretch in left))
        if reading is None or reading.root.keys() != {"lists"}:
            return False
        self._parsed = reading.located
        keys = [self._parsed.offsets[start - 1] for start in self._parsed.list_starts]
        at, line = len(_LISTS), 2
        for stretch in left:
            end = at + stretch.end - stretch.begin
            stretch.first = bisect_left(keys, at)
            stretch.many = bisect_left(keys, end) - stretch.first
            stretch.shift = stretch.begin - at, stretch.line - line
            if not stretch.many or keys[stretch.first] != at + len("  "):
                return False
            at, line = end, line + self.text.count("\n", stretch.begin, stretch.end)
        return self._merge(reading)

    def _merge(self, reading: Reading) -> bool:
        """Put the lists of both in the order of the file; tell whether each stands once."""
        taken, parsed = iter(self.lists.items()), iter(reading.lists.items())
        lines, parsed_lines = iter(self.lines), iter(reading.list_lines)
        self.lists, self.lines = {}, array("L")
        for stretch in self._stretches:
            of_parser = stretch.pattern is None
            self.lists.update(islice(parsed if of_parser else taken, stretch.many))
            shift = stretch.shift[1] if of_parser else 0
            self.lines.extend(line + shift for line in islice(parsed_lines if of_parser else lines, stretch.many))
        return len(self.lists) == len(self.lines)


def usual(text: str, by_parser: ByParser) -> Usual | None:
    """Return the lists of a whole file; None where they cannot be told from what stands around them."""
    heading = patterns.HEADING.search(text)
    if heading is None or not all(each.replace("\n", "").isprintable() for each in _pieces(text)):
        return None
    found = Usual(text, heading.start(), heading.end())
    return found if found.read(by_parser) else None


def _pieces(text: str) -> Iterator[str]:
    """Yield a text piece by piece: a changed copy of all of it would take as much room again."""
    for begin in range(0, len(text), _PIECE):
        yield text[begin : begin + _PIECE]

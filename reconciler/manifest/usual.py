r"""Lists that are written as most are, read by regular expressions, without an object for each of YAML's events.

    lists:
      renewal-july:                                  nothing, or lines that are empty or comments, before it
        id: cl-1, or {dev: cl-1, prod: cl-2}, or these pairs below, a line each
        name: plain, 'quoted' or "quoted", on one line, without escapes
        description: likewise
        protect: true

with these indents and in this order are read the quickest (`_STRICT`); in any order, with `previously`, or with a plain
text that goes on in the next line, nearly so (`_LOOSE`). Stretches of lists that are written otherwise are left to the
parser, all at once. What is taken here is what the parser makes of the same text, value for value and place for place.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

from reconciler.manifest.reading import Located, Reading, Value
from reconciler.manifest.scalars import DOUBTFUL_STARTS, plain

_TEXT = r""" "[^\n"\\]*+"|'[^\n']*+'|[^\n \-?:,\[\]{}#&*!|>'"%@`][^\n]*+ """.strip()
_MORE = r"(?:\n      [^\n #][^\n]*+)*"
_GAP = r"(?: *+(?:#[^\n]*+)?\n)*"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}+"
_PAIR = rf"{_WORD}: {_WORD}"
_ID = rf"id:(?= [A-Za-z0-9{{]|\n) ?(?:({_WORD})|(\{{{_PAIR}(?:, {_PAIR})*\}}|(?:\n      {_PAIR})+))"
# Possessive are only classes: of groups, Python 3.11 before 3.11.5 does not match them.
_STRICT = re.compile(
    rf"({_GAP})  (?!x-)({_WORD}):\n    {_ID}\n"
    rf"(?:    name: ({_TEXT})\n)?(?:    description: ({_TEXT})\n)?(?:    protect: (true|false)\n)?"
)
_LOOSE = re.compile(
    rf"({_GAP})  (?!x-)({_WORD}):\n(?:    (?:{_ID}|name: ((?:{_TEXT}){_MORE})|description: ((?:{_TEXT}){_MORE})"
    rf"|protect: (true|false)|previously: ({_TEXT}))\n)+"
)
_HEADING = re.compile(r"^lists:\n", re.MULTILINE)
_BLANK = re.compile(_GAP)
_GOES_ON = re.compile(rf"{_GAP} {{3,}}+[^ \n#]")
_END = re.compile(rf"{_GAP}(?=[^ \n#]|\Z)")
_NEXT = re.compile(r"^(?:  (?=[A-Za-z0-9])|(?=[^\s#]))", re.MULTILINE)
_EACH_PAIR = re.compile(rf"({_WORD}): ({_WORD})")
_FOLD = re.compile(r" *\n +")
_OTHERS = ("name", "description", "protect", "previously")
_QUOTES = ('"', "'")
_ODD_STARTS = DOUBTFUL_STARTS | {*_QUOTES, "{", "\n"}
_LISTS = "lists:\n"

ByParser: TypeAlias = Callable[[str], Reading | None]
"""Reads a whole file, as the parser does; None where there is anything to complain of."""
_Fields: TypeAlias = dict[str, Value]


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


@dataclass(slots=True)
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
        while not (end := _END.match(self.text, self.end)):
            if not (self._take(_STRICT) or self._take(_LOOSE)):
                self._leave()
        self.end = end.end()
        taken = sum(stretch.many for stretch in self._stretches)
        if not len(self.lists) == taken > 0:
            return False
        left = [stretch for stretch in self._stretches if stretch.pattern is None]
        return not left or self._parse(left, by_parser)

    def located(self, before: array[int], after: array[int]) -> Located:
        """Return where all values stand, those `before` and `after` the lists included."""
        offsets, starts = array("L", before), array("L")
        offsets.append(0)
        for stretch in self._stretches:
            if stretch.pattern is None:
                self._locate_parsed(stretch, offsets, starts)
            else:
                for found in islice(_entries(stretch.pattern, self.text, stretch.begin), stretch.many):
                    _locate(found, offsets, starts)
        offsets[len(before)] = offsets[len(before) + 1]  # a mapping begins where its first key does
        offsets.extend(after)
        return Located(offsets, starts)

    def _take(self, pattern: re.Pattern[str]) -> bool:
        """Read lists as far as they fit a pattern; tell whether one did. One that goes on after it does not."""
        stretch = _Stretch(self.end, self.end, self._line, pattern)
        last = (self._strict if pattern is _STRICT else self._loose)(stretch)
        if stretch.many and _GOES_ON.match(self.text, stretch.end):
            self._line -= self.text.count("\n", last, stretch.end)
            self.lines.pop()
            self.lists.popitem()
            stretch.many, stretch.end = stretch.many - 1, last
        self.end = stretch.end
        self._stretches += [stretch] if stretch.many else []
        return stretch.many > 0

    def _strict(self, stretch: _Stretch) -> int:
        """Read as far as it goes; return where the last list begins. The hot loop."""
        lists, add, line, last, end, many = self.lists, self.lines.append, self._line, stretch.end, stretch.end, 0
        for found in _entries(_STRICT, self.text, stretch.begin):
            gap, key, list_id, ids, name, description, protect = found.groups()
            fields = _fields(list_id or ids, name, description, protect)
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
        for found in _entries(_LOOSE, self.text, stretch.begin):
            gap, key, list_id, ids, name, description, protect, previously = found.groups()
            size = 1
            for each in (list_id, ids, name, description, protect, previously):
                if each:
                    size += 1 + each.count("\n")
            before, lines = gap.count("\n"), found[0].count("\n")
            if size != lines - before or bool(list_id) == bool(ids) or _is_no_text(previously):
                break  # one of its fields stands twice, or is missing
            fields = _fields(list_id or ids, _folded(name), _folded(description), protect)
            if fields is None or _is_cut(name) or _is_cut(description):
                break
            if previously:
                fields["previously"] = previously if previously[0] not in _ODD_STARTS else _odd(previously)
            add(line + before)
            lists[key] = fields
            line += lines
            last, end, many = end, found.end(), many + 1
        self._line, stretch.end, stretch.many = line, end, many
        return last

    def _leave(self) -> None:
        """Leave to the parser what is written otherwise, as far as the next list that is not."""
        begin = self.end
        if gap := _BLANK.match(self.text, begin):
            self._line += gap[0].count("\n")
            begin = gap.end()
        end = _next_usual(self.text, begin)
        self._stretches.append(_Stretch(begin, end, self._line))
        self._line += self.text.count("\n", begin, end)
        self.end = end

    def _parse(self, left: list[_Stretch], by_parser: ByParser) -> bool:
        """Have the parser read what was left, as if nothing stood between; tell whether that is well.

        It is where each stretch begins with a list: the one before it had ended.
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
            if not stretch.many or not self._begins_well(stretch, keys[stretch.first] + stretch.shift[0]):
                return False
            at, line = end, line + self.text.count("\n", stretch.begin, stretch.end)
        return self._merge(reading)

    def _begins_well(self, stretch: _Stretch, key: int) -> bool:
        """Tell whether it begins with a list, indented as those that were taken are."""
        before = self.text[stretch.begin : key]
        return before == "  " if len(self._stretches) > 1 else not before.strip(" ")

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

    def _locate_parsed(self, stretch: _Stretch, offsets: array[int], starts: array[int]) -> None:
        all_starts, all_offsets = self._parsed.list_starts, self._parsed.offsets
        after = stretch.first + stretch.many
        begin = all_starts[stretch.first] - 1
        end = all_starts[after] - 1 if after < len(all_starts) else len(all_offsets)
        starts.extend(start - begin + len(offsets) for start in all_starts[stretch.first : after])
        offsets.extend(offset + stretch.shift[0] for offset in all_offsets[begin:end])


def usual(text: str, by_parser: ByParser) -> Usual | None:
    """Return the lists of a whole file; None where they cannot be told from what stands around them."""
    heading = _HEADING.search(text)
    if heading is None or not text.replace("\n", "").isprintable():
        return None
    found = Usual(text, heading.start(), heading.end())
    return found if found.read(by_parser) else None


def _next_usual(text: str, begin: int) -> int:
    """Return where the stretch that begins with a list that is not usual ends."""
    for number, line in enumerate(_NEXT.finditer(text, begin)):
        at = line.start()
        if line.end() == at or (number and any(_ends_well(pattern, text, at) for pattern in (_STRICT, _LOOSE))):
            return at
    return len(text)


def _ends_well(pattern: re.Pattern[str], text: str, at: int) -> bool:
    found = pattern.match(text, at)
    return found is not None and not _GOES_ON.match(text, found.end())


def _entries(pattern: re.Pattern[str], text: str, begin: int) -> Iterator[re.Match[str]]:
    return iter(pattern.scanner(text, begin).match, None)  # type: ignore[attr-defined]


def _locate(found: re.Match[str], offsets: array[int], starts: array[int]) -> None:
    """Add where a list stands, and its fields in the order of `_fields`."""
    _, _, (key, end), list_id, ids, *others = found.regs
    starts.append(len(offsets) + 1)
    offsets.extend((key, end + len(":\n    ")))
    if ids[0] < 0:
        offsets.extend((list_id[0] - len("id: "), list_id[0]))
    else:
        pairs = [pair.regs[1:] for pair in _EACH_PAIR.finditer(found.string, *ids)]
        flow = found.string[ids[0]] == "{"
        offsets.extend((ids[0] - len("id: " if flow else "id:"), ids[0] if flow else pairs[0][0][0]))
        offsets.extend(begin for pair in pairs for begin, _ in pair)
    for (begin, _), name in zip(others, _OTHERS, strict=False):
        if begin >= 0:
            offsets.extend((begin - len(f"{name}: "), begin))


def _fields(list_id: str, name: str | None, description: str | None, protect: str | None) -> _Fields | None:
    """Return the fields of a list; None where one is not usual after all."""
    fields: _Fields = {"id": list_id if list_id[0] not in _ODD_STARTS else _odd(list_id)}
    if name:
        fields["name"] = name if name[0] not in _ODD_STARTS else _odd(name)
    if description:
        fields["description"] = description if description[0] not in _ODD_STARTS else _odd(description)
    if protect:
        fields["protect"] = protect == "true"
    return None if _is_no_text(name) or _is_no_text(description) or _is_doubled(fields["id"], list_id) else fields


def _folded(written: str | None) -> str | None:
    """Return a text that may go on in the next line as it is on one."""
    return _FOLD.sub(" ", written) if written and "\n" in written else written


def _is_cut(written: str | None) -> bool:
    """Tell whether a text of several lines is quoted, or ends early at the end of one."""
    return bool(written and "\n" in written and (written[0] in _QUOTES or ":\n" in written))


def _is_no_text(written: str | None) -> bool:
    """Tell whether a plain text ends early, in a comment or a mapping, or would lose what it ends with."""
    return bool(written and (written[-1] in ": " or ": " in written or " #" in written) and written[0] not in _QUOTES)


def _is_doubled(ids: Value, written: str) -> bool:
    """Tell whether an environment stands twice."""
    return isinstance(ids, dict) and len(ids) < written.count(":")


def _odd(written: str) -> Value:
    match written[0]:
        case '"' | "'":
            return written[1:-1]
        case "{" | "\n":
            return {environment: _odd(list_id) for environment, list_id in _EACH_PAIR.findall(written)}
        case _:
            return plain(written)

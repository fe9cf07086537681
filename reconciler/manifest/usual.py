r"""Lists that are written as most are, read by a regular expression, without an object for each of YAML's events.

    lists:
      renewal-july:                                  nothing, or lines that are empty or comments, before it
        id: cl-1, or {dev: cl-1, prod: cl-2}, or these pairs below, a line each
        name: plain or "quoted", on one line, without escapes
        description: likewise
        protect: true

with these indents, in this order, none twice, nothing after them in the file. Where anything is otherwise, all is left
to the parser. What is taken here is what the parser makes of the same text, value for value and place for place.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.manifest.reading import Located, Value
from reconciler.manifest.scalars import DOUBTFUL_STARTS, plain

_TEXT = r""" "[^\n"\\]*+"|[^\n \-?:,\[\]{}#&*!|>'"%@`][^\n]*+ """.strip()
_GAP = r"(?: *+(?:#[^\n]*+)?\n)*"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}+"
_PAIR = rf"{_WORD}: {_WORD}"
_ENTRY = re.compile(
    rf"({_GAP})  (?!x-)({_WORD}):\n"
    rf"    id:(?= [A-Za-z0-9{{]|\n) ?(?:({_WORD})|(\{{{_PAIR}(?:, {_PAIR})*\}}|(?:\n      {_PAIR})+))\n"
    rf"(?:    name: ({_TEXT})\n)?(?:    description: ({_TEXT})\n)?(?:    protect: (true|false)\n)?"
)  # possessive are only classes: of groups, Python 3.11 before 3.11.5 does not match them
_OTHERS = ("name", "description", "protect")
_ODD_STARTS = DOUBTFUL_STARTS | {'"', "{", "\n"}
_HEADING = re.compile(r"^lists:\n", re.MULTILINE)
BLANK = re.compile(_GAP)
"""Matches lines that say nothing: empty ones, and comments."""
_EACH_PAIR = re.compile(rf"({_WORD}): ({_WORD})")


@dataclass(frozen=True, slots=True)
class Usual:
    """The lists of a text, the line of each, and where the line `lists:` begins."""

    text: str
    heading: int
    lists: dict[str, Value]
    lines: array[int]

    def located(self, before: Located) -> Located:
        """Return where all values stand, those `before` the lists included."""
        offsets, starts = array("L", before.offsets), array("L")
        add = offsets.append
        add(self.heading)
        for number, found in enumerate(_entries(self.text, self.heading)):
            key, list_id, ids, *fields = found.regs[2:]
            if not number:
                add(key[0])
            starts.append(len(offsets) + 1)
            first = key[1] + len(":\n    ")
            offsets.extend((key[0], first, first))
            if list_id[0] >= 0:
                add(list_id[0])
            else:
                begin, end = ids
                pairs = [each.regs[1:] for each in _EACH_PAIR.finditer(self.text, begin, end)]
                add(begin if self.text[begin] == "{" else pairs[0][0][0])
                offsets.extend(begin for pair in pairs for begin, _ in pair)
            for (begin, _), name in zip(fields, _OTHERS, strict=True):
                if begin >= 0:
                    offsets.extend((begin - len(f"{name}: "), begin))
        return Located(offsets, starts)


def usual(text: str) -> Usual | None:
    """Return the lists of a whole file, None where they are not all written as usual."""
    heading = _HEADING.search(text)
    if heading is None or not text.replace("\n", "").isprintable():
        return None
    lists: dict[str, Value] = {}
    lines = array("L")
    line, end = text.count("\n", 0, heading.end()) + 1, heading.end()
    for found in _entries(text, heading.start()):
        gap, key, list_id, ids, name, description, protect = found.groups()
        if gap:
            line += gap.count("\n")
        lines.append(line)
        fields = _fields(list_id or ids, name, description, protect)
        if fields is None:
            return None
        lists[key] = fields
        line += 1 + len(fields) + (ids.count("\n") if ids else 0)
        end = found.end()
    if len(lists) < len(lines) or not lists or not BLANK.fullmatch(text, end):
        return None
    return Usual(text, heading.start(), lists, lines)


def _entries(text: str, heading: int) -> Iterator[re.Match[str]]:
    return iter(_ENTRY.scanner(text, heading + len("lists:\n")).match, None)  # type: ignore[attr-defined]


def _fields(list_id: str, name: str | None, description: str | None, protect: str | None) -> dict[str, Value] | None:
    """Return the fields of a list; None where one is not usual after all."""
    fields: dict[str, Value] = {"id": list_id if list_id[0] not in _ODD_STARTS else _odd(list_id)}
    if name:
        fields["name"] = name if name[0] not in _ODD_STARTS else _odd(name)
    if description:
        fields["description"] = description if description[0] not in _ODD_STARTS else _odd(description)
    if protect:
        fields["protect"] = protect == "true"
    return None if _is_no_text(name) or _is_no_text(description) or _is_doubled(fields["id"], list_id) else fields


def _is_no_text(written: str | None) -> bool:
    """Tell whether a plain text ends early, in a comment or a mapping, or would lose what it ends with."""
    return bool(written and (written[-1] in ": " or ": " in written or " #" in written) and written[0] != '"')


def _is_doubled(ids: Value, written: str) -> bool:
    """Tell whether an environment stands twice."""
    return isinstance(ids, dict) and len(ids) < written.count(":")


def _odd(written: str) -> Value:
    match written[0]:
        case '"':
            return written[1:-1]
        case "{" | "\n":
            return {environment: _odd(list_id) for environment, list_id in _EACH_PAIR.findall(written)}
        case _:
            return plain(written)

r"""How most lists are written, as regular expressions, and what the texts that they match mean.

    lists:
      renewal-july:                                  nothing, or lines that are empty or comments, before it
        id: cl-1, or {dev: cl-1, prod: cl-2}, or these pairs below, a line each
        name: plain, 'quoted' or "quoted", on one line, without escapes
        description: likewise
        protect: true

with these indents and in this order are read the quickest (`STRICT`); in any order, with `previously`, or with a plain
text that goes on in the next line, nearly so (`LOOSE`). Stretches of lists that are written otherwise are left to the
parser, all at once. What is taken here is what the parser makes of the same text, value for value and place for place.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from typing import TypeAlias

from reconciler.manifest.reading import Value
from reconciler.manifest.scalars import DOUBTFUL_STARTS, plain

_TEXT = r""" "[^\n"\\]*+"|'[^\n']*+'|[^\n \-?:,\[\]{}#&*!|>'"%@`][^\n]*+ """.strip()
_MORE = r"(?:\n      [^\n #][^\n]*+)*"
_GAP = r"(?: *+(?:#[^\n]*+)?\n)*"
_WORD = r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}+"
_PAIR = rf"{_WORD}: {_WORD}"
_ID = rf"id:(?= [A-Za-z0-9{{]|\n) ?(?:({_WORD})|(\{{{_PAIR}(?:, {_PAIR})*\}}|(?:\n      {_PAIR})+))"
# Possessive are only classes: of groups, Python 3.11 before 3.11.5 does not match them.
STRICT = re.compile(
    rf"({_GAP})  (?!x-)({_WORD}):\n    {_ID}\n"
    rf"(?:    name: ({_TEXT})\n)?(?:    description: ({_TEXT})\n)?(?:    protect: (true|false)\n)?"
)
LOOSE = re.compile(
    rf"({_GAP})  (?!x-)({_WORD}):\n(?:    (?:{_ID}|name: ((?:{_TEXT}){_MORE})|description: ((?:{_TEXT}){_MORE})"
    rf"|protect: (true|false)|previously: ({_TEXT}))\n)+"
)
HEADING = re.compile(r"^lists:\n", re.MULTILINE)
_BLANK = re.compile(_GAP)
GOES_ON = re.compile(rf"{_GAP} {{3,}}+[^ \n#]")
END = re.compile(rf"{_GAP}(?=[^ \n#]|\Z)")
_NEXT = re.compile(r"^(?:  (?=[A-Za-z0-9])|(?=[^\s#]))", re.MULTILINE)
_EACH_PAIR = re.compile(rf"({_WORD}): ({_WORD})")
_FOLD = re.compile(r" *\n +")
_OTHERS = ("name", "description", "protect", "previously")
_QUOTES = ('"', "'")
_ODD_STARTS = DOUBTFUL_STARTS | {*_QUOTES, "{", "\n"}
Fields: TypeAlias = dict[str, Value]


def after_gap(text: str, begin: int) -> int:
    """Return where what says nothing, empty lines and comments, ends."""
    return next(_BLANK.finditer(text, begin)).end()


def next_usual(text: str, begin: int) -> int:
    """Return where the stretch that begins with a list that is not usual ends."""
    for number, line in enumerate(_NEXT.finditer(text, begin)):
        at = line.start()
        if line.end() == at or (number and any(_ends_well(pattern, text, at) for pattern in (STRICT, LOOSE))):
            return at
    return len(text)


def _ends_well(pattern: re.Pattern[str], text: str, at: int) -> bool:
    found = pattern.match(text, at)
    return found is not None and not GOES_ON.match(text, found.end())


def entries(pattern: re.Pattern[str], text: str, begin: int) -> Iterator[re.Match[str]]:
    """Yield list after list, as long as each begins where the one before it ended."""
    return iter(pattern.scanner(text, begin).match, None)  # type: ignore[attr-defined]


def located(found: re.Match[str]) -> array[int]:
    """Return where a list stands: its key, itself, then its fields in the order of `fields`."""
    _, _, (key, end), list_id, ids, *others = found.regs
    offsets = array("L", (key, end + len(":\n    ")))
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
    return offsets


def fields(list_id: str, name: str | None, description: str | None, protect: str | None) -> Fields | None:
    """Return the fields of a list; None where one is not usual after all."""
    fields: Fields = {"id": list_id if list_id[0] not in _ODD_STARTS else _odd(list_id)}
    if name:
        fields["name"] = name if name[0] not in _ODD_STARTS else _odd(name)
    if description:
        fields["description"] = description if description[0] not in _ODD_STARTS else _odd(description)
    if protect:
        fields["protect"] = protect == "true"
    return None if is_no_text(name) or is_no_text(description) or _is_doubled(fields["id"], list_id) else fields


def folded(written: str | None) -> str | None:
    """Return a text that may go on in the next line as it is on one."""
    return _FOLD.sub(" ", written) if written and "\n" in written else written


def is_cut(written: str | None) -> bool:
    """Tell whether a text of several lines is quoted, or ends early at the end of one."""
    return bool(written and "\n" in written and (written[0] in _QUOTES or ":\n" in written))


def is_no_text(written: str | None) -> bool:
    """Tell whether a plain text ends early, in a comment or a mapping, or would lose what it ends with."""
    return bool(written and (written[-1] in ": " or ": " in written or " #" in written) and written[0] not in _QUOTES)


def _is_doubled(ids: Value, written: str) -> bool:
    """Tell whether an environment stands twice."""
    return isinstance(ids, dict) and len(ids) < written.count(":")


def value(written: str) -> Value:
    """Return what stands for `written`: a text in quotes or none, pairs, or what plain scalars are else."""
    return written if written[0] not in _ODD_STARTS else _odd(written)


def _odd(written: str) -> Value:
    match written[0]:
        case '"' | "'":
            return written[1:-1]
        case "{" | "\n":
            return {environment: _odd(list_id) for environment, list_id in _EACH_PAIR.findall(written)}
        case _:
            return plain(written)

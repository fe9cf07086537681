"""Change a YAML file and leave every other character as it is: text is spliced at the parser's offsets.

Positions are offsets in characters. Nothing here knows what a manifest means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from reconciler.manifest.yaml_events import parser_for

Node: TypeAlias = yaml.Node
_LINE = re.compile(r"[^\r\n]*")
_LINE_END = re.compile(r"\r?\n")
_COMMENT_LINE = re.compile(r"\r?\n([ ]*)(?:#[^\r\n]*)?(?=\r|\n|\Z)")


@dataclass(frozen=True, slots=True)
class Splice:
    """Replace the characters from `start` to `end` with `text`."""

    start: int
    end: int
    text: str


def parse_tree(text: str) -> yaml.MappingNode | None:
    """Return the tree of a file, a mapping; None if the file is empty."""
    node = yaml.compose(text, Loader=parser_for(text))  # type: ignore[arg-type] # S506: nodes only, nothing is constructed
    return node if isinstance(node, yaml.MappingNode) else None


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """Return `text` with all splices made; those at the same offset in their order."""
    parts, end = [], 0
    for splice in sorted(splices, key=lambda each: each.start):
        parts += [text[end : splice.start], splice.text]
        end = splice.end
    return "".join([*parts, text[end:]])


def child(mapping: Node | None, key: str) -> Node | None:
    """Return the value under a key of a mapping."""
    if not isinstance(mapping, yaml.MappingNode):
        return None
    return next((value for name, value in mapping.value if name.value == key), None)


def is_flow(mapping: yaml.MappingNode) -> bool:
    """Tell whether a mapping is written between braces."""
    return bool(mapping.flow_style)


def start_of(node: Node) -> int:
    """Return where a value begins."""
    return int(node.start_mark.index)


def end_of(text: str, node: Node) -> int:
    """Return where a value ends: the parser's own mark may lie behind empty lines and comments."""
    if isinstance(node, yaml.MappingNode) and not is_flow(node):
        return end_of(text, node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and not node.flow_style:
        return end_of(text, node.value[-1])
    start, end = start_of(node), int(node.end_mark.index)
    return start + len(text[start:end].rstrip())


def column_of(mapping: yaml.MappingNode) -> int:
    """Return the column, from 0, of the keys of a block mapping, or of the `?` before them."""
    return int(mapping.start_mark.column)


def width_of(mapping: Node | None) -> int:
    """Return how far the block mappings in a block mapping are indented; 0 if there is none."""
    if not isinstance(mapping, yaml.MappingNode) or is_flow(mapping):
        return 0
    inner = (value for _, value in mapping.value if isinstance(value, yaml.MappingNode) and not is_flow(value))
    return max((column_of(value) - column_of(mapping) for value in inner), default=0)


def newline_at(text: str, at: int) -> str:
    """Return the line end of the line of `at`; of the line before if that is the last and has none."""
    found = _LINE_END.search(text, at) or next(iter(reversed(list(_LINE_END.finditer(text, 0, at)))), None)
    return found[0] if found else "\n"


def pairs_added(text: str, mapping: yaml.MappingNode, pairs: Iterable[str]) -> Splice:
    """Return the splice that adds `pairs` (`key: value`, each on one line) at the end of a mapping, in its style."""
    if is_flow(mapping):
        at = end_of(text, mapping.value[-1][1]) if mapping.value else start_of(mapping) + 1
        return Splice(at, at, (", " if mapping.value else "") + ", ".join(pairs))
    at = end_of_line(text, end_of(text, mapping))
    return Splice(at, at, _lines(text, at, column_of(mapping), pairs))


def lines_added(text: str, mapping: yaml.MappingNode, lines: Iterable[str]) -> Splice:
    """Return the splice that adds lines at the end of a block mapping, after the comments of its last value."""
    column = column_of(mapping)
    at = end_of_line(text, end_of(text, mapping))
    look = at
    while (comment := _COMMENT_LINE.match(text, look)) and comment.end() > look:
        look = comment.end()
        if comment[0].strip() and len(comment[1]) <= column:
            break
        at = look if comment[0].strip() else at
    return Splice(at, at, _lines(text, at, column, lines))


def end_of_line(text: str, at: int) -> int:
    """Return where the line of `at` ends, its comment included."""
    found = _LINE.match(text, at)
    return found.end() if found else at


def _lines(text: str, at: int, column: int, lines: Iterable[str]) -> str:
    newline = newline_at(text, at)
    return "".join(f"{newline}{' ' * column}{line}" if line else newline for line in lines)

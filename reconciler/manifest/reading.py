"""One manifest file as read: plain values, and where each of them stands.

Which offset is that of a value follows from its place in the tree, and is worked out only where something is to be
said about it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeAlias

from reconciler.manifest.scalars import NotText
from reconciler.manifest.source import SourceText
from reconciler.model.problems import Problem

Value: TypeAlias = "str | int | NotText | dict[str, Value] | list[Value]"
Place: TypeAlias = tuple[str | int, ...]
"""The keys and indexes that lead to a value from the top of its file."""


class Located(NamedTuple):
    """Where values stand: the offset of every key and value in the order of the `root`, a collection before its own.

    `list_starts` holds, for each of the lists, the index of its value there.
    """

    offsets: array[int] = array("L")
    list_starts: array[int] = array("L")

    def of_list(self, number: int) -> array[int]:
        """Return the offsets of one list, the first, that of its key, included."""
        begin, following = self.list_starts[number] - 1, self.list_starts[number + 1 : number + 2]
        return self.offsets[begin : following[0] - 1] if following else self.offsets[begin:]


@dataclass(frozen=True)
class Reading:
    """One file: its values, and the problems found so far.

    `broken` where it could not be read to its end; `root` is empty then. `list_lines` holds the line of the key of
    each of its lists, in their order. Where there is a `locate_list`, `located` has the lists as a single value, and it
    finds out where the one of a number stands, as `Located.of_list` returns it.
    """

    source: SourceText
    root: dict[str, Value] = field(default_factory=dict)
    located: Located = field(default_factory=Located)
    list_lines: array[int] = field(default_factory=lambda: array("L"))
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False
    locate_list: Callable[[int], array[int]] | None = None

    @property
    def lists(self) -> dict[str, Value]:
        """The lists of this file by key; empty where `lists` is missing or no mapping."""
        lists = self.root.get("lists")
        return lists if isinstance(lists, dict) else {}

    def blame(self, place: Place, message: str, *, at_key: bool = False) -> None:
        """Add a problem of the value at `place`, or of its key; one that is missing is shown where it would be."""
        line, column = self.position(place, at_key=at_key)
        path = ".".join(str(step) for step in place)
        self.problems.append(Problem(self.source.file, line, column, path, message))

    def position(self, place: Place, *, at_key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at `place`, or of its key."""
        if len(place) > 1 and place[0] == "lists" and place[1] in self.lists:
            key = str(place[1])
            offsets = (self.locate_list or self.located.of_list)(self._number_of_list[key])
            return self.source.position(offsets[_index(self.lists[key], 1, place[2:], at_key=at_key)])
        root: dict[str, Value] = {**self.root, "lists": 0} if self.locate_list else self.root
        return self.source.position(self.located.offsets[_index(root, 0, place, at_key=at_key)])

    @cached_property
    def _number_of_list(self) -> dict[str, int]:
        return {key: number for number, key in enumerate(self.lists)}


def _index(value: Value, index: int, place: Place, *, at_key: bool) -> int:
    """Return the index of what stands at `place` of a `value` that stands at `index`: as far as there is anything."""
    for step in place:
        found = step_index(value, index, step)
        if found is None:
            return index
        value, index = found
    return index - (at_key and index > 0)


def step_index(value: Value, index: int, step: str | int) -> tuple[Value, int] | None:
    """Return the value under `step` of `value`, which stands at `index` of the offsets, and its own index.

    Its key, where it has one, stands right before it.
    """
    keyed = isinstance(value, dict)
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    index += 1 + keyed
    for name, member in members:
        if name == step:
            return member, index
        index += _size(member) + keyed
    return None


def _size(value: Value) -> int:
    if isinstance(value, dict):
        return 1 + sum(1 + _size(member) for member in value.values())
    if isinstance(value, list):
        return 1 + sum(map(_size, value))
    return 1

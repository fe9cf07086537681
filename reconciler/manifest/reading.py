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


@dataclass(frozen=True)
class Reading:
    """One file: its values, and the problems found so far.

    `broken` where it could not be read to its end; `root` is empty then. `list_lines` holds the line of the key of
    each of its lists, in their order; `locate` finds out where everything stands.
    """

    source: SourceText
    root: dict[str, Value] = field(default_factory=dict)
    locate: Callable[[], Located] = Located
    list_lines: array[int] = field(default_factory=lambda: array("L"))
    problems: list[Problem] = field(default_factory=list)
    broken: bool = False

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
        value: Value = self.root
        index, depth = 0, 0
        if len(place) > 1 and place[0] == "lists" and place[1] in self.lists:
            key = str(place[1])
            value, index, depth = self.lists[key], self._start_of_list[key], 2
        for step in place[depth:]:
            found = step_index(value, index, step)
            if found is None:
                return self.source.position(self.located.offsets[index])
            value, index = found
        return self.source.position(self.located.offsets[index - (at_key and index > 0)])

    @cached_property
    def located(self) -> Located:
        """Where everything stands."""
        return self.locate()

    @cached_property
    def _start_of_list(self) -> dict[str, int]:
        return dict(zip(self.lists, self.located.list_starts, strict=True))


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

"""A manifest file after reading: plain values, with the offset of each key, value and item."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.manifest.flaws import Flaw
from reconciler.manifest.scalars import NotText
from reconciler.manifest.source import SourceText
from reconciler.model.problems import Problem

Value: TypeAlias = "str | int | NotText | dict[str, Value] | list[Value]"
Place: TypeAlias = tuple[str | int, ...]
"""The keys and indexes from the top of a file to a value."""


_LONGEST_MESSAGE = 1_000  # characters
_LONGEST_STEP = 80  # characters of a key, in a problem's path


def count_values(value: Value) -> int:
    """Return how many values a value holds, at every depth."""
    match value:
        case dict():
            return len(value) + sum(map(count_values, value.values()))
        case list():
            return len(value) + sum(map(count_values, value))
        case _:
            return 0


def short_step(step: str | int) -> str:
    """Return a step of a place for a message; a long key is shortened."""
    text = str(step)
    return text if len(text) <= _LONGEST_STEP else f"{text[:_LONGEST_STEP]}…"


class MappingValue(dict[str, Value]):
    """A mapping, with the offsets in the text of its keys and of its values, by key.

    `own_keys` are those keys of the user's own (`x-`) that hold anything; their values are dropped.
    """

    __slots__ = ("key_offsets", "offsets", "own_keys")

    def __init__(self) -> None:
        super().__init__()
        self.key_offsets: dict[str, int] = {}
        self.offsets: dict[str, int] = {}
        self.own_keys: tuple[str, ...] = ()


class SequenceValue(list[Value]):
    """A sequence, with the offsets in the text of its items."""

    __slots__ = ("offsets",)

    def __init__(self) -> None:
        super().__init__()
        self.offsets: list[int] = []


class TooManyProblemsError(Exception):
    """A manifest has so many problems that no more are looked for."""


class Problems(list[Problem]):
    """The first `MOST` problems of a manifest, long messages shortened."""

    MOST = 1_000

    def append(self, problem: Problem, /) -> None:
        """Add a problem. Raises TooManyProblemsError if there are `MOST` already."""
        if len(self) >= self.MOST:
            raise TooManyProblemsError
        if len(problem.message) > _LONGEST_MESSAGE:
            problem = problem._replace(message=f"{problem.message[:_LONGEST_MESSAGE]}…")
        super().append(problem)


@dataclass(frozen=True)
class Reading:
    """One file: its values, where they begin, and the problems found so far (in all files of the manifest).

    `broken` if it could not be read to its end; `root` is empty then.
    """

    source: SourceText
    root: dict[str, Value] = field(default_factory=dict)
    offset: int = 0
    problems: Problems = field(default_factory=Problems)
    broken: bool = False

    @property
    def lists(self) -> MappingValue:
        """The lists of this file by key; empty if `lists` is missing or is not a mapping."""
        lists = self.root.get("lists")
        return lists if isinstance(lists, MappingValue) else MappingValue()

    def blame(self, place: Place, flaw: Flaw, *, at_key: bool = False) -> None:
        """Add a problem of the value at `place`, or of its key. A missing value gets the position of its parent."""
        line, column = self.position(place, at_key=at_key)
        path = ".".join(short_step(step) for step in place)
        self.problems.append(Problem(self.source.file, line, column, path, flaw.message, flaw.kind))

    def position(self, place: Place, *, at_key: bool = False) -> tuple[int, int]:
        """Return line and column of the value at `place`, or of its key; of the closest parent if it is missing."""
        value: Value = self.root
        offset = key_offset = self.offset
        for step in place:
            if isinstance(value, MappingValue) and isinstance(step, str) and step in value:
                offset, key_offset, value = value.offsets[step], value.key_offsets[step], value[step]
            elif isinstance(value, SequenceValue) and isinstance(step, int) and step < len(value):
                offset = key_offset = value.offsets[step]
                value = value[step]
            else:
                break
        return self.source.position(key_offset if at_key else offset)

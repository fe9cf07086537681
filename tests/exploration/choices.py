"""What happens at each call of a seam: all well, or one of the deviations that the world offers there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

ALL_WELL = "all well"


class Died(BaseException):
    """The process is gone: nothing that it does from here on reaches the world."""


class Covered(BaseException):
    """An equal state was explored before, with as many deviations left."""


class Broken(BaseException):
    """A predicate does not hold. No part of the program takes it for an error of its own."""


class Choices:
    """The `deviations` to take, by the name of the call; all is well before, between and after them.

    `free` lists, once the last of them was taken, the calls that came and what else could have happened there. `seen`
    holds, by state, the most deviations with which it was explored; it is shared by all executions of a search.
    """

    def __init__(self, deviations: Mapping[str, str], most: int, seen: dict[int, int]) -> None:
        self.free: list[tuple[str, Sequence[str]]] = []
        self.left = dict(deviations)
        self.spare = most - len(deviations)
        self._seen = seen
        self._times: Counter[str] = Counter()

    def at(self, call: str, options: Sequence[str], state: Callable[[], int]) -> str:
        """Return what happens at a `call`, of which there may be several with one name."""
        self._times[call] += 1
        name = call if self._times[call] == 1 else f"{call} #{self._times[call]}"
        if self.left:
            taken = self.left.pop(name, ALL_WELL)
            if taken not in {ALL_WELL, *options}:
                raise Broken(f"{name}: {taken!r} cannot happen here, only {options}")
            return taken
        self._stop_if_covered(state())
        if self.spare:
            self.free.append((name, options))
        return ALL_WELL

    def _stop_if_covered(self, state: int) -> None:
        if self._seen.get(state, -1) >= self.spare:
            raise Covered
        self._seen[state] = self.spare

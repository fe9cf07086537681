"""All executions of a story with at most so many deviations, the fewest first; equal states are explored once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.exploration.choices import Broken, Choices
from tests.exploration.execution import execute
from tests.exploration.stories import Story
from tests.exploration.world import Place

_BY_OTHERS = {"edit": "edited", "delete": "deleted"}
Deviations = tuple[tuple[str, str], ...]


@dataclass
class Found:
    """What a search with `most` deviations came to: what it covered, each kind of deviation, the first failure."""

    most: int = 0
    executions: int = 0
    states: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    failure: Deviations | None = None
    said: str = ""

    def add(self, other: Found) -> None:
        """Add what another search of the same story came to."""
        self.executions += other.executions
        self.states += other.states
        self.kinds += other.kinds
        if other.failure is not None and (self.failure is None or len(other.failure) < len(self.failure)):
            self.failure, self.said = other.failure, other.said


def search(
    story: Story,
    place: Place,
    most: int,
    part: tuple[int, int] = (0, 1),
    tell: Callable[[float], None] = lambda _: None,
) -> Found:
    """Search a story; of the first deviations only each `part[1]`-th, from `part[0]` on. Stops at the first failure.

    `tell` is told which share of it is done.
    """
    found = Found()
    seen: dict[int, int] = {}
    level: list[Deviations] = [()]
    for depth in range(most + 1):
        following: list[Deviations] = []
        for number, deviations in enumerate(level, 1):
            choices = Choices(dict(deviations), most, seen)
            found.executions += bool(deviations) or not part[0]
            if deviations:
                found.kinds[kind(deviations[-1])] += 1
            try:
                execute(story, place, choices)
            except (Exception, Broken) as error:  # noqa: BLE001 - whatever breaks, its sequence is what is wanted
                found.failure, found.said = deviations, f"{type(error).__name__}: {error}"
                return found
            found.states = len(seen)
            tell(number / len(level) if depth == most else 0.0)
            children = [(*deviations, (call, option)) for call, options in choices.free for option in options]
            following += children if depth else children[part[0] :: part[1]]
        level = following
    return found


def kind(deviation: tuple[str, str]) -> str:
    """Return the kind of a deviation, without the list that it is about."""
    call, option = deviation
    words = re.sub(r",.*| #.*", "", call).split()[1:]
    what = " ".join(
        words[:1] if words[0] in {"put", "read", "answer"} and "the" not in words and "copy" not in words else words
    )
    return f"{what}: {_BY_OTHERS.get(option.split(' ')[0], option)}"


def as_test(story: Story, failure: Mapping[str, str] | Deviations) -> str:
    """Return a failure as a test, ready to be put into `test_exploration.py`, where `replayed` is."""
    steps = dict(failure)
    lines = "".join(f"        {call!r}: {option!r},\n" for call, option in steps.items())
    return f"def test_name_it() -> None:\n    replayed({story.name!r}, {{\n{lines}    }})\n".replace("'", '"')

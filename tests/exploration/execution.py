"""One execution: runs of the program, one after the other, until nothing is left to do; checked after each."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from reconciler.engine.applying import ApplyOptions, apply
from reconciler.engine.workspaces import Selection, Workspace
from reconciler.errors import ReconcilerError
from reconciler.model.outcomes import Result
from tests.execute.scene import HEADING, HOLDER
from tests.exploration.choices import Broken, Choices, Covered, Died
from tests.exploration.places import Folder
from tests.exploration.predicates import PUT_RULES, RUN_RULES, Ended, it_ends_as_declared
from tests.exploration.stories import Story
from tests.exploration.world import Process, World

MOST_RUNS = 4
"""So many runs without a fault settle all that faults left; the last of them finds nothing to do."""


def execute(story: Story, place: Folder, choices: Choices) -> bool:
    """Let a story happen as chosen; raise Broken if a predicate does not hold. Tell whether it came to its end."""
    place.begin(story)
    world = World(story, choices)
    try:
        for number in count(1):
            ended = _run(number, world, place)
            for rule in RUN_RULES:
                rule(ended)
            if ended.steady:
                it_ends_as_declared(ended)
                break
            if world.since >= MOST_RUNS:
                raise Broken(f"after {MOST_RUNS} runs without a fault there is still something to do: {ended}")
    except Covered:
        return False
    if choices.left:
        raise Broken(f"these cannot happen: {choices.left}")
    return True


def replay(story: Story, place: Folder, deviations: Mapping[str, str]) -> None:
    """Let a story happen with these deviations; raise Broken if a predicate does not hold."""
    execute(story, place, Choices(deviations, len(deviations), {}))


def _run(number: int, world: World, place: Folder) -> Ended:
    world.since += 1
    world.border = place.content()
    process = Process(world, number, PUT_RULES, began=world.passed)
    with place.used_by(process):
        result, error = _apply(process, place)
    return Ended(process, result.environments[0] if result else None, error, place.store.load())


def _apply(process: Process, place: Folder) -> tuple[Result | None, ReconcilerError | None]:
    options = ApplyOptions(
        holder=HOLDER,
        clock=process,
        stop=process,
        jitter=lambda: 0.0,
        approve=process.approve,
        progress=lambda *_: None,
        undo=process.keep_undo,
    )
    workspace = Workspace(process.world.story.desired(), place.store, 30)
    try:
        return apply([workspace], {"prod": process}, HEADING, Selection(), options), None
    except ReconcilerError as error:
        return None, error
    except Died:
        return None, None

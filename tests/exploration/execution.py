"""One execution: runs of the program, one after the other, until nothing is left to do; checked after each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass
from functools import partial
from itertools import count
from typing import TypeAlias

import greenlet

from reconciler.engine.applying import ApplyOptions, apply
from reconciler.engine.looking import compare
from reconciler.engine.workspaces import Selection, Workspace
from reconciler.errors import ReconcilerError
from reconciler.model.changes import Blocked
from reconciler.model.lists import Live, LiveList
from reconciler.model.outcomes import Result
from reconciler.state import lease
from tests.execute.scene import HEADING, HOLDER
from tests.exploration.choices import Broken, Choices, Covered, Died
from tests.exploration.events import Came, Ended
from tests.exploration.evidence import Evidence, Given
from tests.exploration.predicates import RULES
from tests.exploration.process import Process
from tests.exploration.stories import Story
from tests.exploration.world import Place, World

BETWEEN = lease.LEASE + 10  # seconds, so that the lease of a machine that died is over
Turn: TypeAlias = tuple[Process, greenlet.greenlet]
MOST_RUNS = 4
"""So many runs without a fault settle all that faults left; the last of them finds nothing to do."""


def execute(story: Story, place: Place, choices: Choices) -> bool:
    """Let a story happen as chosen; raise Broken if a predicate does not hold. Tell whether it came to its end."""
    served = {f"cl-{key}": dict(texts) for key, texts in story.served.items()}
    given = Given(story.desired(), served, story.applied(), story.undo)
    world = World(story, choices, place, Evidence(given, RULES))
    place.begin(world)
    if planned := story.desired_when_planned():
        live = Live({list_id: LiveList(list_id, texts) for list_id, texts in world.lists.items()})
        world.saved = compare(Workspace(planned, place.store, 30), story.applied(), live, Selection())
    try:
        for number in count(1):
            if _round(number, world) and not _begins_undo(world):
                break
            if world.since >= MOST_RUNS or number > 4 * MOST_RUNS:
                raise Broken(f"after {MOST_RUNS} runs without a fault there is still something to do")
    except Covered:
        return False
    if choices.left:
        raise Broken(f"these cannot happen: {choices.left}")
    return True


def _begins_undo(world: World) -> bool:
    """Have the last run set back from now on, if that is in the story, and there is anything to set back."""
    if world.saved or not world.undo:
        return False
    world.saved, world.since = world.undo, 0
    return True


def replay(story: Story, place: Place, deviations: Mapping[str, str]) -> None:
    """Let a story happen with these deviations; raise Broken if a predicate does not hold."""
    execute(story, place, Choices(deviations, len(deviations), {}))


def _round(number: int, world: World) -> bool:
    """Let a run happen, and what others do while it pauses; tell whether nothing is left to do."""
    world.passed += BETWEEN if world.place.leased else 0
    world.border, world.began = (world.place.contents(), _frozen((world.saved, world.undo))), world.passed
    world.since = 0 if world.late else world.since + 1
    world.machines = []
    turns = [_join(number, world)]
    steady = False
    try:
        while turns:
            world.current, machine = turns[-1]
            ended = machine.switch()
            world.current = None
            if machine.dead:
                turns.pop()
                world.evidence.take(ended)
                steady = ended.named is not None
            elif len(world.machines) < world.story.machines:
                turns.append(_join(number, world))
            else:
                turns.reverse()
    finally:
        _let_die(turns)
    return steady


def _frozen(value: object) -> object:
    """Return what stands for a plan, or a part of one, in a hash. (Its `repr` does not: equal sets differ in order.)"""
    if is_dataclass(value):
        return type(value).__name__, tuple(_frozen(getattr(value, each.name)) for each in fields(value))
    if isinstance(value, Mapping):
        return frozenset((key, _frozen(each)) for key, each in value.items())
    return tuple(map(_frozen, value)) if isinstance(value, tuple) else value


def _join(number: int, world: World) -> Turn:
    """Have another machine; it begins when its turn comes, and goes on until it ends or pauses."""
    process = Process(world, f"{number}{'b' * len(world.machines)}")
    world.machines.append(process)
    return process, greenlet.greenlet(partial(_run, process))


def _let_die(turns: Sequence[Turn]) -> None:
    """End what is paused, and will never come to its turn."""
    for process, machine in turns:
        process.world.current, process.dead = process, True
        with suppress(Died):
            machine.throw(Died)
        process.world.current = None


def _run(process: Process) -> Ended:
    result, error = _apply(process, _workspace(process.world))
    process.dead, process.world.current = True, None
    done = result.environments[0] if result else None
    alone = len(process.world.machines) == 1
    return Ended(
        process.number,
        process.world.place.store.load(),
        {each.key: Came(each.id, each.outcome, each.attempts) for each in done.outcomes} if done else {},
        str(error or ""),
        done is not None and done.in_order,
        alone,
        _named(process) if done and alone and not process.deviated else None,
    )


def _named(process: Process) -> frozenset[str] | None:
    """Return the keys that the plan names if its run had read the truth, and there was nothing to do, else None."""
    world = process.world
    assert process.plan
    plan = process.plan.environments[0]
    idle = all(isinstance(each, Blocked) for each in plan.changes)
    if not idle or world.late or world.evidence.run(process.number).shown != world.lists:
        return None
    return frozenset(each.key for each in (*plan.changes, *(() if world.saved else plan.drift)))


def _workspace(world: World) -> Workspace:
    return Workspace(world.story.desired(), world.place.store, 30)


def _apply(process: Process, workspace: Workspace) -> tuple[Result | None, ReconcilerError | None]:
    options = ApplyOptions(
        holder=HOLDER,
        clock=process,
        stop=process,
        jitter=lambda: 0.0,
        approve=process.approve,
        progress=lambda *_: None,
        undo=process.keep_undo,
        saved={"prod": process.world.saved} if process.world.saved else {},
    )
    try:
        process.set_clock()
        return apply([workspace], {"prod": process}, HEADING, Selection(), options), None
    except ReconcilerError as error:
        return None, error
    except Died:
        if process.world.fault:
            raise process.world.fault from None
        return None, None

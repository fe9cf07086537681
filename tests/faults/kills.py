"""Disturb a run, look, run again, which may be killed again, until one ends; then look once more."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.sandbox.faults import Fault, Reset, Status
from reconciler.sandbox.settings import Settings
from tests.faults.between import Way
from tests.faults.launcher import Order
from tests.faults.story import Story
from tests.faults.tally import Found, Tally

WEATHER = (Reset(call="put", at=2, when="after"), Status(call="put", at=4, status=503))
_MOST_KILLS = 4
_INSTANT = "killed at a random instant"
_STATE = ("the journal", "document", "the folder", "a PUT")


@dataclass(frozen=True, slots=True)
class Part:
    """The `number`-th of `of` equal parts of the work, for several processes to share it."""

    number: int = 0
    of: int = 1

    def holds(self, index: int) -> bool:
        """Tell whether the `index`-th case is in this part."""
        return index % self.of == self.number


def every_step(story: Story, part: Part, *, power: bool = False, wide: bool = False) -> Tally:
    """Kill before each step of an undisturbed run, and half-way through each of its writes.

    With `power`, what the disk had not synced by then is gone too, as where the whole machine dies. `wide` spares no
    step; else the power goes only where the state is written.
    """
    story.begin()
    steps = story.run().steps
    tally = Tally()
    for index, order in enumerate(_orders(steps, power=power, wide=wide)):
        if part.holds(index):
            _killed(story, order, len(steps), random.Random(index), tally)
    return tally


def any_instant(story: Story, times: int, seed: int, *faults: Fault) -> Tally:
    """Kill so many processes of their own interpreter after a random time, `faults` in the API's answers besides.

    Some end before their time has come, more of them on a machine with other work, and are not counted.
    """
    story.faults = faults
    story.place.sandbox.world.settings = Settings(limit=0, latency=0.05)
    story.begin()
    steps = len(story.run().steps)
    story.begin()
    seconds = story.run({"afresh": True}).seconds
    tally = Tally()
    for number in range(20 * times):
        if _INSTANT in tally.rows and tally.rows[_INSTANT].tried >= times:
            break
        chance = random.Random(f"{seed} {number}")
        _killed(story, {"afresh": True, "seconds": chance.uniform(0, seconds)}, steps, chance, tally)
    return tally


def bad_network(story: Story, way: Way, part: Part = Part()) -> Tally:  # a frozen value
    """Do to each request of an undisturbed run, one in each try, what `way` does; the run must cope by itself."""
    proxy = story.between
    assert proxy
    story.begin()
    story.run()
    tally = Tally()
    for number in filter(part.holds, range(1, proxy.requests + 1)):
        story.begin()
        proxy.ways = {number: way}
        last = story.run(None, "--timeout", "1")
        found = story.found()
        unsettled = tuple(story.ended_in_order(last))
        name = way.__name__.replace("_", " ")
        tally.add(f"network: {name}", found + Found(false=unsettled), recovered=not unsettled, case=f"{name}, {number}")
    return tally


def _orders(steps: tuple[str, ...], *, power: bool, wide: bool) -> Iterator[Order]:
    for number, step in enumerate(steps):
        if power and not wide and not step.endswith(_STATE):
            continue
        yield {"fatal": number, "power": power}
        if step.startswith(("write", "send")):
            yield {"fatal": number, "halfway": True, "power": power}


def _killed(story: Story, order: Order, steps: int, chance: random.Random, tally: Tally) -> None:
    """Let one run be killed as `order` says, and those after it by chance, until one ends."""
    story.begin()
    last = story.run(order)
    found = [(_fault(story, order, last.at), story.found())]
    while last.code < 0:
        again: Order = {"fatal": chance.randrange(steps), "power": order.get("power", False)}
        last = story.run(again if story.kills < _MOST_KILLS and chance.random() < 0.5 else None)
        found.append(("killed again, while it recovers", story.found()))
    unsettled = tuple(story.ended_in_order(last))
    found[0] = (found[0][0], found[0][1] + found[-1][1] + Found(false=unsettled))
    for fault, each in found[: story.kills]:  # the last run was not killed, nor was a first that was too quick
        tally.add(fault, each, recovered=not unsettled, case=f"{order}, {story.kills} kills")


def _fault(story: Story, order: Order, step: str) -> str:
    if "seconds" in order:
        return _INSTANT
    where = ", the state on a branch" if story.origin else ""
    return f"{'power cut' if order.get('power') else 'killed'}{where}: {step}"

"""Try every fault widely and print the table; exit 1 if anything was lost, false or not recovered.

Run as `make faults`; it takes minutes on two cores. With a page as its argument, the table there is renewed.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from tests.faults.between import WAYS
from tests.faults.kills import WEATHER, Part, any_instant, bad_network, every_step
from tests.faults.story import STARTS, Story, story
from tests.faults.tally import Tally
from tests.marked import renew

PARTS = 8
INSTANTS = 15


def main() -> int:
    """Share the work among the processors, and print what it came to."""
    whole = Tally()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        whole.take(pool.map(_worked, _jobs()))
    print(whole.table())
    print(f"{whole.tried:,} tries, {len(whole.wrong)} wrong", *whole.wrong, sep="\n")
    for page in sys.argv[1:]:
        renew(Path(page), "faults", whole.table())
    return 1 if whole.wrong else 0


Job = Callable[[Path], Tally]


def _jobs() -> Iterator[Job]:
    for number in range(PARTS):
        for start in STARTS:
            yield partial(_told, start, partial(every_step, part=Part(number, PARTS), wide=True))
            yield partial(_told, start, partial(_instants, seed=number))
        yield partial(_told, "doubtful", partial(every_step, part=Part(number, PARTS), power=True, wide=True))
        yield partial(_told, "edited", partial(every_step, part=Part(number, PARTS)), on_a_branch=True)
    for way in WAYS:
        yield partial(_told, "edited", partial(bad_network, way=way), between=True)


def _worked(job: Job) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        return job(Path(folder))


def _told(start: str, disturb: Callable[[Story], Tally], folder: Path, **where: bool) -> Tally:
    with story(folder, start, **where) as told:
        tally = disturb(told)
        tally.traces, tally.events = told.replay.traces, told.replay.events
        return tally


def _instants(told: Story, seed: int) -> Tally:
    return any_instant(told, INSTANTS, seed, *(WEATHER if seed % 2 else ()))


if __name__ == "__main__":
    sys.exit(main())

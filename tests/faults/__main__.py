"""Try every fault widely and print the table; exit 1 if anything was lost, false or not recovered.

Run as `python -m tests.faults`; it takes minutes on two cores.
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

from tests.faults.kills import WEATHER, Part, any_instant, every_step
from tests.faults.story import STARTS, Story, story
from tests.faults.tally import Tally

PARTS = 8
INSTANTS = 15


def main() -> int:
    """Share the work among the processors, and print what it came to."""
    whole = Tally()
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        whole.take(pool.map(_worked, _jobs()))
    print(whole.table())
    print(*whole.wrong, sep="\n")
    return 1 if whole.wrong else 0


Job = Callable[[Path], Tally]


def _jobs() -> Iterator[Job]:
    for number in range(PARTS):
        for start in STARTS:
            yield partial(_told, start, partial(every_step, part=Part(number, PARTS), wide=True))
            yield partial(_told, start, partial(_instants, seed=number))
        yield partial(_told, "doubtful", partial(every_step, part=Part(number, PARTS), power=True, wide=True))


def _worked(job: Job) -> Tally:
    with tempfile.TemporaryDirectory() as folder:
        return job(Path(folder))


def _told(start: str, kill: Callable[[Story], Tally], folder: Path) -> Tally:
    with story(folder, start) as told:
        return kill(told)


def _instants(told: Story, seed: int) -> Tally:
    return any_instant(told, INSTANTS, seed, *(WEATHER if seed % 2 else ()))


if __name__ == "__main__":
    sys.exit(main())

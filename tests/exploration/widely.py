"""Explore every story, then look for every planted fault; exit 1 if a predicate breaks, or a fault is not found.

Run as `make explore`. `--deviations N` goes deeper than each story says, `--story WORD` takes only some of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import MutableMapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from multiprocessing import Manager, get_context
from typing import NamedTuple

from tests.exploration.places import STEPS, folder
from tests.exploration.planted import FAULTS
from tests.exploration.search import Found, as_test, search
from tests.exploration.stories import STORIES
from tests.exploration.world import AT_A_PUT, AT_A_READ, AT_A_SLEEP

PARTS = 2
POLL = 10.0  # seconds

KINDS = {
    *(f"put: {option}" for option in ("edited", *AT_A_PUT)),
    *(f"read: {option}" for option in ("edited", "stale", *AT_A_READ)),
    *(f"sleep: {option}" for option in AT_A_SLEEP),
    "stop asked: signal",
    *(f"{step}: {option}" for step, options in STEPS.items() for option in options),
}
"""Each kind of deviation; one that no search took would mean that the search is not what it seems."""


class Job(NamedTuple):
    """A part of the search of one story."""

    story: int
    most: int
    part: int


def main() -> int:
    """Share the work among the processors, and say what it came to."""
    parser = argparse.ArgumentParser(prog="make explore")
    parser.add_argument("--deviations", type=int, default=0)
    parser.add_argument("--story", default="")
    options = parser.parse_args()
    jobs = [
        Job(number, options.deviations or story.deviations, part)
        for number, story in enumerate(STORIES)
        if options.story in story.name
        for part in range(PARTS)
    ]
    began = time.monotonic()
    found = _explored(jobs)
    failed = [_told(number, each, time.monotonic() - began) for number, each in found.items()]
    kinds = sum((each.kinds for each in found.values()), start=Found().kinds)
    missing = [] if options.story else sorted(KINDS - kinds.keys())
    taken = f"{len(kinds)} kinds of deviations, each taken {min(kinds.values(), default=0)} times or more"
    print(taken, *missing, sep="\nnever: ")
    unfound = [] if options.story else [fault.said for fault in FAULTS if not _finds(fault.said)]
    print(f"all of it took {time.monotonic() - began:.0f} s", *unfound, sep="\nnot found: ")
    return 1 if any(failed) or missing or unfound else 0


def _explored(jobs: Sequence[Job]) -> dict[int, Found]:
    found: dict[int, Found] = {}
    with Manager() as manager, ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
        done = manager.dict()
        futures = {pool.submit(_search, job, done): job for job in jobs}
        _tell_progress(list(futures), jobs, done)
        for future, job in futures.items():
            found.setdefault(job.story, Found()).add(future.result())
    return found


def _tell_progress(futures: Sequence[Future[Found]], jobs: Sequence[Job], done: MutableMapping[Job, float]) -> None:
    began = time.monotonic()
    while wait(futures, timeout=POLL).not_done:
        share = sum(done.get(job, 0.0) for job in jobs) / len(jobs)
        left = f"about {(time.monotonic() - began) * (1 - share) / share:.0f} s left" if share else "just begun"
        print(f"{share:.0%} explored, {left}", flush=True)


def _search(job: Job, done: MutableMapping[Job, float]) -> Found:
    told_at = 0.0

    def tell(share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > POLL / 2 or share == 1:
            told_at = time.monotonic()
            done[job] = share

    with folder() as place:
        return search(STORIES[job.story], place, job.most, (job.part, PARTS), tell)


def _told(number: int, found: Found, seconds: float) -> bool:
    """Say what the search of a story came to; tell whether it failed."""
    story = STORIES[number]
    print(f"{story.name}: {found.executions:,} executions, {found.states:,} states ({seconds:.0f} s)")
    if found.failure is not None:
        print(found.said, as_test(story, found.failure), sep="\n")
    return found.failure is not None


def _finds(said: str) -> bool:
    """Tell whether a planted fault is found, and print its shortest sequence."""
    fault = next(each for each in FAULTS if each.said == said)
    with folder() as place, fault.planted():
        found = fault.look(place)
    shown = "; ".join(": ".join(step) for step in found.failure or ()) or "in good weather"
    print(f"planted: {said}: {shown if found.failure is not None else 'NOT FOUND'} ({found.executions} executions)")
    return found.failure is not None


if __name__ == "__main__":
    sys.exit(main())

"""Explore every story, then look for every planted fault; exit 1 if a predicate breaks, or a fault is not found.

Run as `make explore`. `--deviations N` goes deeper than each story says, `--story WORD` takes only some of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import MutableMapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import Manager, get_context
from typing import NamedTuple

from tests.exploration.bucket import AT_A_GET, AT_AN_OBJECT, PAUSES
from tests.exploration.places import STEPS, place_of
from tests.exploration.planted import FAULTS
from tests.exploration.search import Found, as_test, search
from tests.exploration.stories import STORIES
from tests.exploration.world import AT_A_PUT, AT_A_READ, AT_A_SLEEP

PARTS = 2
POLL = 10.0  # seconds

_OBJECTS = ("the document", "the lease", "a copy")
KINDS = {
    *(f"put: {option}" for option in ("edited", *AT_A_PUT, *PAUSES[:2])),
    *(f"read: {option}" for option in ("edited", "stale", *AT_A_READ, *PAUSES)),
    *(f"sleep: {option}" for option in AT_A_SLEEP),
    "stop asked: signal",
    *(f"get {name}: {option}" for name in _OBJECTS[:2] for option in (*AT_A_GET, *PAUSES)),
    *(f"put {name}: {option}" for name in _OBJECTS for option in (*AT_AN_OBJECT, *PAUSES)),
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
    kinds = sum((each.kinds for each in found.values()), start=Found().kinds)
    missing = [] if options.story else sorted(KINDS - kinds.keys())
    taken = f"{len(kinds)} kinds of deviations, each taken {min(kinds.values(), default=0)} times or more"
    print(taken, *missing, sep="\nnever: ")
    unfound = [] if options.story else _unfound()
    print(f"all of it took {time.monotonic() - began:.0f} s", *unfound, sep="\nnot found: ")
    failed = any(each.failure is not None for each in found.values())
    return 1 if failed or missing or unfound else 0


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))


def _explored(jobs: Sequence[Job]) -> dict[int, Found]:
    """Search, tell what each story came to as soon as it is known, and how long the rest will take."""
    found: dict[int, Found] = {}
    began = time.monotonic()
    with Manager() as manager, _pool() as pool:
        shares = manager.dict()
        pending = {pool.submit(_search, job, shares): job for job in jobs}
        while pending:
            done = wait(pending, timeout=POLL, return_when=FIRST_COMPLETED).done
            for future in done:
                job = pending.pop(future)
                shares[job] = 1.0
                found.setdefault(job.story, Found()).add(future.result())
                if all(other.story != job.story for other in pending.values()):
                    _tell(job.story, found[job.story])
            if not done:
                share = sum(shares.get(job, 0.0) for job in jobs) / len(jobs)
                left = f"about {(time.monotonic() - began) * (1 - share) / share:.0f} s left" if share else "just begun"
                print(f"{share:.0%} explored, {left}", flush=True)
    return found


def _search(job: Job, shares: MutableMapping[Job, float]) -> Found:
    told_at = 0.0

    def tell(share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > POLL / 2 or share == 1:
            told_at = time.monotonic()
            shares[job] = share

    story = STORIES[job.story]
    with place_of(story) as place:
        return search(story, place, job.most, (job.part, PARTS), tell)


def _tell(number: int, found: Found) -> None:
    """Say what the search of a story came to."""
    story = STORIES[number]
    print(f"{story.name}: {found.executions:,} executions, {found.states:,} states", flush=True)
    if found.failure is not None:
        print(found.said, as_test(story, found.failure), sep="\n")


def _unfound() -> list[str]:
    """Look for each planted fault; return those that were not found."""
    with _pool() as pool:
        said = [fault.said for fault in FAULTS]
        return [each for each, found in zip(said, pool.map(_finds, said), strict=True) if not found]


def _finds(said: str) -> bool:
    """Tell whether a planted fault is found, and print its shortest sequence."""
    fault = next(each for each in FAULTS if each.said == said)
    with place_of(fault.story) as place, fault.planted():
        found = fault.look(place)
    shown = "; ".join(": ".join(step) for step in found.failure or ()) or "in good weather"
    print(
        f"planted: {said}: {shown if found.failure is not None else 'NOT FOUND'} ({found.executions} executions)",
        flush=True,
    )
    return found.failure is not None


if __name__ == "__main__":
    sys.exit(main())

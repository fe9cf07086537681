"""Explore every story, then look for every planted fault; exit 1 if a predicate breaks, or a fault is not found.

Run as `make explore`. `--deviations N` goes deeper than each story says, `--story WORD` takes only some of them, and
`--deep` only the smallest, with three deviations; `--page FILE` takes all, and renews what that page says of them.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, MutableMapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing import Manager, get_context
from pathlib import Path
from typing import NamedTuple

from reconciler.execute.snapshot import MOST_SECONDS_OLD
from tests.exploration.leased import AT_A_LOOK, AT_A_WRITE, PAUSES
from tests.exploration.places import STEPS, place_of
from tests.exploration.planted import FAULTS
from tests.exploration.process import AT_A_PUT, AT_A_READ, AT_A_SLEEP, CLOCKS
from tests.exploration.search import Deviations, Found, as_test, search
from tests.exploration.stories import DEEP, STORIES, Story
from tests.marked import renew

PARTS = 2
POLL = 10.0  # seconds
LEAST_HIDDEN = 12  # planted faults that good weather does not show
LEFT_OUT = "left out with three deviations: edits by others, a second list, field or machine, objects in a bucket"
LIMIT = (
    "**What no tool can see:** an edit by somebody else between the last read of a list and its PUT, since the API has "
    f"no conditional write. That is at most {MOST_SECONDS_OLD:.0f} seconds, and the time that the request takes."
)
_LOOKS = ("get the document", "get the lease", "ask for the branch")
_WRITES = ("put the document", "put the lease", "put a copy", "push the branch")
KINDS = {
    *(f"put: {option}" for option in ("edited", "deleted", *AT_A_PUT, *PAUSES[:2])),
    *(f"read: {option}" for option in ("edited", "deleted", "stale", *AT_A_READ, *PAUSES)),
    *(f"sleep: {option}" for option in AT_A_SLEEP),
    "stop asked: signal",
    *(f"answer: {option}" for option in PAUSES[:2]),
    *(f"clock: {option}" for option in CLOCKS),
    *(f"{call}: {option}" for call in _LOOKS for option in (*AT_A_LOOK, *PAUSES)),
    *(f"{call}: {option}" for call in _WRITES for option in (*AT_A_WRITE, *PAUSES)),
    *(f"{step}: {option}" for step, options in STEPS.items() for option in options),
}
"""Each kind of deviation; one that no search took would mean that the search is not what it seems."""


class Job(NamedTuple):
    """A part of the search of one story."""

    story: Story
    most: int
    part: int


def main() -> int:
    """Share the work among the processors, and say what it came to."""
    parser = argparse.ArgumentParser(prog="make explore")
    parser.add_argument("--deviations", type=int, default=0)
    parser.add_argument("--story", default="")
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("--page", type=Path)
    options = parser.parse_args()
    wanted = DEEP if options.deep else (*STORIES, *DEEP) if options.page else STORIES
    stories = [story for story in wanted if options.story in story.name]
    is_whole = not (options.story or options.deep)
    began = time.monotonic()
    depths = [(story, options.deviations or story.deviations) for story in stories]
    found = _explored([Job(*each, part) for each in depths for part in range(PARTS)])
    planted = _planted() if is_whole else []
    report, wrong = _report(found, planted, is_whole=is_whole)
    print(report, *wrong, f"all of it took {time.monotonic() - began:.0f} s", sep="\n")
    if options.page:
        renew(options.page, "explored", report)
    return 1 if wrong else 0


def _report(found: Mapping[str, Found], planted: Sequence[Planted], *, is_whole: bool) -> tuple[str, list[str]]:
    """Return what it came to, as a part of a page, and what is wrong with it."""
    kinds = sum((each.kinds for each in found.values()), start=Counter[str]())
    lines = ["| story | deviations | executions | states |", "| --- | ---: | ---: | ---: |"]
    lines += [f"| {name} | {each.most} | {each.executions:,} | {each.states:,} |" for name, each in found.items()]
    every = [sum(each.executions for each in found.values()), sum(each.states for each in found.values())]
    lines += [f"| all | | {every[0]:,} | {every[1]:,} |", ""]
    lines += [f"{len(kinds)} kinds of deviations, each taken {min(kinds.values(), default=0)} times or more.", ""]
    if any(each.most > 2 for each in found.values()):
        lines += [f"{LEFT_OUT[0].upper()}{LEFT_OUT[1:]}.", ""]
    needed = Counter(len(each.failure) for each in planted if each.failure is not None)
    if planted:
        lines += ["| planted fault | deviations | the shortest sequence |", "| --- | ---: | --- |"]
        lines += [each.row for each in planted]
        words = [f"{number} with {deviations}" for deviations, number in sorted(needed.items())]
        lines += ["", f"{len(planted)} faults, by how many deviations show them: {', '.join(words)}.", ""]
    wrong = [f"{name}: {each.said}" for name, each in found.items() if each.failure is not None]
    if is_whole:
        wrong += [f"never: {kind}" for kind in sorted(KINDS - kinds.keys())]
        wrong += [f"not found: {each.said}" for each in planted if each.failure is None]
        hidden = needed.total() - needed[0]
        wrong += [f"only {hidden} planted faults need a deviation"] if hidden < LEAST_HIDDEN else []
    return "\n".join([*lines, LIMIT]) + "\n", wrong


def _pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"))


def _explored(jobs: Sequence[Job]) -> dict[str, Found]:
    """Search, tell what each story came to as soon as it is known, and how long the rest will take."""
    found = {job.story.name: Found(most=job.most) for job in jobs}
    began = time.monotonic()
    with Manager() as manager, _pool() as pool:
        shares = manager.dict()
        pending = {pool.submit(_search, job, number, shares): job for number, job in enumerate(jobs)}
        while pending:
            done = wait(pending, timeout=POLL, return_when=FIRST_COMPLETED).done
            for future in done:
                story = pending.pop(future).story
                found[story.name].add(future.result())
                if all(other.story != story for other in pending.values()):
                    _tell(story, found[story.name])
            if not done:
                share = sum(shares.values()) / len(jobs)
                left = f"about {(time.monotonic() - began) * (1 - share) / share:.0f} s left" if share else "just begun"
                print(f"{share:.0%} explored, {left}", flush=True)
    return found


def _search(job: Job, number: int, shares: MutableMapping[int, float]) -> Found:
    told_at = 0.0

    def tell(share: float) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > POLL / 2 or share == 1:
            told_at = time.monotonic()
            shares[number] = share

    with place_of(job.story) as place:
        found = search(job.story, place, job.most, (job.part, PARTS), tell)
    shares[number] = 1.0
    return found


def _tell(story: Story, found: Found) -> None:
    """Say what the search of a story came to."""
    how = f"{found.most} deviations, {found.executions:,} executions, {found.states:,} states"
    print(f"{story.name}: {how}", flush=True)
    if story in DEEP:
        print(f"({LEFT_OUT})", flush=True)
    if found.failure is not None:
        print(found.said, as_test(story, found.failure), sep="\n")


class Planted(NamedTuple):
    """A planted fault, and the shortest sequence that shows it, None if there is none."""

    said: str
    failure: Deviations | None
    executions: int

    @property
    def row(self) -> str:
        """What is said of it, as a row of a table."""
        if self.failure is None:
            return f"| {self.said} | | not found |"
        sequence = "; ".join(": ".join(step) for step in self.failure)
        return f"| {self.said} | {len(self.failure)} | {sequence or 'good weather'} |"


def _planted() -> list[Planted]:
    """Look for each planted fault."""
    with _pool() as pool:
        return list(pool.map(_look_for, [fault.said for fault in FAULTS]))


def _look_for(said: str) -> Planted:
    fault = next(each for each in FAULTS if each.said == said)
    with place_of(fault.story) as place, fault.planted():
        found = fault.look(place)
    planted = Planted(said, found.failure, found.executions)
    print(f"planted, {found.executions} executions: {planted.row}", flush=True)
    return planted


if __name__ == "__main__":
    sys.exit(main())

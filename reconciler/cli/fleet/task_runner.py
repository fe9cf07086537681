"""The seam between orders and those who carry them out, and how one account after the other is handed over.

No more is handed over than can be worked on, and as much again: what was not handed over was certainly not done, and
memory is in proportion to what is under way.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from reconciler.cli.fleet.account_answer import AccountAnswer, decode_answer, error_part
from reconciler.errors import FleetError, ReconcilerError, StoppedError
from reconciler.report.phrases import duration
from reconciler.uptime import uptime

_log = logging.getLogger(__name__)
TICK = 0.5  # seconds between two looks at signals
_PROGRESS = 10.0  # seconds between two lines of progress


class Lost(NamedTuple):
    """Nobody says what became of an order, and why not: it may have been carried out, wholly or in part."""

    why: str


class TaskRunner(Protocol):
    """Carries out orders elsewhere. Each has a name, by which what comes of it is told."""

    def room(self) -> int:
        """Return how many orders may be under way."""
        ...

    def begin(self, name: str, order: bytes) -> None:
        """Hand an order over. Raises FleetError if there is no one to take it: nothing was done then."""
        ...

    def wait(self, seconds: float) -> tuple[str, bytes | ReconcilerError | Lost] | None:
        """Return what came of one order, None if nothing did for so long. An error says that nothing was done."""
        ...

    def was_repeated(self, name: str) -> bool:
        """Tell whether an order may have been begun more than once, since a worker was lost."""
        ...

    def stop(self, signal: int) -> None:
        """Have all that is under way stop in order, as if the signal had come there. May be called again."""
        ...


class Signals(Protocol):
    """Which signal came, if any."""

    signal: int | None


def run_all(
    runner: TaskRunner, names: Sequence[str], order: Callable[[str], bytes], signals: Signals
) -> Iterator[tuple[str, AccountAnswer | Lost]]:
    """Hand over the orders of these names, and yield what came of each.

    After a signal, or without anyone to take more, the rest is not handed over, and an answer of it says so.
    """
    progress = _Progress(len(names))
    under_way: set[str] = set()
    why: ReconcilerError | None = None
    for name in names:
        while why is None and len(under_way) >= max(1, runner.room()):
            yield from _next(runner, under_way, signals, progress.count_one)
            why = _stopped(signals)
        why = why or _stopped(signals)
        if why is None:
            try:
                runner.begin(name, order(name))
                under_way.add(name)
            except FleetError as error:
                why = error
        if why is not None:
            yield name, AccountAnswer(refused=error_part(why))
    while under_way:
        yield from _next(runner, under_way, signals, progress.count_one)


def _stopped(signals: Signals) -> ReconcilerError | None:
    return None if signals.signal is None else StoppedError(signals.signal)


def _next(
    runner: TaskRunner, under_way: set[str], signals: Signals, count_one: Callable[[], None]
) -> Iterator[tuple[str, AccountAnswer | Lost]]:
    """Wait a little; yield what came, if anything did."""
    if signals.signal is not None:
        runner.stop(signals.signal)
    came = runner.wait(TICK)
    if came is None:
        return
    name, found = came
    under_way.discard(name)
    count_one()
    answer = _read(found)
    if isinstance(answer, AccountAnswer) and answer.refused and not answer.begun:
        answer = replace(answer, begun=runner.was_repeated(name))
    yield name, answer


def _read(found: bytes | ReconcilerError | Lost) -> AccountAnswer | Lost:
    if isinstance(found, ReconcilerError):
        return AccountAnswer(refused=error_part(found))
    if isinstance(found, Lost):
        return found
    try:
        return decode_answer(found)
    except ValueError as error:
        return Lost(f"what its worker answered cannot be read: {error}")


class _Progress:
    """Lines of progress, few enough for a log, with the time left by what it took so far."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._done = 0
        self._began = self._last = uptime()

    def count_one(self) -> None:
        """Count one account; say how many are done, if that was not said just now."""
        self._done += 1
        now = uptime()
        if now - self._last < _PROGRESS or self._done == self._count:
            return
        self._last = now
        left = (now - self._began) / self._done * (self._count - self._done)
        _log.info("%d of %d accounts done, about %s left", self._done, self._count, duration(round(left)))

"""How an apply shows that it is alive: a bar with the time left on a terminal, a line an outcome elsewhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.output import note, uses_colour

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from reconciler.cli.runtime import Runtime
    from reconciler.model.changes import Plan
    from reconciler.model.outcomes import Outcome


class Progress(Protocol):
    """Shows how an apply goes."""

    def begin(self, plan: Plan) -> None:
        """Learn what is about to be done."""
        ...

    def outcome(self, environment: str, outcome: Outcome) -> None:
        """Learn what became of one change."""
        ...


class Lines:
    """One plain line an outcome, for logs; a second one only if a list turned out otherwise than first shown."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self._totals: dict[str, int] = {}
        self._said: dict[str, dict[str, tuple[int, str]]] = {}

    def begin(self, plan: Plan) -> None:
        """Learn how many changes there are."""
        self._totals = {environment.name: len(environment.changes) for environment in plan.environments}
        self._said = {name: {} for name in self._totals}

    def outcome(self, environment: str, outcome: Outcome) -> None:
        """Print the outcome if it is news."""
        from reconciler.report.text.lines import progress_line
        from reconciler.report.view.of_result import entry_of_outcome

        said, total = self._said[environment], self._totals[environment]
        number, before = said.get(outcome.key, (len(said) + 1, ""))
        if before == outcome.outcome:
            return
        said[outcome.key] = (number, outcome.outcome)
        note(progress_line(entry_of_outcome(environment, outcome), number=number, total=total, colour=self._colour))


class Live:
    """A bar over all PUTs, from the answer on, with the time left; in a wait, with what is left of that, too.

    What stands beside it is asked for each time that the bar is drawn, so that it goes on while nothing happens.
    """

    every = 1.0

    def __init__(self, bar: Bar, runtime: Runtime) -> None:
        self._bar = bar
        self._runtime = runtime
        self._task = bar.add_task("", total=None, live=self)
        self._pending: set[tuple[str, str]] = set()
        self._waits: dict[int, float] = {}  # by thread, until when
        self._end = 0.0  # when all is done, by the plan's forecast

    def begin(self, plan: Plan) -> None:
        """Show the bar if there is something to send."""
        from reconciler.report.view.of_plan import seconds_in_all

        self._pending = {(each.name, update.key) for each in plan.environments for update in each.updates}
        self._end = self._runtime.monotonic() + seconds_in_all(plan.environments)
        self._bar.update(self._task, total=len(self._pending))
        if self._pending:
            self._bar.start()
            self._runtime.countdown, self._runtime.clear = self, _CLEAR

    def outcome(self, environment: str, outcome: Outcome) -> None:
        """Move on by one list, unless it was left."""
        if outcome.outcome != "not_sent" and (environment, outcome.key) in self._pending:
            self._pending.remove((environment, outcome.key))
            self._bar.advance(self._task)

    def count_down(self, seconds: float) -> None:
        """Take note of a wait; several accounts may wait at once."""
        self._waits[get_ident()] = self._runtime.monotonic() + seconds

    def over(self) -> None:
        """Take note that it goes on."""
        self._waits.pop(get_ident(), None)

    @property
    def doing(self) -> str:
        """What is being done; of several waits, the shortest."""
        if waits := self._waits.copy().values():
            return f"waiting {max(0.0, min(waits) - self._runtime.monotonic()):.0f} s"
        if self._runtime.signal is not None:
            return "stopping"
        return "applying" if self._pending else "verifying"

    @property
    def time_left(self) -> str:
        """About how long it still takes: no wait is forecast that the API alone asks for."""
        from reconciler.report.phrases import duration

        left = round(max(self._end, *self._waits.copy().values(), 0.0) - self._runtime.monotonic())
        return f"about {duration(left)} left" if left > 0 and self._runtime.signal is None else ""


_CLEAR = "\r\x1b[2K\x1b[?25h"  # begin of the line, which is emptied; and the cursor, which the bar hides


@contextmanager
def progress(options: argparse.Namespace, runtime: Runtime) -> Iterator[Progress]:
    """Show progress on stderr for as long as the context lasts; a bar only if colours are welcome, too."""
    bar = _bar() if uses_colour(sys.stderr, options) else None
    if bar is None:
        yield Lines(colour=uses_colour(sys.stderr, options))
        return
    countdown = runtime.countdown
    try:
        yield Live(bar, runtime)
    finally:
        bar.stop()
        runtime.countdown, runtime.clear = countdown, ""


def _bar() -> Bar | None:
    """Return a bar, not shown yet; None if the extra for it is not installed."""
    try:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as RichProgress
    except ModuleNotFoundError:
        return None
    before, after = (TextColumn(f"{{task.fields[live].{words}}}") for words in ("doing", "time_left"))
    columns = (before, BarColumn(), MofNCompleteColumn(), after)
    return RichProgress(*columns, console=Console(stderr=True), transient=True)

"""How an apply shows that it is alive: a bar with the time left on a terminal, a line an outcome elsewhere."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from reconciler.cli.output import coloured, note

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from reconciler.model.changes import Plan
    from reconciler.model.outcomes import Outcome


class Progress(Protocol):
    """What is told how an apply goes."""

    def begin(self, plan: Plan) -> None:
        """Learn what is about to be done."""
        ...

    def outcome(self, environment: str, outcome: Outcome) -> None:
        """Learn what became of one change."""
        ...


class Lines:
    """One plain line an outcome, for logs; a second one only where a list turned out otherwise than first told."""

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
        from reconciler.report.text import results

        said, total = self._said[environment], self._totals[environment]
        number, before = said.get(outcome.key, (len(said) + 1, ""))
        if before == outcome.outcome:
            return
        said[outcome.key] = (number, outcome.outcome)
        note(results.outcome_line(outcome, environment=environment, number=number, total=total, colour=self._colour))


class Live:
    """A bar over all PUTs, with the time left."""

    def __init__(self, bar: Bar) -> None:
        self._bar = bar
        self._task = bar.add_task("applying", total=None, visible=False)
        self._done: set[tuple[str, str]] = set()

    def begin(self, plan: Plan) -> None:
        """Show the bar where there is something to send."""
        total = sum(len(environment.updates) for environment in plan.environments)
        self._bar.update(self._task, total=total, visible=total > 0)

    def outcome(self, environment: str, outcome: Outcome) -> None:
        """Move on by one list."""
        if outcome.action == "update" and (environment, outcome.key) not in self._done:
            self._done.add((environment, outcome.key))
            self._bar.update(self._task, advance=1)


@contextmanager
def progress(options: argparse.Namespace) -> Iterator[Progress]:
    """Show progress on stderr for as long as the context lasts."""
    if not sys.stderr.isatty():
        yield Lines(colour=coloured(sys.stderr, options))
        return
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import (
            Progress as RichProgress,
        )
    except ModuleNotFoundError:
        yield Lines(colour=coloured(sys.stderr, options))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with RichProgress(*columns, console=Console(stderr=True), transient=True) as bar:
        yield Live(bar)

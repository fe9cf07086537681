"""How often a fault was tried, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Found:
    """What a fault left that may not be: acknowledged writes `lost`, and what is `false`, each in words."""

    lost: tuple[str, ...] = ()
    false: tuple[str, ...] = ()

    def __add__(self, other: Found) -> Found:
        """Return both."""
        return Found(self.lost + other.lost, self.false + other.false)


@dataclass(frozen=True, slots=True)
class Row:
    """One fault, over all the times it was tried."""

    tried: int = 0
    lost: int = 0
    false: int = 0
    recovered: int = 0


@dataclass
class Tally:
    """Rows by fault, and in words what went wrong; how many runs, and events in them, the predicates heard."""

    rows: dict[str, Row] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    traces: int = 0
    events: int = 0

    def add(self, fault: str, found: Found, *, recovered: bool, case: str) -> None:
        """Count one try of `fault`; `case` says which, should anything be wrong with it."""
        row = self.rows.get(fault, Row())
        self.rows[fault] = Row(
            row.tried + 1, row.lost + bool(found.lost), row.false + bool(found.false), row.recovered + recovered
        )
        self.wrong += [f"{case}: {what}" for what in (*found.lost, *found.false)]
        if not (recovered or found.lost or found.false):
            self.wrong.append(f"{case}: not recovered")

    def take(self, others: Iterable[Tally]) -> None:
        """Add what others counted."""
        for other in others:
            self.wrong += other.wrong
            self.traces += other.traces
            self.events += other.events
            for fault, row in other.rows.items():
                mine = self.rows.get(fault, Row())
                self.rows[fault] = replace(
                    row,
                    tried=mine.tried + row.tried,
                    lost=mine.lost + row.lost,
                    false=mine.false + row.false,
                    recovered=mine.recovered + row.recovered,
                )

    @property
    def tried(self) -> int:
        """How many faults there were."""
        return sum(row.tried for row in self.rows.values())

    def table(self) -> str:
        """Return the rows as a Markdown table."""
        lines = ["| fault | tried | lost | false | recovered |", "| --- | ---: | ---: | ---: | ---: |"]
        for fault, row in sorted(self.rows.items()):
            lines.append(f"| {fault} | {row.tried:,} | {row.lost:,} | {row.false:,} | {row.recovered:,} |")
        heard = f"{self.traces:,} runs with {self.events:,} events kept what `make explore` asks of its worlds."
        return "\n".join([*lines, "", heard]) + "\n"

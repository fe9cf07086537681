"""The live values that an apply acts on, and their age.

Nothing is written on the strength of values that are older than a minute, or that were read before a wait for the
rate limit: somebody may have edited the list in between.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.model.lists import Absent, Live, LiveList
from reconciler.model.texts import Texts, holds, narrowed
from reconciler.protocols import Clock, Reader

MOST_SECONDS_OLD = 60.0
MOST_SECONDS_WAITED = 5.0


def survey(reader: Reader, ids: Iterable[str]) -> Live:
    """Read all, then alone each of `ids` that the answer leaves out, since it may hide lists that exist."""
    live = reader.read_all()
    alone = [reader.read(list_id) for list_id in ids if list_id not in live.lists]
    return Live(
        lists={**live.lists, **{found.id: found for found in alone if isinstance(found, LiveList)}},
        absent={found.id: found for found in alone if isinstance(found, Absent)},
    )


class Sight:
    """Live as last read; `reads` counts the reads since the last PUT."""

    def __init__(self, live: Live, read_at: float, reader: Reader, clock: Clock) -> None:
        self.live = live
        self.reads = 0
        self._read_at = read_at
        self._reader = reader
        self._clock = clock

    def stale(self, ahead: float) -> bool:
        """Tell whether live must be read again before a PUT that goes out in `ahead` seconds."""
        age = self._clock.monotonic() - self._read_at + ahead
        return ahead > MOST_SECONDS_WAITED or age > MOST_SECONDS_OLD

    def waited(self, seconds: float) -> None:
        """Learn of a wait since live was read: a long one makes it stale."""
        if seconds > MOST_SECONDS_WAITED:
            self._read_at = float("-inf")

    def renew(self, ids: Iterable[str]) -> None:
        """Read all again, and alone those of `ids` that it leaves out."""
        read_at = self._clock.monotonic()
        self.live = survey(self._reader, ids)
        self._read_at = read_at
        self.reads += 1

    def texts(self, list_id: str) -> Texts:
        """Return the live texts of a list that is known to be there."""
        return self.live.lists[list_id].texts

    def overlaid(self, written: Mapping[str, tuple[Texts, Texts]]) -> Live:
        """Return live as it will be once acknowledged writes (before, body; by id) show that do not show yet."""
        lists = dict(self.live.lists)
        for list_id, (before, body) in written.items():
            found = lists.get(list_id)
            if found and holds(found.texts, narrowed(before, tuple(body))):
                lists[list_id] = replace(found, texts={**found.texts, **body})
        return replace(self.live, lists=lists)

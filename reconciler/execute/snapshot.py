"""The live values that an apply acts on, and their age.

Nothing is written on the strength of values that are older than a minute, or that were read before a wait for the
rate limit: the list may have been edited in between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from reconciler.model.lists import Absent, Live, LiveList, OddList
from reconciler.model.texts import Texts, holds, only_fields
from reconciler.protocols import Clock, Reader

MOST_SECONDS_OLD = 60.0
MOST_SECONDS_WAITED = 5.0
LOOKS = 5
TOO_OLD = (
    f"live values were read {LOOKS} times, and each time over {MOST_SECONDS_OLD:.0f} s old, or the rate limit used up, "
    "before the PUT could go. Nothing is written on the strength of old values: run again when the API answers sooner"
)


def read_live(reader: Reader, ids: Iterable[str]) -> Live:
    """Read all, then alone each of `ids` that the answer leaves out, since it may hide lists that exist."""
    listed = reader.read_all()
    return _combine(listed, [reader.read(list_id) for list_id in ids if not _answers(listed, list_id)])


def _answers(listed: Live, list_id: str) -> bool:
    return list_id in listed.lists or list_id in listed.odd


def _combine(listed: Live, alone: Iterable[LiveList | OddList | Absent]) -> Live:
    found = list(alone)
    return Live(
        lists={**listed.lists, **{each.id: each for each in found if isinstance(each, LiveList)}},
        absent={each.id: each for each in found if isinstance(each, Absent)},
        odd={**listed.odd, **{each.id: each for each in found if isinstance(each, OddList)}},
        alone=frozenset(each.id for each in found),
    )


@dataclass(frozen=True, slots=True)
class _ReadAlone:
    """What reading one list alone showed, and when."""

    found: LiveList | OddList | Absent
    read_at: float


@dataclass(frozen=True, slots=True)
class _PendingWrite:
    """An acknowledged PUT that no read has shown yet: the live texts before it, and its body."""

    before: Texts
    body: Texts


class LiveSnapshot:
    """Live as last read; `reads` counts the reads since the last PUT.

    Reading alone what *read all* leaves out costs a request a list, so each is read only when its turn has come, and
    has an age of its own.
    """

    def __init__(self, reader: Reader, clock: Clock) -> None:
        self.live = Live({})
        self.reads = 0
        self._read_at = float("-inf")
        self._alone: dict[str, _ReadAlone] = {}
        self._written: set[str] = set()
        self._pending: dict[str, _PendingWrite] = {}
        self._reader = reader
        self._clock = clock

    def is_stale(self, list_id: str, ahead: float) -> bool:
        """Tell whether live must be read again before a PUT to a list that goes out in `ahead` seconds."""
        age = self._clock.monotonic() - self._age_of(list_id) + ahead
        return ahead > MOST_SECONDS_WAITED or age > MOST_SECONDS_OLD

    def good_until(self, list_id: str) -> float:
        """Return until when, by the clock's `monotonic`, a PUT to a list may go out."""
        return min(self._age_of(list_id) + MOST_SECONDS_OLD, self._clock.monotonic() + MOST_SECONDS_WAITED)

    def _age_of(self, list_id: str) -> float:
        return min(self._read_at, self._alone[list_id].read_at) if self.hides(list_id) else self._read_at

    def hides(self, list_id: str) -> bool:
        """Tell whether *read all* leaves the list out."""
        return list_id in self._alone

    def texts(self, list_id: str) -> Texts:
        """Return the live texts of a list that is known to be there."""
        return self.live.lists[list_id].texts

    def expire(self) -> None:
        """Make all of it stale."""
        self._read_at = float("-inf")

    def note_wait(self, seconds: float) -> None:
        """Take note of a wait since live was read: a long one makes it stale."""
        if seconds > MOST_SECONDS_WAITED:
            self.expire()

    def note_put(self, list_id: str) -> None:
        """Take note of a PUT: no read so far can show it."""
        self.reads = 0
        self._written.add(list_id)

    def note_acknowledged(self, list_id: str, before: Texts, body: Texts) -> None:
        """Take note that a PUT of `body`, over the live texts `before`, was acknowledged; a later read shows it."""
        self._pending[list_id] = _PendingWrite(before, body)
        self._drop_shown()

    def refresh(self, ids: Iterable[str], due: Collection[str]) -> None:
        """Read all again, and alone those of `ids` that it leaves out: the `due`, the written and the new ones.

        Raises what the reader raises.
        """
        read_at = self._clock.monotonic()
        listed = self._reader.read_all()
        known = {list_id: alone for list_id, alone in self._alone.items() if list_id not in {*due, *self._written}}
        self._alone = {
            list_id: known.get(list_id) or self._read_alone(list_id)
            for list_id in dict.fromkeys(ids)
            if not _answers(listed, list_id)
        }
        self.live = _combine(listed, [alone.found for alone in self._alone.values()])
        self._written.clear()
        self._read_at = read_at
        self.reads += 1
        self._drop_shown()

    def narrow(self, ids: Collection[str]) -> None:
        """Keep only the lists of `ids` until the next read: a thousand accounts may wait for an answer, all read."""
        lists = {list_id: found for list_id, found in self.live.lists.items() if list_id in ids}
        self.live = replace(self.live, lists=lists)

    def _read_alone(self, list_id: str) -> _ReadAlone:
        read_at = self._clock.monotonic()
        return _ReadAlone(self._reader.read(list_id), read_at)

    def _drop_shown(self) -> None:
        """Forget pending writes that live shows: one that showed is not late when a later read does not show it."""
        lists = self.live.lists
        self._pending = {
            list_id: write
            for list_id, write in self._pending.items()
            if list_id not in lists or not holds(lists[list_id].texts, write.body)
        }

    def with_pending_writes(self) -> Live:
        """Return live as it will be once the acknowledged writes show that do not show yet."""
        lists = dict(self.live.lists)
        for list_id, write in self._pending.items():
            found = lists.get(list_id)
            if found and holds(found.texts, only_fields(write.before, tuple(write.body))):
                lists[list_id] = replace(found, texts={**found.texts, **write.body})
        return replace(self.live, lists=lists)

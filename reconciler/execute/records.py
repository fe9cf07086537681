"""What a run writes to the state, and when: doubt before a PUT, the truth after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.execute import entries
from reconciler.execute.sending import Sending
from reconciler.model.changes import Adopt, Forget, Update
from reconciler.model.lists import AppliedList, KnownList
from reconciler.model.texts import Texts
from reconciler.model.times import timestamp
from reconciler.protocols import Clock, StateWriter


class Records:
    """The state as a run writes it; each method raises StateError where it cannot be written.

    One sync, before each PUT, serves the last outcome and the intent that follows.
    """

    def __init__(self, writer: StateWriter, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def known(self, key: str) -> KnownList | None:
        """Return the state's entry of `key`."""
        return self._writer.known(key)

    def announce(self, changes: Iterable[Update], live: Callable[[str], Texts]) -> None:
        """Say, before the first PUT, which are to come; `live` gives the texts of a list by its id."""
        now = self._now()
        self._writer.announce({
            change.key: entries.intent(change, self.known(change.key), live(change.id), now) for change in changes
        })  # fmt: skip

    def intend(self, sending: Sending, live: Texts) -> None:
        """Say, before a PUT goes out, that it may be on its way."""
        self._put(sending.change.key, entries.intent(sending.change, sending.prior, live, self._now()))
        self._writer.sync()
        self._writer.confirm()

    def settle(self, change: Update | Adopt, prior: KnownList | None, stored: Texts | None = None) -> None:
        """Say that the list is as desired; `stored` holds the fields that the API keeps otherwise."""
        entry = entries.settled(change, prior, self._now(), stored)
        known = self.known(change.key)
        if isinstance(known, AppliedList) and entry._replace(applied_at=known.applied_at) == known:
            return
        self._put(change.key, entry)

    def doubt(self, sending: Sending) -> None:
        """Say that the PUT may not have taken, though it was acknowledged."""
        self._put(sending.change.key, entries.intent(sending.change, sending.prior, sending.before, self._now()))

    def restore(self, sending: Sending) -> None:
        """Say that nothing was written: the entry before the PUT stands again."""
        self._put(sending.change.key, sending.prior)

    def forget(self, change: Forget) -> None:
        """Drop the entry."""
        self._put(change.key, None)

    def _put(self, key: str, entry: KnownList | None) -> None:
        if self.known(key) != entry:
            self._writer.record(key, entry)

    def _now(self) -> str:
        return timestamp(self._clock.now())

"""What a run writes to the state, and when: doubt before a PUT, the truth after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from reconciler.execute.attempt import ChangeAttempt, WithoutPut
from reconciler.model.changes import Adopt, Forget, Update
from reconciler.model.fields import FIELDS
from reconciler.model.lists import AppliedList, DoubtfulList, KnownList
from reconciler.model.texts import Texts, only_fields
from reconciler.model.times import timestamp
from reconciler.protocols import Clock, StateWriter


class Records:
    """The state as a run writes it; each method raises StateError if it cannot be written.

    One flush, before each PUT, serves the last outcome and the intent that follows.
    """

    def __init__(self, writer: StateWriter, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    def entry(self, key: str) -> KnownList | None:
        """Return the state's entry of `key`."""
        return self._writer.entry(key)

    def announce_intents(self, changes: Iterable[Update], live: Callable[[str], Texts]) -> None:
        """Say, before the first PUT, which are to come; `live` gives the texts of a list by its id."""
        now = self._now()
        self._writer.announce_intents({
            change.key: intent_entry(change, self.entry(change.key), live(change.id), now) for change in changes
        })  # fmt: skip

    def intend(self, attempt: ChangeAttempt, live: Texts) -> None:
        """Say, before a PUT goes out, that it may be on its way."""
        self._put(attempt.change.key, intent_entry(attempt.change, attempt.prior, live, self._now()))
        self._writer.flush()
        self._writer.check_lease()

    def settle(self, change: Update | Adopt, prior: KnownList | None, stored: Texts | None = None) -> None:
        """Say that the list is as desired; `stored` holds the fields that the API keeps otherwise."""
        entry = applied_entry(change, prior, self._now(), stored)
        known = self.entry(change.key)
        if isinstance(known, AppliedList) and entry._replace(applied_at=known.applied_at) == known:
            return
        self._put(change.key, entry)

    def doubt(self, attempt: ChangeAttempt) -> None:
        """Say that the PUT may not have taken, though it was acknowledged."""
        self._put(attempt.change.key, intent_entry(attempt.change, attempt.prior, attempt.before, self._now()))

    def restore(self, attempt: ChangeAttempt) -> None:
        """Say that nothing was written: the entry before the PUT stands again."""
        self._put(attempt.change.key, attempt.prior)

    def make(self, change: WithoutPut) -> None:
        """Make a change that needs no PUT; what is blocked leaves the state as it is."""
        if isinstance(change, Adopt):
            self.settle(change, self.entry(change.key))
        elif isinstance(change, Forget):
            self._put(change.key, None)

    def _put(self, key: str, entry: KnownList | None) -> None:
        if self.entry(key) != entry:
            self._writer.record(key, entry)

    def _now(self) -> str:
        return timestamp(self._clock.now())


def intent_entry(change: Update, known: KnownList | None, live: Texts, at: str) -> DoubtfulList:
    """Return the entry that stands while the PUT of `change` is under way, or when its answer never came.

    The fields of the PUT hold their live values; the others keep what was applied, or for a list that the state did
    not know, what live was judged by.
    """
    mine = known if known and known.id == change.id else None
    others = mine.texts if mine else change.before
    texts = {
        field: live[field] if field in change.fields else others[field]
        for field in FIELDS
        if field in change.fields or field in others
    }
    stored = (
        only_fields(mine.stored, tuple(field for field in mine.stored if field not in change.fields)) if mine else {}
    )
    return DoubtfulList(change.key, change.id, texts, mine.applied_at if mine else at, change.body, stored)


def applied_entry(change: Update | Adopt, known: KnownList | None, at: str, stored: Texts | None = None) -> AppliedList:
    """Return the entry of a list whose managed fields are as desired; `stored` as the last read showed them."""
    kept: Texts = {}
    if known and known.id == change.id:
        sent = change.fields if isinstance(change, Update) else ()
        unsent = tuple(field for field in change.after if field not in sent)
        kept = {
            field: text
            for field, text in only_fields(known.stored, unsent).items()
            if known.texts.get(field) == change.after[field]
        }
    return AppliedList(change.key, change.id, only_fields(change.after, FIELDS), at, {**kept, **(stored or {})})

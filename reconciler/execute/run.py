"""One environment's plan, carried out: what needs no PUT first, then one PUT after the other, then a look at them all.

    each update       stop asked?  →  live too old: read, judge again  →  intent on disk  →  PUT  →  end on disk
    after the first   read back before the second is sent, since nobody knows what this API stores
    at the end        read all: it settles what is in doubt and shows what did not take

A run stops early, and what is left is `not_sent`, when it is told to, when the API or the state can no longer be used,
when the first PUT reads back otherwise than sent, after five failures in a row, and when sign-in is refused twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from reconciler.errors import ReconcilerError
from reconciler.execute.attempts import Attempts, Seams
from reconciler.execute.sending import Sending, Unsendable, unsendable, unsent
from reconciler.execute.settle import read_back, settled
from reconciler.execute.sight import LOOKS, TOO_OLD, Sight
from reconciler.execute.verify import described
from reconciler.model.changes import Adopt, Change, Forget, Update
from reconciler.model.lists import Live
from reconciler.model.outcomes import Outcome

FAILURES_IN_A_ROW = 5

Judge = Callable[[Sequence[Update], Live], Sequence[Change]]
"""Hold changes against newer live values: each comes back as it was, smaller, or as an adoption or a block."""


class Run:
    """The apply of one plan; `stopped` says why it ended early, None where it did not."""

    def __init__(self, changes: Sequence[Change], sight: Sight, seams: Seams, judge: Judge) -> None:
        self.stopped: str | None = None
        self._unsendable = [change for change in changes if not isinstance(change, Update)]
        self._pending = [change for change in changes if isinstance(change, Update)]
        self._sight = sight
        self._seams = seams
        self._judge = judge
        self._attempts = Attempts(seams, sight, self._look_at)
        self._sent: list[Sending] = []
        self._looks: Counter[str] = Counter()
        self._ready: list[Outcome] = []

    def outcomes(self) -> Iterator[Outcome]:
        """Yield each outcome as soon as there is one; a later one of the same key takes its place.

        Raises what stops it before anything was sent; from then on nothing.
        """
        for change in self._unsendable:
            self._record(change)
            yield from self._drained()
        while self._step():
            yield from self._drained()
        self._ready += [unsent(update, "not_sent", self.stopped) for update in self._pending]
        yield from self._drained()
        try:
            yield from settled(self._sent, self._sight, self._seams.records, self._seams.clock)
        except ReconcilerError as error:
            self.stopped = self.stopped or str(error)

    def undo(self) -> tuple[Update, ...]:
        """Return, once all outcomes are out, the changes that set back what this run did."""
        return tuple(undo for sending in self._sent if (undo := sending.undo()))

    def _drained(self) -> Iterator[Outcome]:
        ready, self._ready = self._ready, []
        return iter(ready)

    def _record(self, change: Unsendable) -> None:
        """Make a change that needs no PUT."""
        if isinstance(change, Adopt):
            self._seams.records.settle(change, self._seams.records.known(change.key))
        elif isinstance(change, Forget):
            self._seams.records.forget(change)
        self._ready.append(unsendable(change))

    def _step(self) -> bool:
        """Look again, or bring one pending change to its end; tell whether to go on."""
        if not self._pending:
            return False
        # Room for two: the PUT, and the look at the end.
        room = self._seams.remote.delay(2)
        self.stopped = self._seams.stop.asked(room)
        if self.stopped is None:
            try:
                self._advance(self._pending[0], room)
            except ReconcilerError as error:
                if not self._sent:
                    raise
                self.stopped = str(error)
        return self.stopped is None

    def _advance(self, change: Update, room: float) -> None:
        if self._attempts.may_go(change.id, room):
            self._send(self._pending.pop(0))
        elif self._looks[change.key] < LOOKS:
            self._looks[change.key] += 1
            self._renew(change)
            self._take(self._judged(self._pending))
        else:
            self.stopped = TOO_OLD

    def _send(self, change: Update) -> None:
        try:
            sending = self._attempts.send(change)
        except ReconcilerError:
            self._pending.insert(0, change)
            raise
        self.stopped = sending.stop
        if not sending.attempts and sending.decided is None:
            self._pending.insert(0, sending.change)
            return
        self._sent.append(sending)
        self._ready.append(sending.outcome())
        if sending.acknowledged:
            if self._pending and sum(sending.acknowledged for sending in self._sent) == 1:
                self._read_first_back(sending)
        elif not sending.decided:
            self._leave_those_that_wait_for(change.key)
            self._count_failures()

    def _leave_those_that_wait_for(self, key: str) -> None:
        unmade = {key}
        for change in tuple(self._pending):  # in this order a change comes after those that it waits for
            awaited = next((other for other in change.waits_for if other in unmade), None)
            if awaited is not None:
                unmade.add(change.key)
                self._pending.remove(change)
                error = f"it waits for the rename of {awaited}, which was not made"
                self._ready.append(unsent(change, "not_sent", error))

    def _count_failures(self) -> None:
        last = [sending for sending in self._sent if not sending.decided][-FAILURES_IN_A_ROW:]
        if len(last) == FAILURES_IN_A_ROW and not any(sending.acknowledged for sending in last):
            self.stopped = self.stopped or f"{FAILURES_IN_A_ROW} changes in a row failed or are in doubt"

    def _read_first_back(self, first: Sending) -> None:
        """Go on only if the first PUT shows as sent, or nearly so, and touched nothing else."""
        found = read_back([first], self._ids(), self._sight, self._seams.clock)[first.change.key]
        if not found.clean:
            error = described(found, first.change.body)
            self.stopped = self.stopped or f"the first PUT, of {first.change.key}, does not read back as sent: {error}"
        self._take(self._judged(self._pending))

    def _look_at(self, change: Update) -> Change:
        """Read live again between two attempts of `change`; return what becomes of that one."""
        self._renew(change)
        judged = self._judged([change, *self._pending])
        mine = next(other for other in judged if other.key == change.key)
        self._take([other for other in judged if other is not mine])
        return mine

    def _renew(self, change: Update) -> None:
        """Read live once there is room for that, and for the PUT of `change` after it."""
        self._seams.clock.sleep(self._seams.remote.delay(3 if self._sight.hides(change.id) else 2))
        self._sight.renew([change.id, *self._ids()], [change.id])

    def _judged(self, changes: Sequence[Update]) -> Sequence[Change]:
        for sending in self._sent:
            sending.look(self._sight.live.lists.get(sending.change.id))
        written = {
            sending.change.id: (sending.before, sending.change.body)
            for sending in self._sent
            if sending.acknowledged and not sending.seen
        }
        return self._judge(changes, self._sight.overlaid(written))

    def _take(self, judged: Sequence[Change]) -> None:
        self._pending = [change for change in judged if isinstance(change, Update)]
        for change in judged:
            if not isinstance(change, Update):
                self._record(change)

    def _ids(self) -> list[str]:
        return [change.id for change in self._pending] + [sending.change.id for sending in self._sent]

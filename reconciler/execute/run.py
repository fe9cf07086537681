"""One environment's plan, carried out: what needs no PUT first, then one PUT after the other, then a look at them all.

    each pass        stop asked?  →  live too old: read, judge all again  →  intent on disk  →  PUT  →  end on disk
    after the first  read back before the second is sent, since it is unknown what this API stores
    at the end       read all: it settles what is in doubt and shows what did not take

The first in the queue is the attempt under way; it leaves the queue when there is nothing more to try (`attempt`).

A run stops early, and what is left is `not_sent`, when it has to end, when the API or the state can no longer be used,
when the first PUT reads back otherwise than sent, after five failures in a row, and when sign-in is refused twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from reconciler.errors import ReconcilerError, in_words
from reconciler.execute import calls
from reconciler.execute.attempt import (
    Acknowledged,
    Again,
    AgainLater,
    ChangeAttempt,
    Done,
    InDoubt,
    NotWritten,
    Superseded,
    outcome_without_put,
    unsent,
)
from reconciler.execute.finding import describe
from reconciler.execute.records import Records
from reconciler.execute.snapshot import LOOKS, TOO_OLD, LiveSnapshot
from reconciler.execute.verify import READS, read_back, record_finding
from reconciler.model.changes import Adopt, Change, Update
from reconciler.model.lists import Live
from reconciler.model.outcomes import Outcome
from reconciler.model.put_answers import PutAnswer, Unsent
from reconciler.model.retry import ATTEMPTS, backoff
from reconciler.model.texts import Texts, only_fields
from reconciler.protocols import Clock, Remote, Stop

FAILURES_IN_A_ROW = 5
Revalidate = Callable[[Sequence[Update], Live], Sequence[Change]]
"""Hold changes against newer live values: each comes back as it was, smaller, or as an adoption or a block."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunContext:
    """What a run acts on. `jitter` returns a uniform number in [0, 1)."""

    records: Records
    remote: Remote
    clock: Clock
    stop: Stop
    jitter: Callable[[], float]


class Run:
    """The apply of one plan; `stopped` says why it ended early, None if it did not."""

    def __init__(
        self, changes: Sequence[Change], snapshot: LiveSnapshot, context: RunContext, revalidate: Revalidate
    ) -> None:
        self.stopped: str | None = None
        self._without_put = [change for change in changes if not isinstance(change, Update)]
        self._queue = [
            ChangeAttempt(change, context.records.entry(change.key)) for change in changes if isinstance(change, Update)
        ]
        self._sent: list[ChangeAttempt] = []  # those that left the queue, and had a PUT
        self._shown: dict[str, Texts] = {}  # by key, what the last read showed of those that took
        self._snapshot = snapshot
        self._records = context.records
        self._remote = context.remote
        self._clock = context.clock
        self._stop = context.stop
        self._jitter = context.jitter
        self._revalidate = revalidate

    def outcomes(self) -> Iterator[Outcome]:
        """Yield each outcome as soon as there is one; a later one of the same key takes its place.

        Raises what stops it before anything was sent; from then on nothing.
        """
        for change in self._without_put:
            self._records.make(change)
            yield outcome_without_put(change)
        try:
            while self._queue and self.stopped is None:
                yield from self._pass(self._queue[0])
        except Exception as error:  # noqa: BLE001 - raised again if nothing was sent
            self._break_off(in_words(error))
        yield from self._leave_queue()
        calls.wait_for_last_read(self._remote, self._stop, stopped=bool(self.stopped and self._sent))
        yield from self._verify()

    def undo(self) -> tuple[Update, ...]:
        """Return, once all outcomes are out, the changes that set back what this run did."""
        undone = (attempt.undo(self._shown.get(attempt.change.key)) for attempt in self._sent)
        return tuple(undo for undo in undone if undo)

    def _pass(self, attempt: ChangeAttempt) -> Iterator[Outcome]:
        """Look again, or send one PUT."""
        # Room for two: the PUT, and the look at the end.
        room = self._remote.delay(2)
        self.stopped = self._stop.reason_to_end(room)
        if self.stopped is not None:
            return
        if not self._turn_comes(attempt.change.id, room):
            yield from self._look_again(attempt)
            return
        answer = self._send(attempt)
        if isinstance(answer, Unsent):
            self._snapshot.expire()
            return
        attempt, step = self._queue[0].after_answer(answer)
        self._queue[0] = attempt
        match step:
            case Again():
                pass
            case AgainLater(why, at_least):
                self._back_off(attempt, why, at_least)
            case Done(halt):
                self.stopped = halt
                yield from self._finish(self._queue.pop(0))
            case _:
                assert_never(step)

    def _turn_comes(self, list_id: str, room: float) -> bool:
        """Wait for the place of a PUT if that is near; tell whether live is new enough afterwards.

        Afterwards, since a wait may last longer than was asked for: machines go to sleep. `room` is in how many seconds
        two requests may go.
        """
        ahead = room and self._remote.delay(1)
        while ahead and not self._snapshot.is_stale(list_id, ahead):
            self._clock.sleep(ahead)
            ahead = self._remote.delay(1)
        return not self._snapshot.is_stale(list_id, ahead)

    def _look_again(self, attempt: ChangeAttempt) -> Iterator[Outcome]:
        """Read live once there is room for that, and for the PUT after it; judge the queue by it, but not for ever."""
        if attempt.looks == LOOKS:
            self.stopped = TOO_OLD
            return
        self._queue[0] = replace(attempt, looks=attempt.looks + 1)
        list_id = attempt.change.id
        calls.wait_for_room(self._remote, self._clock, 3 if self._snapshot.hides(list_id) else 2)
        self._snapshot.refresh(self._ids(), [list_id])
        yield from self._judge_queue()

    def _judge_queue(self) -> Iterator[Outcome]:
        """Hold the queue against live as it was just read; the attempt under way stays the first."""
        attempts = {attempt.change.key: attempt for attempt in self._queue}
        judged = self._revalidate([attempt.change for attempt in self._queue], self._snapshot.with_pending_writes())
        stands = [attempts[change.key].after_revalidation(change) for change in judged]
        left = [attempt for attempt, step in stands if isinstance(step, Again)]
        self._queue = sorted(left, key=lambda attempt: attempt.puts == 0)
        for attempt in (attempt for attempt, step in stands if isinstance(step, Done)):
            yield from self._finish(attempt)

    def _send(self, attempt: ChangeAttempt) -> PutAnswer:
        """Send the PUT, its intent durable before."""
        list_id, live = attempt.change.id, self._snapshot.texts(attempt.change.id)
        self._records.intend(attempt, live)
        answer = calls.put(self._remote, attempt.change, self._snapshot.good_until(list_id))
        if not isinstance(answer, Unsent):
            self._queue[0] = attempt.after_sending(live)
            self._snapshot.note_put(list_id)
        return answer

    def _back_off(self, attempt: ChangeAttempt, why: str, at_least: float) -> None:
        wait = max(at_least, backoff(attempt.puts, self._jitter()))
        self.stopped = self._stop.reason_to_end(wait)
        if self.stopped is None:
            key, number = attempt.change.key, attempt.puts + 1
            _log.warning("%s: %s; attempt %d of %d in %.0f s", key, why, number, ATTEMPTS, wait)
            self._clock.sleep(wait)
            self._snapshot.note_wait(wait)

    def _finish(self, attempt: ChangeAttempt) -> Iterator[Outcome]:
        """Record how an attempt, which left the queue, ended; then see what that means for the others."""
        try:
            self._record_end(attempt)
        except Exception as error:
            if not attempt.puts:
                raise
            self.stopped = in_words(error).coded
            attempt = attempt.broken_off(self.stopped)
        if attempt.puts:
            self._sent.append(attempt)
        yield attempt.outcome()
        match attempt.status:
            case Acknowledged():
                yield from self._after_success(attempt)
            case Superseded():
                pass
            case NotWritten() | InDoubt():
                yield from self._leave_those_that_wait_for(attempt.change.key)
                self._count_failures()
            case _:
                assert_never(attempt.status)

    def _record_end(self, attempt: ChangeAttempt) -> None:
        """Write the end of an attempt; a doubt was written before its PUT."""
        match attempt.status:
            case Acknowledged():
                self._records.settle(attempt.change, attempt.prior)
            case Superseded(Adopt() as adopt):
                self._records.settle(adopt, attempt.prior)
            case NotWritten() | Superseded():
                self._records.restore(attempt)
            case InDoubt():
                pass
            case _:
                assert_never(attempt.status)

    def _after_success(self, attempt: ChangeAttempt) -> Iterator[Outcome]:
        """Read the first PUT back; go on only if it shows as sent, or nearly so, and touched nothing else."""
        self._snapshot.note_acknowledged(attempt.change.id, attempt.before, attempt.change.body)
        successes = sum(isinstance(sent.status, Acknowledged) for sent in self._sent)
        if not self._queue or successes > 1:
            return
        found = read_back([attempt], self._ids(), self._snapshot, self._clock)[attempt.change.key]
        if not found.clean:
            error = describe(found, attempt.change.body)
            self.stopped = f"the first PUT, of {attempt.change.key}, does not read back as sent: {error}"
        yield from self._judge_queue()

    def _leave_those_that_wait_for(self, key: str) -> Iterator[Outcome]:
        unmade = {key}
        for attempt in tuple(self._queue):  # in this order a change comes after those that it waits for
            awaited = next((other for other in attempt.change.waits_for if other in unmade), None)
            if awaited is not None:
                unmade.add(attempt.change.key)
                self._queue.remove(attempt)
                yield unsent(attempt.change, "not_sent", f"it waits for the rename of {awaited}, which was not made")

    def _count_failures(self) -> None:
        tried = [attempt for attempt in self._sent if not isinstance(attempt.status, Superseded)][-FAILURES_IN_A_ROW:]
        if len(tried) == FAILURES_IN_A_ROW and not any(isinstance(each.status, Acknowledged) for each in tried):
            self.stopped = self.stopped or f"{FAILURES_IN_A_ROW} changes in a row failed or are in doubt"

    def _break_off(self, error: ReconcilerError) -> None:
        """End the run at `error`, which is raised if nothing was sent."""
        if self._queue and self._queue[0].puts:
            self._queue[0] = self._queue[0].broken_off(error.coded)
        elif not self._sent:
            self._take_back(error)
            raise error
        self.stopped = error.coded

    def _take_back(self, error: ReconcilerError) -> None:
        """Restore the entry whose intent was recorded; a failure of that is raised, since a doubt stays."""
        try:
            for attempt in self._queue[:1]:
                self._records.restore(attempt)
        except ReconcilerError as failure:
            failure.add_note(error.coded)
            raise

    def _leave_queue(self) -> Iterator[Outcome]:
        """Bring the attempt under way to its end; nothing was sent of the others."""
        if self._queue and self._queue[0].puts:
            yield from self._finish(self._queue.pop(0))
        left, self._queue = self._queue, []
        for attempt in left:
            try:
                self._records.restore(attempt)  # changes nothing, but for the one whose intent was recorded
            except Exception as error:  # noqa: BLE001 - whatever it is, each change has an outcome
                self.stopped = in_words(error).coded
            yield unsent(attempt.change, "not_sent", self.stopped)

    def _verify(self) -> Iterator[Outcome]:
        """Read back what was sent; yield and record the final outcome of each, or say that nothing could be read."""
        sent = [attempt for attempt in self._sent if not isinstance(attempt.status, Superseded)]
        try:
            found = read_back(sent, self._ids(), self._snapshot, self._clock)
        except Exception as error:  # noqa: BLE001 - likewise
            yield from (attempt.unread_outcome(in_words(error).coded) for attempt in sent)
            return
        for attempt in sent:
            shown = found[attempt.change.key]
            if shown.took:
                self._shown[attempt.change.key] = only_fields(shown.live, attempt.change.after)
            outcome = attempt.verified_outcome(shown, last=self._snapshot.reads >= READS)
            try:
                record_finding(attempt, outcome, shown, self._records)
            except Exception as error:  # noqa: BLE001 - likewise
                self.stopped = self.stopped or in_words(error).coded
            yield outcome

    def _ids(self) -> list[str]:
        """Return the lists to look for alone if *read all* leaves them out."""
        return [attempt.change.id for attempt in (*self._queue, *self._sent)]

"""One change, attempt by attempt, until it is acknowledged, refused, in doubt or no longer meant."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from reconciler.errors import ReconcilerError
from reconciler.execute.records import Records
from reconciler.execute.sending import Sending
from reconciler.execute.sight import LOOKS, TOO_OLD, Sight
from reconciler.model.answers import Rejected, Unsent, Unsettled
from reconciler.model.changes import Adopt, Change, Update
from reconciler.model.retry import ATTEMPTS, backoff
from reconciler.protocols import Clock, Remote, Stop

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seams:
    """What a run acts on. `jitter` returns a uniform number in [0, 1)."""

    records: Records
    remote: Remote
    clock: Clock
    stop: Stop
    jitter: Callable[[], float]


class Attempts:
    """Sends one change; `look` reads live again and says what it makes of that change."""

    def __init__(self, seams: Seams, sight: Sight, look: Callable[[Update], Change]) -> None:
        self._seams = seams
        self._sight = sight
        self._look = look

    def send(self, change: Update) -> Sending:
        """Try `change` until there is nothing more to try; its intent is durable before each PUT, its end written.

        Raises what goes wrong before its first PUT; what goes wrong later ends the run by `Sending.stop`.
        """
        sending = Sending(change, self._seams.records.known(change.key), self._sight.texts(change.id))
        try:
            while self._attempt(sending):
                pass
        except ReconcilerError as error:
            if not sending.attempts:
                self._take_back(sending, error)
                raise
            sending.stop = str(error)
            sending.error = sending.error or str(error)
        try:
            self._close(sending)
        except ReconcilerError as error:
            sending.stop = sending.error = str(error)
        return sending

    def may_go(self, list_id: str, room: float) -> bool:
        """Wait for the place of a PUT where that is near; tell whether live is new enough afterwards.

        Afterwards, since a wait may last longer than was asked for: machines go to sleep. `room` is in how many seconds
        two requests may go.
        """
        ahead = room and self._seams.remote.delay(1)
        while ahead and not self._sight.stale(list_id, ahead):
            self._seams.clock.sleep(ahead)
            ahead = self._seams.remote.delay(1)
        return not self._sight.stale(list_id, ahead)

    def _attempt(self, sending: Sending) -> bool:
        """Send the PUT once; tell whether it is worth another attempt."""
        if (sending.attempts or sending.late) and not self._still_meant(sending):
            return False
        list_id = sending.change.id
        self._seams.records.intend(sending, self._sight.texts(list_id))
        answer = self._seams.remote.put(list_id, sending.change.body, self._sight.good_until(list_id))
        if isinstance(answer, Unsent):
            return self._came_late(sending)
        sending.attempts += 1
        self._sight.wrote(list_id)
        if isinstance(answer, Rejected):
            return self._rejected(sending, answer)
        if isinstance(answer, Unsettled):
            return self._unsettled(sending, answer)
        sending.acknowledged = True
        return False

    def _came_late(self, sending: Sending) -> bool:
        """Look again before the next attempt, but not for ever."""
        sending.late += 1
        self._sight.waited(float("inf"))
        sending.stop = TOO_OLD if sending.late == LOOKS else None
        return sending.stop is None

    def _rejected(self, sending: Sending, answer: Rejected) -> bool:
        """A refusal is final, but for a first 401: the next attempt carries a fresh token."""
        sending.error = answer.error
        if not answer.unauthorized:
            return False
        if not sending.refused_sign_in:
            sending.refused_sign_in = True
            return sending.attempts < ATTEMPTS
        sending.stop = f"sign-in was refused twice, each time with a fresh token: {answer.error}"
        return False

    def _unsettled(self, sending: Sending, answer: Unsettled) -> bool:
        sending.landed = sending.landed or answer.landed
        sending.error = f"{answer.error} (after {sending.attempts} {'PUT' if sending.attempts == 1 else 'PUTs'})"
        if not answer.again or sending.attempts >= ATTEMPTS:
            return False
        wait = max(answer.wait or 0.0, backoff(sending.attempts, self._seams.jitter()))
        sending.stop = self._seams.stop.asked(wait)
        if sending.stop is None:
            number, key = sending.attempts + 1, sending.change.key
            _log.warning("%s: %s; attempt %d of %d in %.0f s", key, answer.error, number, ATTEMPTS, wait)
            self._seams.clock.sleep(wait)
            self._sight.waited(wait)
        return sending.stop is None

    def _still_meant(self, sending: Sending) -> bool:
        """Look again while live is too old, and tell whether the PUT is still called for."""
        for _ in range(LOOKS):
            room = self._seams.remote.delay(2)
            sending.stop = self._seams.stop.asked(room)
            if sending.stop is not None:
                return False
            if self.may_go(sending.change.id, room):
                return True
            if not self._stands(sending):
                return False
        sending.stop = TOO_OLD
        return False

    def _stands(self, sending: Sending) -> bool:
        """Look again, and tell whether the change stands."""
        mine = self._look(sending.change)
        if isinstance(mine, Update):
            sending.meant(mine, self._sight.texts(mine.id))
            return True
        if not sending.landed:
            sending.decided = mine
        elif isinstance(mine, Adopt):
            sending.acknowledged = True
        return False

    def _take_back(self, sending: Sending, error: ReconcilerError) -> None:
        """Restore the entry; a failure of that is raised, since a doubt stays, with `error` as a note."""
        try:
            self._seams.records.restore(sending)
        except ReconcilerError as failure:
            failure.add_note(str(error))
            raise

    def _close(self, sending: Sending) -> None:
        """Write the end; what is in doubt is there already."""
        if sending.acknowledged or isinstance(sending.decided, Adopt):
            self._seams.records.settle(sending.change, sending.prior)
        elif not sending.landed:
            self._seams.records.restore(sending)

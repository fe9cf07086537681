"""Calls of the API as a run makes them: one PUT, whatever breaks, and the waits before a read."""

from __future__ import annotations

import logging

from reconciler.errors import ReconcilerError, in_words
from reconciler.model.changes import Update
from reconciler.model.put_answers import PutAnswer, Unsettled
from reconciler.protocols import Clock, Remote, Stop

WORTH_TELLING = 5.0  # seconds
SOON = 5.0  # seconds: who kills a run gives it about ten
_MARGIN = 0.05  # seconds: the clock is read twice
_log = logging.getLogger(__name__)


def put(remote: Remote, change: Update, by: float) -> PutAnswer:
    """Make one attempt to write `change`; one that breaks as no client promises may have arrived."""
    try:
        return remote.put(change.id, change.body, by)
    except ReconcilerError:
        raise
    except Exception as error:  # noqa: BLE001 - a PUT may be out: its change must have an outcome
        return Unsettled(in_words(error).coded, landed=True, again=False)


def wait_for_room(remote: Remote, clock: Clock, places: int) -> None:
    """Wait until the rate limit lets `places` requests go back to back; say so if that takes long."""
    wait = remote.delay(places)
    if wait >= WORTH_TELLING:
        _log.info("waiting %.0f s for the limit of requests a minute, then the account is read again", wait)
    clock.sleep(wait)


def wait_for_last_read(remote: Remote, stop: Stop, *, stopped: bool) -> None:
    """Wait for the place of one read if that is near, though the run was `stopped`: else nothing is verified."""
    if stopped and 0 < (ahead := remote.delay(1)) <= SOON:
        stop.last_wait(ahead + _MARGIN)

"""The rate limit: at most so many requests in any sliding 60 seconds of one account.

A request takes a place when it is sent and keeps it until 60 seconds after its answer, since the API does not say when
it counts it. Free places are given at once. All environments of an account within a command share one `RateLimit`;
other commands have their own, which is why an environment takes half of what the API allows unless the manifest says
more.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from reconciler.protocols import Clock

WINDOW = 60.0
_WORTH_TELLING = 5.0
_log = logging.getLogger(__name__)


class RateLimit:
    """The places of one account; for one thread, with one request at a time.

    `sent` requests, of which the last was answered `ago` seconds ago, have their places already.
    """

    def __init__(self, requests_per_minute: int, clock: Clock, sent: int = 0, ago: float = 0.0) -> None:
        self.requests_per_minute = requests_per_minute
        self._clock = clock
        # When each place that was taken is free again, in order.
        self._ends = [clock.monotonic() - ago + WINDOW] * sent
        self._held_until = clock.monotonic()
        self._refused = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait until a request may go, and hold its place while it is under way and for 60 seconds after."""
        while (wait := self.delay(1)) > 0:
            if wait >= _WORTH_TELLING:
                _log.info("waiting %.0f s for the limit of %d requests a minute", wait, self.requests_per_minute)
            self._clock.sleep(wait)
        try:
            yield
        finally:
            self._ends.append(self._clock.monotonic() + WINDOW)

    def delay(self, places: int) -> float:
        """Return the seconds until `places` requests (or as many as the limit is) may go back to back."""
        now = self._clock.monotonic()
        del self._ends[: bisect_right(self._ends, now)]
        over = len(self._ends) + min(places, self.requests_per_minute) - self.requests_per_minute
        freed = self._ends[over - 1] if over > 0 else now
        return max(freed, self._held_until, now) - now

    def note_refusal(self, asked: float | None) -> None:
        """Let no request go after a rate-limit answer: for as long as was `asked`, in seconds.

        If it named no time, or waiting so long did not help, until the window has passed.
        """
        seconds = max(asked or 0.0, WINDOW) if self._refused or not asked else asked
        self._held_until = max(self._held_until, self._clock.monotonic() + seconds)
        self._refused = True

    def note_acceptance(self) -> None:
        """Take note of an answer that is none of the limit."""
        self._refused = False

"""The rate limit: at most so many requests in any sliding 60 seconds of one account.

A request takes a place when it is sent and keeps it until 60 seconds after its answer, since nobody says when the API
counts it. Free places are given at once. Those of other commands come from `places`, and are believed only as far as
they can be true. A place is noted for others as it is taken, as if it were answered in a second; when it really was, at
once if that took longer, else with the next place or when all is done.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from reconciler.model.lists import Target
from reconciler.protocols import Clock
from reconciler.remote.places import Places, SharedPlaces, path_of

WINDOW = 60.0
_SOON = 1.0  # seconds within which others need not know that a request ended
_WORTH_TELLING = 5.0
_log = logging.getLogger(__name__)


class Limiter:
    """The places of one account; for one thread, with one request at a time."""

    def __init__(self, requests_per_minute: int, clock: Clock, target: Target, folder: Path | None = None) -> None:
        """Share the places with other commands by a file in `folder`; with none, by nothing."""
        self._limit = requests_per_minute
        self._clock = clock
        path = None if folder is None else path_of(folder, target.host, target.account_id)
        self._shared = SharedPlaces(path, clock, run=uuid4().hex[:12])
        self._ends: list[float] = []  # of the places of this run, in order
        self._held_until = clock.monotonic()
        self._owing = False

    @contextmanager
    def place(self) -> Iterator[None]:
        """Wait until a request may go, and hold its place while it is under way and for 60 seconds after."""
        while (wait := self._take()) > 0:
            if wait >= _WORTH_TELLING:
                _log.info("waiting %.0f s for the limit of %d requests a minute", wait, self._limit)
            self._clock.sleep(wait)
        began = self._clock.monotonic()
        try:
            yield
        finally:
            ended = self._clock.monotonic()
            self._ends[-1] = ended + WINDOW
            self._owing = True
            if ended - began > _SOON:
                self.close()

    def delay(self, places: int) -> float:
        """Return the seconds until `places` requests (or as many as the limit is) may go back to back."""
        return self._delay(places, self._shared.glimpse())

    def hold(self, seconds: float | None) -> None:
        """Let no request go for `seconds` after a rate-limit answer; None: until the window has passed."""
        until = self._clock.monotonic() + (WINDOW if seconds is None else seconds)
        self._held_until = max(self._held_until, until)
        with self._shared:
            self._note(self._shared.read())

    def close(self) -> None:
        """Note when the last request was answered."""
        if self._owing:
            with self._shared:
                self._note(self._shared.read())

    def _take(self) -> float:
        """Take a place and return 0.0, or return the seconds until one may be free."""
        with self._shared:
            places = self._shared.read()
            wait = self._delay(1, places)
            if wait <= 0:
                self._ends.append(self._clock.monotonic() + WINDOW)
            self._note(places, _SOON if wait <= 0 else 0.0)
            return wait

    def _delay(self, places: int, shared: Places) -> float:
        now = self._clock.monotonic()
        del self._ends[: bisect_right(self._ends, now)]
        ends = self._ends
        if shared.requests:
            ends = sorted(ends + [at + WINDOW for _, at in shared.requests if self._is_held(at + WINDOW, now)])
        over = len(ends) + min(places, self._limit) - self._limit
        freed = ends[over - 1] if over > 0 else now
        held_until = shared.held_until if self._is_held(shared.held_until, now) else now
        return max(freed, self._held_until, held_until, now) - now

    @staticmethod
    def _is_held(until: float, now: float) -> bool:
        """Tell whether a time that others noted is ahead, and not too far to be true."""
        return 0 < until - now <= WINDOW + 2 * _SOON

    def _note(self, others: Places, open_for: float = 0.0) -> None:
        """Write what others noted and is still good, and the places of this run, the last one open for so long."""
        now = self._clock.monotonic()
        own = [end - WINDOW for end in self._ends if end > now]
        if open_for:
            own[-1] += open_for
        held = min(self._held_until, now + WINDOW) if self._held_until > now else 0.0
        kept_hold = others.held_until if self._is_held(others.held_until, now) else 0.0
        kept = [(run, at) for run, at in others.requests if self._is_held(at + WINDOW, now)]
        self._shared.write(Places(kept, max(held, kept_hold)), own)
        self._owing = self._owing and not self._shared.is_open

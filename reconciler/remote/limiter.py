"""The rate limit: at most so many requests in any sliding 60 seconds of one account.

A request takes a place when it is sent and keeps it until 60 seconds after its answer, since nobody says when the API
counts it. Free places are given at once. Own places are measured by the monotonic clock; those of other commands come
from `places`, by the wall clock, and are believed only as far as they can be true: none lasts over 60 seconds. A place
is noted for others as it is taken; that it was answered, at once if that took long, else with the next place or when
all is done.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from reconciler.model.lists import Target
from reconciler.protocols import Clock
from reconciler.remote.places import Places, SharedPlaces, Stamp, opened, path_of, stamped

WINDOW = 60.0
_SKEW = 1.0
_SOON = 1.0  # seconds within which others need not know that a request ended
_WORTH_TELLING = 5.0
_MOST_SHARED = 1000
_log = logging.getLogger(__name__)


class Limiter:
    """The places of one account; for one thread, with one request at a time."""

    def __init__(self, requests_per_minute: int, clock: Clock, target: Target, folder: Path | None = None) -> None:
        """Share the places with other commands by a file in `folder`; with none, by nothing."""
        self._limit = requests_per_minute
        self._clock = clock
        self._path = None if folder is None else path_of(folder, target.host, target.account_id)
        self._run = uuid4().hex[:12]
        self._ends: list[float] = []
        self._held_until = clock.monotonic()
        self._stamp: Stamp | None = None
        self._seen = Places()
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
        return self._delay(places, self._glimpsed())

    def hold(self, seconds: float | None) -> None:
        """Let no request go for `seconds` after a rate-limit answer; None: until the window has passed."""
        until = self._clock.monotonic() + (WINDOW if seconds is None else seconds)
        self._held_until = max(self._held_until, until)
        with opened(self._path, self._clock) as shared:
            self._note(shared, shared.read())

    def close(self) -> None:
        """Note when the last request was answered."""
        if self._owing:
            with opened(self._path, self._clock) as shared:
                self._note(shared, shared.read())

    def _take(self) -> float:
        """Take a place and return 0.0, or return the seconds until one may be free."""
        with opened(self._path, self._clock) as shared:
            places = shared.read()
            wait = self._delay(1, places)
            if wait <= 0:
                now = self._clock.monotonic()
                self._ends = [*(end for end in self._ends if end > now), now + WINDOW]
            self._note(shared, places)
            return wait

    def _delay(self, places: int, shared: Places) -> float:
        now = self._clock.monotonic()
        others = [now + left for _, at in self._others(shared) if (left := self._left(at + WINDOW)) > 0]
        ends = sorted(end for end in self._ends + others if end > now)
        over = len(ends) + min(places, self._limit) - self._limit
        freed = ends[over - 1] if over > 0 else now
        return max(freed - now, self._held_until - now, self._left(shared.held_until), 0.0)

    def _left(self, until: float) -> float:
        """Return the seconds to the wall-clock time `until`; 0.0 where it is past, or too far ahead to be true."""
        left = until - self._clock.now()
        return left if 0 < left <= WINDOW + _SKEW else 0.0

    def _others(self, shared: Places) -> list[tuple[str, float]]:
        return [(run, at) for run, at in shared.requests if run != self._run]

    def _glimpsed(self) -> Places:
        """Return what the file holds; it is opened only where it was written since this run last had it."""
        stamp = stamped(self._path)
        if stamp is None or stamp != self._stamp:
            with opened(self._path, self._clock) as shared:
                self._stamp, self._seen = stamp if shared.is_open else None, shared.read()
        return self._seen

    def _note(self, shared: SharedPlaces, places: Places) -> None:
        """Write what others noted in `places`, and what this run has to say."""
        self._seen = self._noted(places)
        shared.write(self._seen)
        if shared.is_open:
            self._stamp, self._owing = stamped(self._path), False

    def _noted(self, shared: Places) -> Places:
        """Return what the file should hold: what others noted and is still good, and the places of this run."""
        now, ahead = self._clock.monotonic(), self._clock.now() - self._clock.monotonic()
        others = [(run, at) for run, at in self._others(shared) if self._left(at + WINDOW) > 0]
        own = [(self._run, end - WINDOW + ahead) for end in self._ends if end > now]
        held = min(self._held_until, now + WINDOW) + ahead if self._held_until > now else 0.0
        kept_hold = shared.held_until if self._left(shared.held_until) else 0.0
        return Places(requests=[*others, *own][-_MOST_SHARED:], held_until=max(held, kept_hold))

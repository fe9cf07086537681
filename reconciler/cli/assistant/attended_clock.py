"""Time for calls that may be given up: a wait ends with the last one who waits for its answer."""

from __future__ import annotations

from threading import Event

from reconciler.protocols import Clock

_LOOK = 1.0  # seconds between two looks at whether the answer is still awaited


class GivenUpError(Exception):
    """Nobody waits for the answer of this call any more."""


class AttendedClock:
    """Another clock, whose waits end when the call is given up: `protocols.Clock`. For one call at a time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given_up = Event()

    def begin(self, given_up: Event) -> None:
        """Wait for this call from now on. Raises GivenUpError if it was given up already."""
        self._given_up = given_up
        self._look()

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return self._clock.now()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`. Raises GivenUpError if the call was given up, or is within a second or so."""
        until = self._clock.monotonic() + seconds
        self._look()
        while (left := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, _LOOK))
            self._look()

    def _look(self) -> None:
        if self._given_up.is_set():
            raise GivenUpError

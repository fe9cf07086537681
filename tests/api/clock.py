"""A clock that passes only when somebody sleeps, or the test says so."""

from __future__ import annotations

START = 1_800_000_000.0


class FakeClock:
    """`ahead` is what the wall clock has over the monotonic one; a test may let it jump."""

    def __init__(self, ahead: float = START, monotonic: float = 1000.0) -> None:
        self.ahead = ahead
        self.passed = monotonic
        self.slept: list[float] = []

    def now(self) -> float:
        return self.passed + self.ahead

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.slept.append(seconds)
        self.passed += seconds

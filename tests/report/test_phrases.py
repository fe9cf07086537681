"""What things are called, the same in every sink."""

from __future__ import annotations

from typing import get_args

import pytest

from reconciler.model.changes import Cause
from reconciler.report import phrases

DURATIONS = {
    0: "0 s",
    0.04: "0 s",
    0.42: "0.4 s",
    3: "3 s",
    9.94: "9.9 s",
    9.96: "10 s",
    59.4: "59 s",
    59.6: "1 min",
    125: "2 min 5 s",
    3599.6: "1 h",
    3725: "1 h 2 min",
    90_000: "25 h",
}


@pytest.mark.parametrize(("seconds", "expected"), DURATIONS.items())
def test_duration(seconds: float, expected: str) -> None:
    assert phrases.duration(seconds) == expected


@pytest.mark.parametrize(("number", "expected"), [(0, "0 lists"), (1, "1 list"), (1000, "1,000 lists")])
def test_counted(number: int, expected: str) -> None:
    assert phrases.count(number, "list") == expected


def test_nothing_lacks_words() -> None:
    assert set(phrases.CAUSES) == set(get_args(Cause))

"""Back-off doubles its bound and never passes the longest wait."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.retry import ATTEMPTS, backoff


@pytest.mark.parametrize(("attempt", "longest"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 30), (50, 30)])
def test_the_bound_doubles_up_to_half_a_minute(attempt: int, longest: float) -> None:
    assert backoff(attempt, 1.0) == longest


@given(st.integers(1, 100), st.floats(0, 1))
def test_jitter_leaves_at_least_half_of_the_bound(attempt: int, chance: float) -> None:
    assert backoff(attempt, 1.0) / 2 <= backoff(attempt, chance) <= backoff(attempt, 1.0)


def test_jitter_takes_the_half_at_worst() -> None:
    assert [backoff(attempt, 0.0) for attempt in (1, 2, 3, 4, 50)] == [0.5, 1, 2, 4, 15]


def test_five_attempts() -> None:
    assert ATTEMPTS == 5

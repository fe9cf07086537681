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
def test_jitter_is_full(attempt: int, chance: float) -> None:
    assert 0 <= backoff(attempt, chance) <= backoff(attempt, 1.0)


def test_five_attempts() -> None:
    assert ATTEMPTS == 5

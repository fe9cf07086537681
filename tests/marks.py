"""Which of many like tests run always; the others are slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest
from _pytest.mark import ParameterSet


def first_always(values: Iterable[object]) -> list[ParameterSet]:
    """Return `values` for `parametrize`, all but the first marked as slow."""
    first, *others = values
    return [pytest.param(first), *(pytest.param(each, marks=pytest.mark.slow) for each in others)]


def each_once(values: Iterable[object], others: Sequence[object]) -> list[ParameterSet]:
    """Return all pairs for `parametrize`; those that are not needed to have each of both once are marked as slow."""
    return [
        pytest.param(value, other, marks=() if index % len(others) == number else pytest.mark.slow)
        for index, value in enumerate(values)
        for number, other in enumerate(others)
    ]

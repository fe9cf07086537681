"""Which of many like tests run always: the first of them; the others are slow."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet


def first_always(values: Iterable[object]) -> list[ParameterSet]:
    """Return `values` for `parametrize`, all but the first marked as slow."""
    first, *others = values
    return [pytest.param(first), *(pytest.param(each, marks=pytest.mark.slow) for each in others)]

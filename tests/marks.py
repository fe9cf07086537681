"""Which of many like tests run always; the others are slow."""

from __future__ import annotations

import os
import shutil
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


def needs(command: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where `command` is not installed; where CI is set, the test runs, and fails."""
    return pytest.mark.skipif(shutil.which(command) is None and not os.environ.get("CI"), reason=f"needs {command}")

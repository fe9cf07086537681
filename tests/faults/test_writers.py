"""Whoever writes at once: one goes first, the others are refused in words, nothing is lost, nobody waits for ever."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.writers import race


def test_writers_that_race(tmp_path: Path) -> None:
    assert race(tmp_path, rounds=6) > 0


@pytest.mark.slow
def test_writers_that_race_for_200_rounds(tmp_path: Path) -> None:
    assert race(tmp_path, rounds=200) > 0

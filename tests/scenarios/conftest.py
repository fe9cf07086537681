"""What the scenarios begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import Workplace, some_lists, workplace


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Three lists, recorded in the state."""
    lists = some_lists(3)
    with workplace(tmp_path, lists) as made:
        made.declare(lists)
        made.apply_first()
        yield made

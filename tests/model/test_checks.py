"""When a check-up finds that all works."""

from __future__ import annotations

from typing import Literal

import pytest

from reconciler.model.checks import Check, Checkup


@pytest.mark.parametrize(("status", "works"), [("works", True), ("unknown", True), ("fails", False)])
def test_one_failure_is_enough(status: Literal["works", "fails", "unknown"], works: bool) -> None:
    assert Checkup("prod", (Check("clock", "works", ""), Check("lock", status, ""))).works is works

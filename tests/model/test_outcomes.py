"""When a result is in order."""

from __future__ import annotations

from typing import get_args

import pytest

from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind

KINDS: tuple[OutcomeKind, ...] = get_args(OutcomeKind)


def result(*kinds: OutcomeKind, stopped: str | None = None) -> EnvironmentResult:
    outcomes = tuple(Outcome(key=kind, id=f"cl-{kind}", action="update", outcome=kind) for kind in kinds)
    return EnvironmentResult("prod", outcomes, unchanged=1, requests=1, seconds=1.0, stopped=stopped)


@pytest.mark.parametrize("kind", KINDS)
def test_in_order_is_what_is_made_and_known_to_be(kind: OutcomeKind) -> None:
    assert result("updated", kind, "adopted").in_order is (kind in ("updated", "adopted", "forgotten"))


def test_nothing_to_do_is_in_order_and_a_run_that_was_stopped_is_not() -> None:
    assert result().in_order
    assert not result("updated", stopped="told to stop").in_order

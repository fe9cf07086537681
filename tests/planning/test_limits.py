"""How many PUTs one apply may send, and what they cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.changes import EnvironmentPlan
from reconciler.planning.build import build
from reconciler.planning.limits import forecast, max_changes, over_max_changes
from tests.planning.worlds import applied, desired


@pytest.mark.parametrize(
    ("lists", "limit", "allowed"),
    [
        (0, "30%", 10),
        (10, "30%", 10),
        (33, "30%", 10),
        (36, "30%", 10),
        (37, "30%", 11),
        (1000, "30%", 300),
        (1000, "0%", 10),
        (1000, "100%", 1000),
        (1000, 0, 0),
        (5, 3, 3),
    ],
)
def test_max_changes(lists: int, limit: int | str, allowed: int) -> None:
    wanted = desired({f"k{number}": {"name": f"N{number}"} for number in range(lists)}, {"max_changes": limit})
    assert max_changes(wanted) == allowed


def edits(count: int) -> EnvironmentPlan:
    keys = [f"k{number}" for number in range(count)]
    return build(desired({key: {"name": f"new {key}"} for key in keys}), applied({key: {"name": key} for key in keys}))


def test_over_max_changes_says_its_numbers() -> None:
    wanted = desired({f"k{number}": {"name": f"N{number}"} for number in range(12)}, {"max_changes": "50%"})
    assert over_max_changes(edits(10), wanted) is None
    assert over_max_changes(edits(11), wanted) == (
        "prod: 11 updates are over max_changes (50%, never under 10): 10 of 12 lists may change in one apply"
    )
    absolute = replace(wanted, policy=desired({}, {"max_changes": 4}).policy)
    one = replace(wanted, policy=desired({}, {"max_changes": 0}).policy)
    assert str(over_max_changes(edits(1), one)).startswith("prod: 1 update is over max_changes (0): 0 of 12 lists")
    assert over_max_changes(edits(5), absolute) == (
        "prod: 5 updates are over max_changes (4): 4 of 12 lists may change in one apply"
    )


@pytest.mark.parametrize(
    ("updates", "rate", "requests", "seconds"),
    [(0, 30, 1, 1), (1, 30, 3, 2), (2, 30, 5, 3), (27, 30, 30, 15), (28, 30, 32, 61), (100, 60, 104, 82)],
)
def test_forecast(updates: int, rate: int, requests: int, seconds: int) -> None:
    assert forecast(edits(updates), rate) == (requests, seconds)


@pytest.mark.parametrize(
    ("updates", "alone", "rate", "requests", "seconds"),
    [
        (0, ["x"], 30, 2, 1),
        (0, [str(number) for number in range(60)], 30, 61, 121),
        (1, ["x", "k0"], 30, 3 + 2 + 1, 3),
        (3, ["k1", "k2"], 30, 6 + 2 + 2, 5),
        (2, ["k0"], 30, 5 + 1 + 2, 4),
    ],
)
def test_forecast_of_lists_that_are_read_alone(
    updates: int, alone: list[str], rate: int, requests: int, seconds: int
) -> None:
    """Each costs a request at first, and one more whenever its PUT is looked for: twice if that is the first."""
    plan = replace(edits(updates), read_alone=frozenset(f"cl-{key}" for key in alone))
    assert forecast(plan, rate) == (requests, seconds)

"""Whether a history is whole: serial by serial on a branch, run by run in an object store."""

from __future__ import annotations

import pytest

from reconciler.model.lists import Applied
from reconciler.state.history import History, Saved, find_gaps
from tests.state.samples import applied_list, state

NOTHING = state(serial=0, lineage="")
OTHER_LINEAGE = state(serial=2, lineage="x")
OTHER_LISTS = state(applied_list("a"), serial=3)


def history(*states: Applied, unread: tuple[str, ...] = ()) -> History:
    return History(tuple(Saved(each, None) for each in states), unread)


def serials(*numbers: int) -> History:
    return history(*(state(serial=number) for number in numbers))


@pytest.mark.parametrize(
    ("found", "present", "each_serial", "expected"),
    [
        (History(), NOTHING, True, []),
        (serials(1, 2, 3), state(serial=3), True, []),
        (serials(2, 5, 9), state(serial=9), False, []),
        (serials(1, 3), state(serial=3), True, ["serial 2 is missing"]),
        (serials(1, 5), state(serial=5), True, ["serials 2 to 4 are missing"]),
        (serials(3), state(serial=3), True, ["serials 1 to 2 are missing: removed, or kept where"]),
        (serials(1, 2, 2), state(serial=2), True, ["serial 2 comes after serial 2: written twice, or taken back"]),
        (serials(4, 3), state(serial=3), False, ["serial 3 comes after serial 4: written twice, or taken back"]),
        (history(state(serial=1), OTHER_LINEAGE), OTHER_LINEAGE, True, ["serial 2 has lineage x, serial 1 "]),
        (serials(1, 2), state(serial=3), True, ["the state is at serial 3, but the last that is kept is serial 2"]),
        (serials(2, 3), OTHER_LISTS, False, ["the state is at serial 3, but the last that is kept is serial 3, "]),
        (History(), state(serial=1), True, ["the state is at serial 1, but the last that is kept is serial 0"]),
        (history(state(serial=1), unread=("2 is damaged",)), state(serial=1), True, ["cannot be read: 2 is damaged"]),
    ],
)  # fmt: skip
def test_gaps(found: History, present: Applied, each_serial: bool, expected: list[str]) -> None:
    gaps = find_gaps(found, present, each_serial=each_serial, from_the_first=True)
    assert len(gaps) == len(expected)
    assert all(gap.startswith(start) for gap, start in zip(gaps, expected, strict=True)), gaps


def test_the_first_serials_may_be_left_out() -> None:
    assert find_gaps(serials(5, 6), state(serial=6), each_serial=True, from_the_first=False) == []

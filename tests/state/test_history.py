"""Whether a history is whole: serial by serial in git, run by run in an object store."""

from __future__ import annotations

import pytest

from reconciler.model.lists import Applied
from reconciler.state.document import Written
from reconciler.state.history import History, Saved, find_gaps, moved_serials, unlinked_serials
from tests.state.samples import applied_list, state

NOTHING = state(serial=0, lineage="")
OTHER_LINEAGE = state(serial=2, lineage="x")
OTHER_LISTS = state(applied_list("a"), serial=3)
OTHER_LISTS_AT_2 = state(applied_list("a"), serial=2)


def history(*states: Applied, unread: tuple[str, ...] = ()) -> History:
    return History(tuple(Saved(each, None, each.serial - 1) for each in states), unread)


def serials(*numbers: int) -> History:
    """Return a history in which each serial follows the one that is a number lower, as on a branch."""
    return history(*(state(serial=number) for number in numbers))


def copies(*numbers: tuple[int, int | None]) -> History:
    """Return a history of serials and what each follows, as an object store has them."""
    return History(tuple(Saved(state(serial=number), None, follows) for number, follows in numbers))


@pytest.mark.parametrize(
    ("found", "present", "expected"),
    [
        (History(), NOTHING, []),
        (serials(1, 2, 3), state(serial=3), []),
        (copies((2, 0), (5, 2), (9, 5)), state(serial=9), []),
        (copies((2, None), (5, None), (9, 5)), state(serial=9), []),
        (copies((2, 0), (9, 5)), state(serial=9), ["serials 3 to 5 are missing"]),
        (copies((5, 2), (9, 5)), state(serial=9), ["serials 1 to 2 are missing: removed (a rule of the bucket may "]),
        (copies((2, 0), (5, 2), (9, 2)), state(serial=9), ["serial 9 comes after serial 5: written twice, or taken b"]),
        (serials(1, 3), state(serial=3), ["serial 2 is missing"]),
        (serials(1, 5), state(serial=5), ["serials 2 to 4 are missing"]),
        (serials(3), state(serial=3), ["serials 1 to 2 are missing: removed (a rule of the bucket may "]),
        (serials(1, 2, 2), state(serial=2), []),
        (history(state(serial=1), state(serial=2), OTHER_LISTS_AT_2), OTHER_LISTS_AT_2,
         ["serial 2 comes after serial 2: written twice, or taken back"]),
        (serials(4, 3), state(serial=3), ["serials 1 to 3 are", "serial 3 comes after serial 4: written twice"]),
        (history(state(serial=1), OTHER_LINEAGE), OTHER_LINEAGE, ["serial 2 has lineage x, serial 1 "]),
        (serials(1, 2), state(serial=3), ["the state is at serial 3, but the last that is kept is serial 2"]),
        (serials(1, 2, 3), OTHER_LISTS, ["the state is at serial 3, but the last that is kept is serial 3, "]),
        (History(), state(serial=1), ["the state is at serial 1, but the last that is kept is serial 0"]),
        (history(state(serial=1), unread=("2 is damaged",)), state(serial=1), ["cannot be read: 2 is damaged"]),
    ],
)  # fmt: skip
def test_gaps(found: History, present: Applied, expected: list[str]) -> None:
    gaps = find_gaps(found, present, from_the_first=True)
    assert len(gaps) == len(expected), gaps
    assert all(gap.startswith(start) for gap, start in zip(gaps, expected, strict=True)), gaps


def test_serials_from_before_a_move_are_no_gap() -> None:
    moved = Written("2026-11-22T10:00:00Z", "me", "here", "reconciler state migrate --to s3://lists")
    found = History((Saved(state(serial=8), moved, 7), Saved(state(serial=9), None, 8)))
    assert moved_serials(found) == 7
    assert find_gaps(found, state(serial=9), from_the_first=True) == []
    assert moved_serials(serials(8)) == moved_serials(History()) == 0


def test_the_first_serials_may_be_left_out() -> None:
    assert find_gaps(serials(5, 6), state(serial=6), from_the_first=False) == []


def test_where_a_gap_is_not_seen() -> None:
    assert unlinked_serials(copies((1, None), (2, None), (5, None), (7, 5), (9, None))) == [5, 9]

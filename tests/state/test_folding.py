"""When a journal counts on top of a document, when it is in there already, and when nobody can tell."""

from __future__ import annotations

import pytest

from reconciler.errors import StateDamagedError
from reconciler.model.lists import Applied
from reconciler.state.folding import fold, with_entries
from reconciler.state.journal import Recorded
from tests.state.samples import TARGET, applied_list, doubtful_list, state

NOTHING = Applied("prod", TARGET, "", 0, {})
OLD, NEW = applied_list("vip", name="Old"), applied_list("vip", name="New")
BASE = state(OLD, applied_list("gone"), serial=7)
RECORDED = Recorded(state(serial=7), {"vip": NEW, "gone": None})
FOLDED = state(NEW, serial=8)

SETTLED = {
    "builds on the document": (BASE, RECORDED, FOLDED),
    "was folded, not removed": (FOLDED, RECORDED, FOLDED),
    "was folded, long ago": (state(NEW, applied_list("more"), serial=12), RECORDED, None),
    "first run": (NOTHING, Recorded(state(serial=0), {"vip": OLD}), state(OLD, serial=1)),
    "document made by hand, without lineage": (state(OLD, lineage="", serial=7), RECORDED, FOLDED),
}


@pytest.mark.parametrize("case", SETTLED)
def test_the_state_is_known(case: str) -> None:
    document, recorded, expected = SETTLED[case]
    assert fold(document, recorded, where="x") == (expected or document)


@pytest.mark.parametrize("case", SETTLED)
def test_folding_twice_changes_nothing(case: str) -> None:
    document, recorded, _ = SETTLED[case]
    once = fold(document, recorded, where="x")
    assert fold(once, recorded, where="x") is once


UNKNOWN = {
    "another lineage": (state(OLD, lineage="other", serial=7), "is at serial 7 of lineage other"),
    "the document was set back": (state(OLD, serial=6), "is at serial 6 of lineage 5b0c7f8e"),
    "the document was set back, though it looks alike": (state(NEW, serial=6), "is at serial 6 of lineage 5b0c7f8e"),
    "the document is gone": (NOTHING, "does not exist"),
    "the document went on without it": (state(doubtful_list("vip"), serial=8), "is at serial 8 of lineage 5b0c7f8e"),
    "the document went on and kept what it dropped": (state(NEW, applied_list("gone"), serial=8), "is at serial 8"),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_what_nobody_can_tell_is_refused(case: str) -> None:
    document, here = UNKNOWN[case]
    with pytest.raises(StateDamagedError) as refused:
        fold(document, RECORDED, where="prod.journal.jsonl")
    message = str(refused.value)
    assert message.startswith(
        "prod.journal.jsonl: it builds on serial 7 of lineage 5b0c7f8e-4a53-4a86-9c1c-6f1a2b3c4d5e, but the document "
        f"beside it {here}"
    )
    assert "Bring back that document, from git or a backup; or move the journal away" in message


def test_entries_are_set_and_dropped_one_serial_later() -> None:
    assert with_entries(BASE, {"vip": NEW, "gone": None, "unheard-of": None}) == FOLDED
    assert BASE.lists["vip"] is OLD

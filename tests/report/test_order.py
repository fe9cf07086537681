"""What is read first."""

from __future__ import annotations

from reconciler.report import order
from tests.report import samples


def test_groups_of_a_plan() -> None:
    groups = order.groups(samples.EVERYTHING.changes)
    assert [{change.action for change in group} for group in groups] == [
        {"update"},
        {"update"},
        {"blocked"},
        {"adopt"},
        {"forget"},
        {"check"},
    ]
    renames, descriptions = groups[:2]
    assert [change.key for change in renames] == ["long-names", "unread", "both", "let-go", "taken-over"]
    assert [change.key for change in descriptions] == ["sentence", "rewritten", "cleared", "marked", "spaces"]


def test_no_changes_no_groups() -> None:
    assert order.groups(()) == ()


def test_the_worst_outcome_first() -> None:
    kinds = [outcome.outcome for outcome in order.out_of_order(samples.OUTCOMES)]
    assert kinds == ["failed", "failed", "in_doubt", "unverified", "conflict", "blocked", "not_sent"]

"""What is read first, and what is said of it, in every report."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from reconciler.model.drift_report import Mover
from reconciler.model.lists import LastSave
from reconciler.model.outcomes import IN_ORDER, Outcome, OutcomeKind
from reconciler.report.view import kinds
from reconciler.report.view.of_drift import view_of_drift
from reconciler.report.view.of_plan import forecast, view_of_plan
from reconciler.report.view.of_result import NEXT_STEPS, how_it_ended, view_of_result
from reconciler.report.view.view import View, counts_in_words
from tests.report import morning, samples
from tests.report.text.test_drifts import ALL


def keys(view: View) -> list[tuple[str, list[str]]]:
    return [
        (kind.name, [f"{entry.environment}/{entry.key}" for entry in entries]) for kind, entries in view.groups.items()
    ]


def test_what_is_sent_comes_first_of_all_environments() -> None:
    assert keys(view_of_plan(morning.PLAN)) == [
        ("risky-renames", ["prod/renewal-due", "prod/winback"]),
        ("renames", ["prod/vip", "dev/renewal-due", "dev/winback", "dev/welcome-call"]),
        ("descriptions", ["prod/payment-reminder", "dev/payment-reminder"]),
        ("blocked", ["prod/welcome-call"]),
        ("drift", ["prod/appointments"]),
        ("adopt", ["prod/feedback"]),
        ("forget", ["prod/fair-2025"]),
    ]


def test_changes_of_a_kind_stay_in_the_order_in_which_they_are_made() -> None:
    groups = view_of_plan(samples.planned(samples.EVERYTHING)).groups
    assert [entry.key for entry in groups[kinds.UPDATES["name"]]] == ["unread", "both", "let-go", "taken-over"]
    assert [entry.key for entry in groups[kinds.UPDATES["description"]]] == [
        "sentence", "rewritten", "cleared", "marked", "spaces",
    ]  # fmt: skip


def test_the_worst_outcome_comes_first() -> None:
    (environment,) = view_of_result(samples.ran(samples.MIXED)).environments
    assert [entry.kind.name for entry in environment.entries] == [
        "failed", "failed", "in-doubt", "unverified", "conflict", "blocked", "not-sent",
        "updated", "adopted", "forgotten",
    ]  # fmt: skip


def test_an_outcome_without_a_change_at_hand_is_shown_all_the_same() -> None:
    (environment,) = view_of_result(samples.ran(samples.MIXED)).environments
    shown = {entry.key: entry for entry in environment.entries}
    assert len(shown) == len(samples.OUTCOMES)
    assert (shown["lost"].place, shown["lost"].fields) == (samples.list_id(8), ())
    assert (shown["winback"].place, shown["winback"].campaigns[0].id) == ("lists.yaml:31", "cm-17")
    assert [label for label, _ in shown["lost"].notes] == ["why", "what to do"]


def test_undeclared_lists_are_entries_or_only_counted() -> None:
    named, counted = view_of_drift(ALL), view_of_drift(ALL, undeclared=False)
    assert [entry.key for entry in named.groups[kinds.UNDECLARED]] == ["Sales", samples.HOSTILE]
    assert kinds.UNDECLARED not in counted.groups
    assert named.counts == counted.counts


def test_a_summary_says_what_stops_a_list_or_else_which_fields_change() -> None:
    blocked, renamed, warned = (
        view_of_plan(samples.planned(samples.environment("prod", change))).environments[0].entries[0].summary
        for change in (samples.RENAME_IN_USE, samples.RENAME, replace(samples.RENAME, warnings=("in use",)))
    )
    block = samples.RENAME_IN_USE.block
    assert blocked == f"blocked [RENAME-IN-USE]: edited in the manifest: {block.reason}; {block.lift}"
    assert renamed == "update: edited in the manifest: name"
    assert warned == "update: edited in the manifest: name; in use"


@pytest.mark.parametrize(
    ("save", "said"),
    [
        (LastSave("u-1", "2026-11-24T17:04:59.999Z"), "by u-1 on Tuesday, 2026-11-24 17:04 UTC"),
        (LastSave("u-1", "2026-11-24T01:04:00+02:00", since_apply=False),
         "by u-1 on Monday, 2026-11-23 23:04 UTC, no later than the last apply"),
        (LastSave("u-1", "2026-11-24T17:04:00"), "by u-1 on 2026-11-24T17:04:00"),
        (LastSave("u-1", "0001-01-01T00:00:00+10:00"), "by u-1 on 0001-01-01T00:00:00+10:00"),
        (LastSave("u-1", ""), "by u-1"),
        (LastSave("u-1", "", since_apply=False, applied_by="anna on ci-7: reconciler apply"),
         "by u-1, no later than the last apply, by anna on ci-7: reconciler apply"),
    ],
)  # fmt: skip
def test_who_saved_a_list_last(save: LastSave, said: str) -> None:
    of = samples.environment("prod", drift=samples.DRIFT[:1], last_saves={samples.DRIFT[0].id: save})
    (entry,) = view_of_plan(samples.planned(of)).environments[0].entries
    assert list(entry.notes) == [("last saved", said)]
    assert entry.summary == f"changed elsewhere since the last apply, left alone: name; last saved {said}"


def test_every_kind_has_a_place_and_a_name_of_its_own_in_its_report() -> None:
    assert set(kinds.OUTCOMES) == set(get_args(OutcomeKind))
    assert {kind for kind, of in kinds.OUTCOMES.items() if of.in_order} == IN_ORDER
    assert set(NEXT_STEPS) == set(get_args(OutcomeKind)) - IN_ORDER
    assert set(kinds.MOVED) == set(get_args(Mover))
    names = [kind.name for kind in kinds.RANKS if kind not in kinds.OUTCOMES.values()]
    assert len(set(names)) == len(names) == 17


def test_counts_say_the_last_even_of_nothing() -> None:
    assert counts_in_words({"to update": 1_000, "blocked": 0, "unchanged": 2}) == "1,000 to update, 2 unchanged"
    assert counts_in_words({"blocked": 0, "unchanged": 0}) == "0 unchanged"
    assert counts_in_words({}) == ""


def test_a_forecast_without_environments() -> None:
    assert forecast([]) == "0 requests, under 1 s"


def test_what_was_sent_and_what_was_only_recorded_are_counted_apart() -> None:
    adopted = Outcome(key="vip", id=samples.list_id(4), action="adopt", outcome="adopted")
    ends = {
        (adopted, adopted): "Done: nothing was sent; 2 changes of the state recorded.",
        (samples.UPDATED, adopted): ("Done: 1 change made and recorded; 1 more in the state only, with nothing sent."),
    }
    for outcomes, said in ends.items():
        assert how_it_ended(samples.ran(replace(samples.IDLE, outcomes=outcomes))) == said


def test_what_was_not_read_back_is_told_apart() -> None:
    trimmed = replace(samples.UPDATED, outcome="unverified", verified=None)
    result = samples.ran(replace(samples.IDLE, outcomes=(trimmed, samples.UPDATED)))
    (environment,) = view_of_result(result).environments
    assert environment.entries[0].words == "acknowledged, not read back"
    assert how_it_ended(result) == (
        "Incomplete: 1 of 2 changes made and recorded; 1 more acknowledged and recorded, but not read back."
    )


def test_the_next_step_of_a_mass_change_is_the_command_that_works() -> None:
    of = samples.environment("prod", samples.RENAME, samples.DESCRIBED, over_max_changes=True)
    step = view_of_plan(samples.planned(of)).steps[-1]
    assert step.command == "reconciler apply --env prod --allow-mass-change 2"

"""The decision table, case by case, and the words that come with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from reconciler.model.changes import Blocked, Drift, Update
from reconciler.model.lists import Live, Source
from reconciler.planning.build import build
from tests.planning.worlds import Short, applied, desired, live, rows

CASES: list[Short] = yaml.safe_load((Path(__file__).parent / "cases" / "table.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("column", ["offline", "refreshed", "overwrite"])
@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_table(case: Short, column: str) -> None:
    policy = {"on_drift": "overwrite"} if column == "overwrite" else {}
    wanted = desired({"a": case["desired"]} if "desired" in case else {}, policy)
    known = applied({"a": case["applied"]} if "applied" in case else {})
    seen = None if column == "offline" else live({"a": case.get("live")})
    plan = build(wanted, known, seen)
    expected = case.get(column, case["refreshed"])
    assert rows(plan) == ({} if expected == "-" else {"a": expected})
    assert plan.unchanged == (expected == "-")
    for change in plan.changes:
        assert change.after == (wanted.lists["a"].texts if wanted.lists else {})
        if isinstance(change, Update):
            assert change.body == {field: change.after[field] for field in change.fields}


def test_a_change_that_nobody_sees_is_warned_of() -> None:
    wanted = desired({"a": {"name": "Caf\u00e9", "description": "a\u2013b"}, "b": {"name": "M\u0430y"}})
    known = applied({"a": {"name": "Cafe\u0301", "description": "a-b"}, "b": {"description": "May"}})
    warned = {change.key: change.warnings for change in build(wanted, known).changes}
    assert warned == {
        "a": (
            "the name looks as before, but its accents are written otherwise (Unicode NFC and NFD)",
            "the description looks as before, but U+2013 EN DASH stands for U+002D HYPHEN-MINUS",
        ),
        "b": (),
    }


def test_before_is_live_where_read_else_applied_and_says_what_is_let_go() -> None:
    wanted, known = desired({"a": {"name": "New"}}), applied({"a": {"name": "N", "description": "D"}})
    assert build(wanted, known).changes[0].before == {"name": "N", "description": "D"}
    seen = live({"a": {"name": "N", "description": "other"}})
    assert build(wanted, known, seen).changes[0].before == {"name": "N", "description": "D"}
    newly = desired({"a": {"name": "N", "description": "D"}})
    assert build(newly, applied({"a": {"name": "N"}})).changes[0].before == {"name": "N"}
    assert build(newly, applied({"a": {"name": "N"}}), seen).changes[0].before == {"name": "N", "description": "other"}


@pytest.mark.parametrize(
    ("wanted", "known", "seen", "reason", "lift"),
    [
        (
            {"a": {"name": "N"}},
            {},
            {"a": {"name": "Other"}},
            "cl-a is a list named 'Other', which is not the declared name 'N'",
            'correct the id; or, if this is the list that you mean, add: previously: "Other"',
        ),
        (
            {"a": {"name": "\u0410B"}},
            {},
            {"a": {"name": "AB"}},
            (
                "cl-a is a list named 'AB', which is not the declared name '\u0410B'; it looks the same, but "
                "U+0410 CYRILLIC CAPITAL LETTER A stands for U+0041 LATIN CAPITAL LETTER A"
            ),
            'correct the id; or, if this is the list that you mean, add: previously: "AB"',
        ),
        (
            {"a": {"name": "N", "previously": "Was"}},
            {},
            {"a": {"name": "Other"}},
            "cl-a is a list named 'Other', which is neither the declared name 'N' nor its previously 'Was'",
            'correct the id; or, if this is the list that you mean, add: previously: "Other"',
        ),
        (
            {"a": {"description": "D"}},
            {},
            {"a": {"name": "Other"}},
            (
                "cl-a is a list named 'Other', which is nothing that the manifest mentions "
                "(neither name nor previously is declared)"
            ),
            'correct the id; or, if this is the list that you mean, add: previously: "Other"',
        ),
        (
            {"a": {"description": "D", "previously": "Was"}},
            {},
            {"a": {"name": "Other"}},
            "cl-a is a list named 'Other', which is not its previously 'Was'",
            'correct the id; or, if this is the list that you mean, add: previously: "Other"',
        ),
        (
            {"new": {"id": "cl-a", "name": "New"}},
            {"old": {"id": "cl-a", "name": "N"}},
            {"a": {"name": "N"}},
            "cl-a is a list named 'N', which is not the declared name 'New'; the state knows it as 'old'",
            "if you renamed the key: reconciler state mv --env prod old new",
        ),
        (
            {"a": {"name": "New"}},
            {"a": {"name": "N"}},
            {"a": {"name": "Other"}},
            "changed elsewhere since the last apply (name: last applied 'N', now live 'Other', declared 'New')",
            (
                "take the live text into the manifest with `reconciler accept --env prod a`, or overwrite it with "
                "--revert-drift (or policy.on_drift: overwrite)"
            ),
        ),
        (
            {"a": {"name": "N", "description": "New"}},
            {"a": {"name": "N", "intended": {"description": "New"}}},
            {"a": {"name": "N", "description": "x"}},
            (
                "changed elsewhere since the last apply (description: nothing before a PUT of 'New' that is in doubt, "
                "now live 'x', declared 'New')"
            ),
            (
                "take the live text into the manifest with `reconciler accept --env prod a`, or overwrite it with "
                "--revert-drift (or policy.on_drift: overwrite)"
            ),
        ),
        (
            {"a": {"name": "N"}},
            {},
            {"a": None},
            "the account has no list cl-a (HTTP 404: not found)",
            (
                "correct its id; or, if the list was deleted, remove this environment from its `id` in the manifest "
                "(its whole key, if it has no other id), or make the list again in the console and write its new id "
                "into the manifest"
            ),
        ),
    ],
)
def test_blocks_in_words(wanted: Short, known: Short, seen: Short, reason: str, lift: str) -> None:
    changes = build(desired(wanted), applied(known), live(seen)).changes
    block = next(change.block for change in changes if isinstance(change, Blocked))
    assert (block.reason, block.lift) == (reason, lift)
    assert block.guard in ("wrong_id", "conflict", "missing")


@pytest.mark.parametrize("name", ["Other", 'It\'s "5\\6"', "Élan – 東京", "yes", "#1: x"])
def test_the_previously_to_add_is_yaml_for_that_name(name: str) -> None:
    (change,) = build(desired({"a": {"name": "N"}}), applied({}), live({"a": {"name": name}})).changes
    assert isinstance(change, Blocked)
    _, line = change.block.lift.split("add: ")
    assert line.startswith(f'previously: "{name[0]}')
    assert yaml.safe_load(line) == {"previously": name}


def test_a_list_that_was_not_even_asked_for_alone_counts_as_missing() -> None:
    plan = build(desired({"a": {"name": "N"}}), applied({}), Live({}))
    assert rows(plan) == {"a": "blocked missing name by missing"}


def test_warnings() -> None:
    other_id = build(desired({"a": {"name": "N"}}), applied({"a": {"id": "cl-old", "name": "N"}}))
    assert other_id.changes[0].warnings == ("the state knows this key as cl-old; from now on it stands for cl-a",)
    for seen in ({"name": "N"}, {"name": "N", "description": "other"}):
        known = applied({"a": {"id": "cl-old", "name": "N"}})
        plan = build(desired({"a": {"name": "N", "description": ""}}), known, live({"a": seen}))
        assert plan.changes[0].warnings == other_id.changes[0].warnings
    assert build(desired({}), applied({"a": {"name": "N"}})).changes[0].warnings == ()
    doubtful = build(desired({}), applied({"a": {"name": "N", "intended": {"name": "M"}}}))
    doubt = "its last PUT is in doubt; forgetting it leaves that unsettled"
    assert doubtful.changes[0].warnings == (doubt,)
    renamed = desired({"b": {"id": "cl-a", "name": "N"}, "c": {"name": "N"}})
    known = applied({"a": {"name": "N", "intended": {"name": "M"}}, "d": {"name": "D"}})
    warned = {change.key: change.warnings for change in build(renamed, known).changes}
    hint = (
        "the manifest declares this list as 'b'. If you renamed the key, rename it in the state before you apply: "
        "reconciler state mv --env prod a b"
    )
    assert warned == {"a": (doubt, hint), "b": (), "c": (), "d": ()}
    both = applied({"a": {"name": "N"}, "b": {"id": "cl-a", "name": "N"}})
    assert build(desired({"b": {"id": "cl-a", "name": "N"}}), both).changes[0].warnings == ()


def test_a_list_with_another_id_says_so_where_it_is_blocked_too() -> None:
    wanted, known = desired({"a": {"name": "N"}}), applied({"a": {"id": "cl-old", "name": "N"}})
    for seen in ({"a": {"name": "Other"}}, {"a": None}):
        (change,) = build(wanted, known, live(seen)).changes
        assert isinstance(change, Blocked)
        assert change.warnings == ("the state knows this key as cl-old; from now on it stands for cl-a",)
    assert build(wanted, applied({"a": {"name": "Old"}}), live({"a": None})).changes[0].warnings == ()


@pytest.mark.parametrize(
    ("wanted", "known", "seen", "warned"),
    [
        ({"name": "N "}, {"name": "N ", "stored": {"name": "n"}}, {"name": "n"}, True),
        ({"name": "N ", "description": "D"}, {"name": "N ", "stored": {"name": "n"}}, {"name": "n"}, True),
        ({"name": "N "}, {"name": "N ", "description": "D", "stored": {"name": "n"}}, {"name": "n"}, True),
        ({"name": "New"}, {"name": "N ", "stored": {"name": "n"}}, {"name": "n"}, False),
        ({"name": "n"}, {"name": "N ", "stored": {"name": "n"}}, {"name": "n"}, False),
        ({"name": "N "}, {"name": "N "}, {"name": "n"}, False),  # renamed by somebody, in its case only
        ({"name": "N "}, {"name": "N ", "stored": {"name": "n"}}, {"name": "N"}, False),
    ],
)
@pytest.mark.parametrize("on_drift", ["keep", "overwrite"])
def test_a_text_that_the_api_keeps_otherwise_is_told_each_time(
    wanted: Short, known: Short, seen: Short, warned: bool, on_drift: str
) -> None:
    plan = build(desired({"a": wanted}, {"on_drift": on_drift}), applied({"a": known}), live({"a": seen}))
    said = "a: the API keeps the name as 'n', not as sent ('N '); declare it that way to end this warning"
    assert plan.warnings == ((said,) if warned else ())


def test_a_conflict_does_not_hide_it() -> None:
    plan = build(
        desired({"a": {"name": "N ", "description": "New"}}),
        applied({"a": {"name": "N ", "description": "D", "stored": {"name": "n"}}}),
        live({"a": {"name": "n", "description": "x"}}),
    )
    assert rows(plan) == {"a": "blocked conflict description by conflict"}
    assert len(plan.warnings) == 1


def test_changes_come_sorted_by_key() -> None:
    wanted = {key: {"name": key.upper()} for key in "cab"}
    assert list(rows(build(desired(wanted), applied({"b0": {"name": "x"}})))) == ["a", "b", "b0", "c"]


def test_drift_in_full() -> None:
    wanted, known = desired({"a": {"name": "N", "description": "D"}}), applied({"a": {"name": "N", "description": "D"}})
    assert build(wanted, known, live({"a": {"name": "X", "description": "D"}})).drift == (
        Drift("a", "cl-a", ("name",), {"name": "N"}, {"name": "X"}, Source("lists.yaml", 1)),
    )

"""Documents for machines: whole, against golden files and the order of keys that scripts may rely on."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from reconciler.documents.doctor_document import doctor_document
from reconciler.documents.problems_document import problems_document
from reconciler.documents.result_document import ResultDocument, result_document
from reconciler.model.checks import Check, Checkup
from reconciler.model.problems import Problem
from reconciler.report import escape
from reconciler.report.json import render
from tests.report import samples
from tests.report.golden_files import assert_golden

PROBLEMS = [
    Problem("lists.yaml", 3, 9, "lists.vip.name", "49 characters, 48 are allowed: shorten it", "M044"),
    Problem("lists/more.yaml", 1, 1, "", 'not "UTF-8" \x9b\u202e'),
]
CHECKUP = Checkup("prod", (Check("lock", "works", "free"), Check("clock", "fails", "400 s ahead", "set it")))
PLAN = {"format": "reconciler/plan/1", "digest": "sha256:00", "environments": [{"name": "prod", "changes": []}]}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("result.json", render(result_document(samples.ran(samples.MIXED, samples.CLEAN)))),
        ("result-hostile.json", render(result_document(samples.ran(samples.FOUL_RESULT)))),
        ("problems.json", render(problems_document(PROBLEMS))),
        ("problems-none.json", render(problems_document([]))),
        ("doctor.json", render(doctor_document([CHECKUP]))),
        ("plan.json", render(PLAN)),
    ],
)
def test_whole(name: str, document: str) -> None:
    assert_golden(name, document)


def test_a_result_without_its_plan_has_no_texts() -> None:
    (environment,) = result_document(replace(samples.ran(samples.MIXED), approved=samples.planned()))["environments"]
    assert "state" not in environment
    assert not any("before" in outcome for outcome in environment["outcomes"])


def test_the_order_of_keys_and_the_counts() -> None:
    result = json.loads(render(result_document(samples.ran(samples.MIXED))))
    assert list(result) == ["format", "plan", "environments", "tool", "created_at"]
    assert TypeAdapter(ResultDocument).validate_python(result) == result
    (environment,) = result["environments"]
    assert list(environment) == ["name", "summary", "stopped", "outcomes", "state"]
    assert list(environment["summary"].items()) == [
        ("updated", 1),
        ("adopted", 1),
        ("forgotten", 1),
        ("unchanged", 990),
        ("failed", 2),
        ("in_doubt", 1),
        ("unverified", 1),
        ("conflict", 1),
        ("blocked", 1),
        ("not_sent", 1),
        ("requests", 14),
        ("seconds", 12.3),
    ]
    always = ("key", "id", "action", "outcome", "attempts", "verified", "error")
    assert {tuple(outcome) for outcome in environment["outcomes"]} == {
        always,
        (*always, "guard"),
        (*always, "before", "after"),
    }


@given(st.text(), st.text())
def test_any_text_comes_back_and_none_acts(path: str, message: str) -> None:
    document = render(problems_document([Problem("lists.yaml", 1, 2, path, message)]))
    assert json.loads(document)["problems"] == [
        {"file": "lists.yaml", "line": 1, "column": 2, "path": path, "message": message}
    ]
    assert [line for line in document.split("\n") if escape.terminal(line) != line] == []

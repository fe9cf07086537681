"""Numbers for Prometheus, read by Prometheus' own parser."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from reconciler.documents.reread import read
from reconciler.model.changes import Plan
from reconciler.model.lists import Standing
from reconciler.model.outcomes import EnvironmentResult, Outcome, Result
from reconciler.report.formats import Subject, document, render
from reconciler.report.prometheus import GAUGES, totals
from tests.report import morning, samples
from tests.report.test_formats import HOSTILE, SUBJECTS

AT = 1795341600.0  # 2026-11-22T10:00:00Z
STANDING = Standing(1000, frozenset({"vip", "winback"}), "2026-11-21T10:00:00Z")


def numbers(subject: Subject, command: str) -> dict[tuple[str, str], float]:
    """Return the numbers by metric, without its prefix, and environment."""
    found = {}
    for family in text_string_to_metric_families(render("prometheus", subject)):
        assert (family.type, family.documentation) == ("gauge", GAUGES[family.name])
        assert re.fullmatch(r"reconciler(_[a-z]+)+", family.name)
        for sample in family.samples:
            assert sample.labels.keys() == {"command", "environment"}
            assert sample.labels["command"] == command
            found[family.name.removeprefix("reconciler_"), sample.labels["environment"]] = sample.value
    return found


def test_a_plan_counts_what_an_apply_would_find() -> None:
    of = replace(samples.EVERYTHING, standing=STANDING)
    assert numbers(replace(samples.planned(of), failed={"dev": "HTTP 401"}), "plan") == {
        ("lists", "prod"): 1000,
        ("lists_pending", "prod"): 10,
        ("lists_blocked", "prod"): 10,
        ("lists_drifted", "prod"): 2 + sum(change.cause in {"drift", "conflict"} for change in of.changes),
        ("lists_in_doubt", "prod"): 2,
        ("last_apply_timestamp_seconds", "prod"): AT - 86_400,
        ("run_timestamp_seconds", "prod"): AT,
        ("run_timestamp_seconds", "dev"): AT,
        ("run_success", "prod"): 1,
        ("run_success", "dev"): 0,
    }


def test_a_step_is_told_whether_an_apply_would_do_anything() -> None:
    blocked = samples.environment("dev", samples.RENAME_IN_USE)
    assert totals(samples.planned(blocked)) == {"changes": 0, "updates": 0, "blocked": 1, "drifted": 0, "in_doubt": 0}
    made = totals(samples.planned(samples.EVERYTHING, blocked))
    assert made["changes"] == len(samples.EVERYTHING.changes) - (made["blocked"] - 1)
    assert made["changes"] > made["updates"]


def test_what_is_not_known_is_left_out() -> None:
    for last in ("", "some time ago"):
        of = replace(samples.FEW, standing=Standing(4, last_applied=last))
        known = {metric for metric, _ in numbers(samples.planned(of, refreshed=False), "plan")}
        assert known.isdisjoint({"lists_drifted", "last_apply_timestamp_seconds"})
        assert "lists_in_doubt" in known


def test_a_result_counts_what_is_left() -> None:
    drifted = replace(samples.RENAME, key="mine", cause="drift")
    of = samples.environment("prod", replace(drifted, key="renewal-due"), drifted, standing=STANDING)
    made = Outcome(key="renewal-due", id="cl-1", action="update", outcome="updated")
    result = Result("sha256:00", (samples.MIXED,), samples.planned(of))
    found = {metric: value for (metric, _), value in numbers(result, "apply").items()}
    assert found == {
        "lists": 1000,
        "lists_pending": 5,
        "lists_blocked": 1,
        "lists_drifted": 1,
        "lists_in_doubt": 2,
        "last_apply_timestamp_seconds": AT,
        "run_timestamp_seconds": AT,
        "run_success": 0,
    }
    whole = numbers(Result("sha256:00", (EnvironmentResult("prod", (made,), 0, 1, 1.0),), samples.planned(of)), "apply")
    assert (whole["run_success", "prod"], whole["lists_drifted", "prod"]) == (1, 1)


def test_what_an_undo_would_overwrite_was_changed_elsewhere() -> None:
    stopped = replace(samples.GUARDS[1], cause="undo")
    found = numbers(samples.planned(samples.environment("prod", stopped, samples.GUARDS[8])), "plan")
    assert found["lists_drifted", "prod"] == 1


def test_an_apply_that_was_refused_is_no_success() -> None:
    for known in (samples.planned(samples.FEW), samples.planned()):
        found = numbers(replace(known, refused="the state is locked"), "apply")
        assert {value for (metric, _), value in found.items() if metric == "run_success"} == {0}


@pytest.mark.parametrize("subject", [*SUBJECTS.values(), *HOSTILE.values()])
def test_the_parser_takes_every_report(subject: Subject) -> None:
    refused = isinstance(subject, Plan) and bool(subject.refused)
    commands = {"Plan": "plan", "Result": "apply", "DriftReport": "drift", "Comparison": "compare"}
    command = "apply" if refused else commands[type(subject).__name__]
    assert numbers(subject, command)


@pytest.mark.parametrize("subject", ["plan", "drift", "result"])
def test_what_a_document_does_not_hold_is_left_out_and_not_nothing(subject: str, tmp_path: Path) -> None:
    subjects: dict[str, Subject] = {"plan": morning.PLAN, "drift": morning.DRIFT, "result": morning.RESULT}
    file = tmp_path / "document.json"
    file.write_text(document(subjects[subject]), encoding="utf-8")
    found = render("prometheus", read(file))
    for metric in ("reconciler_last_apply_timestamp_seconds", "reconciler_lists_in_doubt"):
        assert f'{metric}{{command="{subject}"' not in found
    assert ("reconciler_lists{" in found) == (subject == "drift")

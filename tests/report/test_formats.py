"""Every report of every subject: whole against golden files, within its budget, and deaf to hostile names."""

from __future__ import annotations

import json as jsonlib
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import reports
from reconciler.model.changes import Plan, Update
from reconciler.model.drift import EnvironmentDrift
from reconciler.model.outcomes import EnvironmentResult, Outcome
from reconciler.report import markdown
from reconciler.report.escape import html, line, markup, terminal, workflow_data, workflow_property, xml
from reconciler.report.formats import FORMATS, Subject
from tests.report import samples
from tests.report.golden_files import assert_golden
from tests.report.text.test_drifts import ALL, FOUL, report

PLANS = samples.planned(samples.EVERYTHING, replace(samples.FEW, name="dev"), samples.environment("test", unchanged=3))
RESULT = samples.ran(samples.MIXED, samples.CLEAN, samples.IDLE)
REFUSED = {"prod": 'sign-in was refused: HTTP 401 "bad <client>"'}
SUBJECTS: dict[str, Subject] = {
    "plan": PLANS,
    "result": RESULT,
    "drift": ALL,
    "plan-failed": replace(samples.planned(samples.environment("test", unchanged=3)), failed=REFUSED),
    "refused": replace(PLANS, environments=PLANS.environments[1:2], refused='over max_changes: "<b>"'),
    "drift-failed": replace(report(EnvironmentDrift("test", samples.TARGET, "x", 7, declared=3)), failed=REFUSED),
}
ENDINGS = {"markdown": "md", "junit": "xml", "github": "txt", "gitlab": "json"}  # html: see test_html
HOSTILE_DRIFT = report(EnvironmentDrift("prod", samples.TARGET, "x", 7, declared=1, lists=(FOUL,), requests=1))
HOSTILE: dict[str, Subject] = {
    "plan": replace(samples.planned(samples.FOUL), failed={samples.HOSTILE: samples.HOSTILE}),
    "result": samples.ran(samples.FOUL_RESULT),
    "refused": replace(samples.planned(), refused=samples.HOSTILE),
    "drift": replace(HOSTILE_DRIFT, failed={samples.HOSTILE: samples.HOSTILE}),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_whole(name: str, subject: str) -> None:
    assert_golden(f"report-{subject}-{name}.{ENDINGS[name]}", FORMATS[name](SUBJECTS[subject], 65_000))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("subject", HOSTILE)
def test_hostile_names_do_nothing(name: str, subject: str) -> None:
    shown = FORMATS[name](HOSTILE[subject], 65_000)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\u2028" not in shown
    if name == "junit":
        ET.fromstring(shown)  # our own
    if name == "github":
        assert all(each.startswith(("::error ", "::warning ", "::notice ")) for each in shown.splitlines())
    elif name != "json":
        assert not any(each.lstrip().startswith(("::", "##[")) for each in shown.splitlines())


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"gitlab"}))
def test_an_apply_that_was_refused_is_no_success(name: str) -> None:
    shown = FORMATS[name](SUBJECTS["refused"], 65_000)
    assert "over max" in shown
    assert name == "json" or "ot carried out" in shown


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - {"gitlab"}))  # a widget of three numbers
@pytest.mark.parametrize("subject", ["plan-failed", "drift-failed"])
def test_an_environment_that_failed_is_told_of(name: str, subject: str) -> None:
    shown = FORMATS[name](SUBJECTS[subject], 65_000)
    assert "prod" in shown
    assert "HTTP 401" in shown


@given(st.text())
def test_markup_is_inert(text: str) -> None:
    shown = markup(text)
    assert not set(re.sub(r"&#\d+;", "", shown)) & set("!\"$%'()*+./:<=>@[\\]^_`{|}~&#")
    assert re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), shown) == terminal(text)


@given(st.text())
def test_xml_and_html_take_every_text(text: str) -> None:
    assert ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>').text == (xml_text(text) or None)
    assert not set(html(text)) & set("<>\"'")


def xml_text(text: str) -> str:
    return terminal(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("::error::x", r"\::error::x"), ("  ##[group]", r"  \##[group]"), ("a ::error", "a ::error"), ("", "")],
)
def test_no_line_is_a_command_of_a_ci_system(text: str, shown: str) -> None:
    assert line(text) == shown


def test_workflow_commands_keep_their_texts_apart() -> None:
    assert workflow_data("a%\r\nb:c,d") == "a%25%0D%0Ab:c,d"
    assert workflow_property("a%:,") == "a%25%3A%2C"


def test_the_command_line_knows_the_formats_without_loading_them() -> None:
    assert tuple(FORMATS) == reports.FORMATS
    assert reports._MAX_BYTES == markdown.MAX_BYTES


def many(count: int) -> Plan:
    changes = [replace(samples.RENAME, key=f"list-{number}", id=f"cl-{number}") for number in range(count)]
    return samples.planned(samples.environment("prod", samples.RENAME_IN_USE, *changes, samples.DESCRIBED))


@pytest.mark.parametrize("budget", [1_000, 5_000, 65_000, 10_000_000])
def test_markdown_keeps_within_its_budget_the_riskiest_first(budget: int) -> None:
    shown = markdown.plan(many(10_000), budget)
    assert len(shown.encode()) <= budget
    assert shown.startswith("### reconciler plan: 10,001 to update, 1 blocked\n")
    assert re.search(r"\n`sha256:[0-9a-f]{64}`\n\Z", shown)
    assert "blocked (rename_in_use)" in shown or budget == 1_000
    left = re.search(r"\*\*([\d,]+) lists left out here\*\*", shown)
    named = shown.count("\n- **")
    assert named + (int(left[1].replace(",", "")) if left else 0) == 10_002
    assert (left is None) == (budget == 10_000_000)


def test_the_headline_is_never_cut() -> None:
    shown = markdown.plan(many(3), 10)
    assert shown.startswith("### reconciler plan: 4 to update, 1 blocked\n")
    assert "5 lists left out here" in shown


def test_the_riskiest_of_all_environments_comes_first() -> None:
    dull = samples.environment("aa", *[replace(samples.DESCRIBED, key=f"list-{number}") for number in range(99)])
    risky = samples.environment("zz", samples.RENAME_IN_USE)
    shown = markdown.plan(samples.planned(dull, risky), 3000)
    assert "blocked (rename_in_use)" in shown
    assert "lists left out here" in shown


def test_renames_with_a_warning_come_before_the_others() -> None:
    warned = replace(samples.RENAME, key="in-use", warnings=("1 campaign uses it",))
    shown = markdown.plan(samples.planned(samples.environment("prod", samples.RENAME, warned)))
    assert shown.index("in-use") < shown.index("renewal-due")
    assert markdown.plan(samples.planned(samples.environment("prod", warned))).count("####") == 1


def test_like_changes_stand_together() -> None:
    adopted = [replace(samples.ADOPTED, key=f"list-{number}") for number in range(990)]
    shown = markdown.plan(samples.planned(samples.environment("prod", *adopted)))
    assert "<summary>990 lists</summary>" in shown
    assert ", and 940 more" in shown


@pytest.mark.parametrize(("count", "errors"), [(10, 10), (11, 10)])
def test_annotations_are_ten_of_a_kind_at_most(count: int, errors: int) -> None:
    outcomes = [
        Outcome(key=f"list-{n}", id=f"cl-{n}", action="update", outcome="failed", error="HTTP 400")
        for n in range(count)
    ]
    shown = FORMATS["github"](samples.ran(EnvironmentResult("prod", tuple(outcomes), 0, 1, 1.0)), 0)
    assert shown.count("::error ") == errors
    assert ("2 more like these" in shown) == (count > 10)


def test_the_widget_counts_updates() -> None:
    updates = sum(isinstance(change, Update) for of in PLANS.environments for change in of.changes)
    assert jsonlib.loads(FORMATS["gitlab"](PLANS, 0)) == {"create": 0, "update": updates, "delete": 0}

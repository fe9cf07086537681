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
from reconciler.model.changes import Block, Plan, Update
from reconciler.model.drift_report import EnvironmentDrift
from reconciler.model.outcomes import EnvironmentResult, Outcome
from reconciler.report import markdown
from reconciler.report.escape import html, log, terminal, workflow_data, workflow_property, xml
from reconciler.report.formats import FORMATS, Subject, render, view_of
from reconciler.report.markdown import Report
from tests.report import samples
from tests.report.golden_files import assert_golden
from tests.report.text.test_comparisons import COMPARED, compared_texts
from tests.report.text.test_drifts import ALL, FOUL, report

PLANS = samples.planned(samples.EVERYTHING, replace(samples.FEW, name="dev"), samples.environment("test", unchanged=3))
RESULT = samples.ran(samples.MIXED, samples.CLEAN, samples.IDLE)
REFUSED = {"prod": 'sign-in was refused: HTTP 401 "bad <client>"'}
SUBJECTS: dict[str, Subject] = {
    "plan": PLANS,
    "result": RESULT,
    "drift": ALL,
    "compare": COMPARED,
    "plan-failed": replace(samples.planned(samples.environment("test", unchanged=3)), failed=REFUSED),
    "refused": replace(PLANS, environments=PLANS.environments[1:2], refused='over max_changes: "<b>"'),
    "drift-failed": replace(report(EnvironmentDrift("test", samples.TARGET, "x", 7, declared=3)), failed=REFUSED),
}
ENDINGS = {
    "markdown": "md",
    "junit": "xml",
    "github": "txt",
    "gitlab": "json",
    "prometheus": "prom",
}  # html: see test_html
NUMBERS = {"gitlab", "prometheus"}  # have no place for words
HOSTILE_DRIFT = report(EnvironmentDrift("prod", samples.TARGET, "x", 7, declared=1, lists=(FOUL,), requests=1))
HOSTILE: dict[str, Subject] = {
    "plan": replace(samples.planned(samples.FOUL), failed={samples.HOSTILE: samples.HOSTILE}),
    "result": samples.ran(samples.FOUL_RESULT),
    "refused": replace(samples.planned(), refused=samples.HOSTILE),
    "drift": replace(HOSTILE_DRIFT, failed={samples.HOSTILE: samples.HOSTILE}),
    "compare": compared_texts(samples.HOSTILE),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("subject", SUBJECTS)
def test_whole(name: str, subject: str) -> None:
    assert_golden(f"report-{subject}-{name}.{ENDINGS[name]}", render(name, SUBJECTS[subject], 65_000))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("subject", HOSTILE)
def test_hostile_names_do_nothing(name: str, subject: str) -> None:
    shown = render(name, HOSTILE[subject], 65_000)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "\u2028" not in shown
    if name == "junit":
        ET.fromstring(shown)  # our own
    if name == "github":
        assert all(each.startswith(("::error ", "::warning ", "::notice ")) for each in shown.splitlines())
    elif name != "json":
        assert not any(each.lstrip().startswith(("::", "##[")) for each in shown.splitlines())


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - NUMBERS))
def test_an_apply_that_was_refused_is_no_success(name: str) -> None:
    shown = render(name, SUBJECTS["refused"], 65_000)
    assert "over max" in shown
    assert name == "json" or "ot carried out" in shown


@pytest.mark.parametrize("name", sorted(FORMATS.keys() - NUMBERS))
@pytest.mark.parametrize("subject", ["plan-failed", "drift-failed"])
def test_an_environment_that_failed_is_told_of(name: str, subject: str) -> None:
    shown = render(name, SUBJECTS[subject], 65_000)
    assert "prod" in shown
    assert "HTTP 401" in shown


@given(st.text())
def test_xml_and_html_take_every_text(text: str) -> None:
    assert ET.fromstring(f'<a b="{xml(text)}">{xml(text)}</a>').text == (xml_text(text) or None)
    assert not set(html(text)) & set("<>\"'")


def xml_text(text: str) -> str:
    return terminal(text).replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", r"\::error::x"),
        ("a\n \t::error::x\n", "a\n \t\\::error::x\n"),
        ("a\r::error::x", "a\r\\::error::x"),
        ("\n\n::error::x", "\n\n\\::error::x"),
        ("  ##[group] ##vso[x] ##TeamCity[x", r"  #\x23[group] #\x23vso[x] #\x23TeamCity[x"),
        ("a ::error ##x ## [", "a ::error ##x ## ["),
        ("", ""),
    ],
)
def test_no_line_is_a_command_of_a_ci_system(text: str, shown: str) -> None:
    assert log(text) == shown


def test_workflow_commands_keep_their_texts_apart() -> None:
    assert workflow_data("a%\r\nb:c,d") == "a%25%0D%0Ab:c,d"
    assert workflow_property("a%:,") == "a%25%3A%2C"


def test_the_command_line_knows_the_formats_without_loading_them() -> None:
    assert tuple(FORMATS) == reports.FORMATS
    assert reports._MAX_BYTES == markdown.MAX_BYTES


def markdown_of(plan: Plan, max_bytes: int = markdown.MAX_BYTES) -> Report:
    return markdown.render(view_of(plan), max_bytes)


def many(count: int) -> Plan:
    changes = [replace(samples.RENAME, key=f"list-{number}", id=f"cl-{number}") for number in range(count)]
    return samples.planned(samples.environment("prod", samples.RENAME_IN_USE, *changes, samples.DESCRIBED))


@pytest.mark.parametrize("budget", [1_000, 5_000, 65_000, 10_000_000])
def test_markdown_keeps_within_its_budget_what_is_sent_first(budget: int) -> None:
    shown, unshown = markdown_of(many(2_000), budget)
    assert len(shown.encode()) <= budget
    whole = budget == 10_000_000
    said = "plan" if whole else f"NOT REVIEWABLE, {unshown:,} updates not shown here; plan"
    assert shown.startswith(f"### reconciler {said}: `prod` 2,001 to update, 1 blocked\n")
    assert re.search(r"\n`sha256:[0-9a-f]{64}`\n\Z", shown)
    assert ("blocked [RENAME-IN-USE]" in shown) == whole
    assert unshown == 2_001 - shown.count("` update: ") - shown.count("** update: ")
    left = re.search(r"\*\*([\d,]+) lists left out here\*\*", shown)
    named = shown.count("\n- **")
    assert named + (int(left[1].replace(",", "")) if left else 0) == 2_002
    assert (left is None) == whole


def test_the_headline_is_never_cut() -> None:
    shown = markdown_of(many(3), 10).text
    assert shown.startswith(
        "### reconciler NOT REVIEWABLE, 4 updates not shown here; plan: `prod` 4 to update, 1 blocked\n"
    )
    assert "5 lists left out here" in shown


def test_nothing_pushes_out_what_is_sent() -> None:
    """Neither what is blocked in any environment, for any reason, nor warnings, errors, and texts as they were."""
    reason = "renamed in a circle: " + ", ".join(f'"list {number}"' for number in range(165))
    blocked = [
        replace(samples.RENAME_IN_USE, key=f"blocked-{n}", block=Block("rename_cycle", reason, reason))
        for n in range(200)
    ]
    update = replace(samples.DESCRIBED, before={"name": "x", "description": "x" * 70_000}, warnings=("x" * 70_000,))
    environments = [samples.environment("aa", *blocked, warnings=("x" * 70_000,)), samples.environment("zz", update)]
    plan = replace(samples.planned(*environments), failed={"mm": "x" * 70_000})
    shown, unshown = markdown_of(plan, 65_000)
    assert unshown == 0
    assert shown.startswith("### reconciler plan: 1 to update, 200 blocked; ")
    assert f"→ `{samples.LONG_EDITED}`" in shown
    assert shown.index(" update: ") < shown.index("** blocked")
    assert all(len(line) < 5_000 for line in shown.split("\n"))
    for name in ("text", "html", "junit", "github"):
        assert ", ".join(reason.split(", ")[:40]) in html_text(render(name, plan))
        assert reason not in html_text(render(name, plan))


def html_text(document: str) -> str:
    return re.sub(r"\s+", " ", document.replace("&#34;", '"'))


def test_a_refused_plan_sends_nothing_that_could_be_missed() -> None:
    report = markdown_of(replace(many(1_000), refused="no"), 5_000)
    assert report.unshown == 0
    assert report.text.startswith("### reconciler apply, not carried out: ")


def test_renames_with_a_warning_come_before_the_others() -> None:
    warned = replace(samples.RENAME, key="in-use", warnings=("1 campaign uses it",))
    shown = markdown_of(samples.planned(samples.environment("prod", samples.RENAME, warned))).text
    assert shown.index("in-use") < shown.index("renewal-due")
    assert markdown_of(samples.planned(samples.environment("prod", warned))).text.count("####") == 1


def test_like_changes_stand_together() -> None:
    adopted = [replace(samples.ADOPTED, key=f"list-{number}") for number in range(990)]
    shown = markdown_of(samples.planned(samples.environment("prod", *adopted))).text
    assert "<summary>990 lists</summary>" in shown
    assert ", and 940 more" in shown


def test_annotations_name_files_by_their_path_in_the_repository() -> None:
    plan = samples.planned(samples.environment("prod", samples.RENAME))
    assert "::notice file=lists.yaml,line=12," in render("github", plan)
    assert "::notice file=crm/north%2C south/lists.yaml,line=12," in render(
        "github", plan, locate=lambda file: f"crm/north, south/{file}"
    )


def test_every_report_says_where_else_a_change_is_pending() -> None:
    plan = samples.planned(*(samples.environment(name, samples.DESCRIBED) for name in ("test", "prod")))
    for name in ("text", "markdown", "junit", "github", "html"):
        shown = render(name, plan)
        assert all(shown.count(f"pending in {other}") == 1 for other in ("test", "prod")), name


@pytest.mark.parametrize("subject", ["plan", "result", "drift", "refused"])
def test_failures_have_their_text_in_the_body_too(subject: str) -> None:
    root = ET.fromstring(render("junit", SUBJECTS[subject]))  # our own
    failures = [*root.iter("failure"), *root.iter("skipped")]
    assert failures
    assert all(failure.text and failure.text == failure.get("message") for failure in failures)


@pytest.mark.parametrize(("count", "errors"), [(10, 10), (11, 10)])
def test_annotations_are_ten_of_a_kind_at_most(count: int, errors: int) -> None:
    outcomes = [
        Outcome(key=f"list-{n}", id=f"cl-{n}", action="update", outcome="failed", error="HTTP 400")
        for n in range(count)
    ]
    shown = render("github", samples.ran(EnvironmentResult("prod", tuple(outcomes), 0, 1, 1.0)), 0)
    assert shown.count("::error ") == errors
    assert ("2 more like these" in shown) == (count > 10)


def test_the_widget_counts_updates() -> None:
    updates = sum(isinstance(change, Update) for of in PLANS.environments for change in of.changes)
    assert jsonlib.loads(render("gitlab", PLANS, 0)) == {"create": 0, "update": updates, "delete": 0}


@pytest.mark.parametrize("name", ["text", "markdown", "html"])
@pytest.mark.parametrize(
    ("shown", "hidden"), [("a\\nb", "a\nb"), ("x\\u200b", "x\u200b"), ("x\\x1b", "x\x1b"), ("\\", "\\\\")]
)
def test_texts_that_differ_look_different(name: str, shown: str, hidden: str) -> None:
    """A backslash that stands in a text, and one that this program spells."""
    reports = []
    for before, after in ((shown, hidden), (hidden, shown), (hidden, hidden), (shown, shown)):
        update = replace(samples.DESCRIBED, before={"description": before}, after={"description": after})
        report = re.sub("<[^>]*>", "|", render(name, samples.planned(samples.environment("prod", update))))
        reports.append(re.sub("sha256:[0-9a-f]+", "", report))
    assert len(set(reports)) == 4


def test_a_report_of_a_plan_says_that_there_is_no_state() -> None:
    plan = samples.planned(samples.environment("prod", serial=0), samples.environment("dev"))
    for name in ("markdown", "github", "html"):
        text = render(name, plan)
        assert text.count("there is no state yet") == 1, name

"""`--report` of plan, apply and drift by the real program, and the summary of a GitHub job."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from reconciler.cli.reports import FORMATS
from tests.documents.test_schemas import valid
from tests.program import Workplace, some_lists

EVERY = FORMATS


@pytest.fixture
def place(place: Workplace) -> Workplace:
    """Three lists in the state, one of them edited."""
    place.declare(some_lists(3), a={"description": "New"})
    return place


def asked(*formats: str) -> list[str]:
    return [part for name in formats for part in ("--report", f"{name}=out.{name}")]


def read(place: Workplace, name: str) -> str:
    return (place.folder / f"out.{name}").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", [["plan"], ["plan", "--refresh"], ["drift"], ["apply", "--yes"]])
def test_several_in_one_run(place: Workplace, verb: list[str]) -> None:
    ran = place.run(*verb, *asked(*EVERY))
    assert ran.code == 0
    said = {
        "plan": "1 new description",
        "drift": "1 list edited and not applied yet",
        "apply": "Done: 1 new description",
    }
    assert json.loads(read(place, "json"))["format"].startswith(
        f"reconciler/{'result' if 'apply' in verb else verb[0]}"
    )
    assert read(place, "markdown").startswith(f"### reconciler {verb[0]}: ")
    assert ET.fromstring(read(place, "junit")).tag == "testsuites"  # our own
    assert f">{said[verb[0]]}.</h1>" in read(place, "html")
    assert ("<ins>New</ins>" if verb[0] == "drift" else "<del>Text 1</del>") in read(place, "html")
    assert json.loads(read(place, "gitlab"))["update"] == (0 if verb == ["drift"] else 1)
    assert read(place, "text").splitlines()[0].split("  ")[0] == "prod"
    of = f'{{command="{verb[0]}",environment="prod"}}'
    numbers = dict(line.split(" ") for line in read(place, "prometheus").splitlines() if line.startswith("reconciler"))
    assert (numbers["reconciler_lists" + of], numbers["reconciler_lists_in_doubt" + of]) == ("3", "0")
    assert numbers["reconciler_lists_pending" + of] == ("0" if "apply" in verb else "1")
    assert int(numbers["reconciler_last_apply_timestamp_seconds" + of]) > 1_700_000_000


def test_to_stdout_and_to_the_summary_of_a_job(place: Workplace) -> None:
    summary = place.folder / "summary.md"
    summary.write_text("before\n")
    outputs = place.folder / "outputs"
    outputs.write_text("before=1\n")
    variables = {"GITHUB_STEP_SUMMARY": str(summary), "GITHUB_OUTPUT": str(outputs)}
    ran = place.run("plan", "--report", "github=-", **variables)
    assert ran.out.splitlines()[-1].startswith("::notice file=lists.yaml,line=10,title=prod%3A a (Alpha 1)::")
    assert summary.read_text().startswith("before\n### reconciler plan: `prod` 1 to update, 2 unchanged\n")
    assert outputs.read_text() == "before=1\nchanges=1\nupdates=1\nblocked=0\nin_doubt=0\n"


def test_also_where_an_apply_is_refused(place: Workplace) -> None:
    lists = some_lists(3)
    place.declare(lists, **{key: {"description": "New"} for key in "abc"})
    path = place.folder / "lists.yaml"
    path.write_text(path.read_text().replace("policy: {}", "policy: {max_changes: 2}"))
    ran = place.run("apply", "--yes", *asked("markdown", "json"))
    assert ran.code == 1
    assert read(place, "markdown").startswith("### reconciler apply, not carried out: `prod` 3 to update")
    document = valid(read(place, "json"), "plan")
    assert "3 updates are over max_changes (2)" in document["refused"]
    assert place.puts == []


def test_what_cannot_be_written_in_the_end_takes_nothing_else_along(place: Workplace) -> None:
    ran = place.run(
        "apply",
        "--yes",
        "--report",
        "json=/dev/full",
        *asked("markdown"),
        GITHUB_STEP_SUMMARY="/nowhere/x",
        GITHUB_OUTPUT="/nowhere/y",
    )
    assert ran.code == 0
    assert "warning: cannot write /dev/full: No space left on device" in ran.err
    assert "warning: GITHUB_STEP_SUMMARY: cannot write /nowhere/x" in ran.err
    assert "warning: GITHUB_OUTPUT: cannot write /nowhere/y" in ran.err
    assert read(place, "markdown").startswith("### reconciler apply: `prod` 1 updated")
    for verb in ("plan", "drift"):
        assert place.run(verb, "--report", "json=/dev/full").code == 1


def test_a_run_that_failed_leaves_no_report_of_another(place: Workplace) -> None:
    for verb in (["drift"], ["plan", "--refresh"], ["apply", "--yes"]):
        (place.folder / "out.junit").write_text("old")
        assert place.run(*verb, *asked("junit"), KORE_CLIENT_SECRET="wrong").code == 1
        assert "does not accept the sign-in" in read(place, "junit")
    (place.folder / "out.prometheus").write_text("old")
    (place.folder / "lists.yaml").write_text("nothing: here\n")
    assert place.run("drift", *asked("junit", "prometheus")).code == 1
    assert not (place.folder / "out.junit").exists()
    assert read(place, "prometheus") == "old"  # a collector may be about to read it


@pytest.mark.parametrize(
    "words", [["plan", "--out", ""], ["plan", "--report", "html="], ["apply", "--yes", "--undo-out", ""]]
)
@pytest.mark.parametrize("name", ["lists.yaml", "more.yml", ".reconciler/old.state.json"])
def test_no_manifest_and_no_state_is_replaced(place: Workplace, words: list[str], name: str) -> None:
    path = place.folder / name
    path.parent.mkdir(exist_ok=True)
    before = path.read_text() if path.exists() else "precious"
    path.write_text(before)
    ran = place.run(*words[:-1], words[-1] + name)
    assert ran.code == 1
    assert f"{name} is " in ran.err
    assert path.read_text() == before


def test_within_a_budget(place: Workplace) -> None:
    assert place.run("plan", "--max-bytes", "1000", *asked("markdown")).code == 0
    assert len(read(place, "markdown").encode()) <= 1000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--report", "pdf=x"], "'pdf=x' is not FORMAT=FILE with one of text, json"),
        (["--report", "markdown"], "'markdown' is not FORMAT=FILE"),
        (["--report", "markdown="], "'markdown=' is not FORMAT=FILE"),
        (["--report", "text=nowhere/out"], "cannot write nowhere/out: No such file or directory"),
        (["--report", "text=x", "--report", "json=./x"], "x is named twice"),
        (["--report", "text=lists.yaml"], "lists.yaml is a file that this command reads"),
        (["--json", "--report", "json=-"], "would both go to stdout"),
        (["--max-bytes", "999"], "must be an integer from 1,000 to 1,000,000,000; got '999'"),
        (["--max-bytes", "many"], "must be an integer from 1,000 to 1,000,000,000; got 'many'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(
    place: Workplace, arguments: list[str], said: str
) -> None:
    place.sandbox.world.log.clear()
    ran = place.run("apply", "--yes", *arguments)
    assert ran.code == 1
    assert said in ran.err
    assert len(place.sandbox.world.log.entries) == 0

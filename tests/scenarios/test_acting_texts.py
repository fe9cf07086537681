"""The real program among texts that want to act: no line of stdout or stderr is a command but the annotations.

Texts stand in live lists, campaigns, the manifest, its keys and file names, arguments, the state, a lock, the API's
errors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import faults
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.settings import Settings
from tests.program import Ran, Workplace, some_lists, workplace
from tests.report.ci_systems import commands

GITHUB, AZURE, START = "Spring ##[add-mask]2", "##vso[task.setvariable variable=PATH]x", "::stop-commands::x"
HIDDEN = f"a\r{START}\n{START}\x1b[2K#\u200d#[group]"
NAMES = (GITHUB, AZURE, START, "##teamcity[x]")
ANNOTATION = re.compile(r"::(error|warning|notice) (file=[^,]*,line=\d+,)?title=")
REPORTS = ("text", "json", "markdown", "junit", "github", "gitlab", "html")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    """Lists a to d in the state under these names, an edit of each to be planned, and an undeclared one."""
    campaigns = (f"{GITHUB} {HIDDEN}",)
    lists = [
        ContactList(f"cl-{number:07x}-0000", {"name": name, "description": f"{name} as it was"}, campaigns)
        for number, name in enumerate(NAMES)
    ]
    lists.append(ContactList("cl-00000ff-0000", {"name": HIDDEN[:40], "description": HIDDEN}))
    with workplace(tmp_path, lists, Settings(limit=0), measured=False) as made:
        made.declare(lists[:4])
        made.apply_first()
        made.sandbox.world.edit(lists[3].id, {"description": f"theirs {HIDDEN}"})
        edited = {
            key: {"description": f"{name} anew", "name": f"{name}!"} for key, name in zip("abc", NAMES, strict=False)
        }
        made.declare(lists[:4], **edited)
        yield made


def assert_inert(ran: Ran) -> None:
    for stream in (ran.out, ran.err):
        others = "\n".join(line[2:] if ANNOTATION.match(line) else line for line in stream.split("\n"))
        assert commands(others) == []


LOOKS = {
    "plan": ["plan"],
    "plan for machines": ["plan", "--refresh", "--json"],
    "drift": ["drift", "--undeclared"],
    "drift for machines": ["drift", "--undeclared", "--json"],
    "import": ["import", "--dry-run"],
    "accept": ["accept", "--dry-run"],
    "the state": ["state", "list"],
    "the state for machines": ["state", "list", "--json"],
    "a list": ["state", "show", "a"],
    "a list for machines": ["state", "show", "a", "--json"],
    "the document": ["state", "pull"],
    "doctor": ["doctor"],
    "doctor for machines": ["doctor", "--json"],
    "environments": ["environments", "--json"],
    "a list that is not there": ["plan", "--only", GITHUB],
    **{f"{name} of a plan": ["plan", "--refresh", "--report", f"{name}=-"] for name in REPORTS},
    **{f"{name} of drift": ["drift", "--report", f"{name}=-"] for name in REPORTS},
}


@pytest.mark.parametrize("arguments", LOOKS.values(), ids=list(LOOKS))
def test_looking(place: Workplace, arguments: list[str]) -> None:
    ran = place.run(*arguments)
    assert ran.code == 0, ran.err
    assert_inert(ran)
    if "--json" in arguments or "pull" in arguments:
        assert json.loads(ran.out)


@pytest.mark.parametrize("name", REPORTS)
def test_applying(place: Workplace, name: str) -> None:
    place.sandbox.world.faults.arm([faults.Status(call="put", status=400, message=f"{GITHUB}\n{START}")])
    ran = place.run("apply", "--yes", "--report", f"{name}=-")
    assert ran.code == 3
    assert "add-mask]2" in ran.err + ran.out
    assert_inert(ran)


def test_a_document_means_the_same(place: Workplace) -> None:
    ran = place.run("state", "pull")
    entries = ran.document["lists"]
    assert isinstance(entries, dict)
    assert [entry["name"] for entry in entries.values()] == list(NAMES)
    (place.folder / "pulled.json").write_text(ran.out)
    assert place.run("state", "push", "pulled.json").code == 0


MANIFESTS = {
    "a key": f"lists:\n  '{GITHUB}': {{id: x, name: x}}\n",
    "an unknown key": f'"{START}": 1\n',
    "a value": f'version: "{AZURE} {START}"\n',
    "an included file": f'version: 1\ninclude: ["{GITHUB}.yaml", "../{START}"]\n',
    "an environment": f"environments:\n  '{GITHUB}': {{host: '{AZURE}'}}\n",
    "no YAML": f"a: [\n{START}\n",
}
WRONG = {
    "a file": ["plan", "-f", f"{GITHUB}.yaml"],
    "a command": [START],
    "an option": ["plan", f"--{GITHUB}"],
    "an argument": ["plan", f"\n{START}"],
    "an environment": ["plan", "--env", AZURE],
    "a key": ["state", "show", HIDDEN],
    "a report": ["plan", "--report", f"{START}=x"],
    "a folder": ["plan", "--report", f"text=no such/{GITHUB}"],
    "a plan": ["apply", f"{AZURE}.json", "--yes"],
}


@pytest.mark.parametrize("machines", [[], ["--json"]], ids=["people", "machines"])
@pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=list(MANIFESTS))
def test_a_manifest_is_refused(place: Workplace, manifest: str, machines: list[str]) -> None:
    (place.folder / "lists.yaml").write_text(manifest, encoding="utf-8")
    ran = place.run("validate", *machines)
    assert ran.code == 1
    assert_inert(ran)


@pytest.mark.parametrize("arguments", WRONG.values(), ids=list(WRONG))
def test_an_argument_is_refused(place: Workplace, arguments: list[str]) -> None:
    ran = place.run(*arguments)
    assert ran.code == 1
    assert_inert(ran)


def test_a_plan_that_no_report_can_hold_is_not_reviewable(tmp_path: Path) -> None:
    with workplace(tmp_path, some_lists(20), Settings(limit=0), measured=False) as made:
        made.declare(some_lists(20))
        made.apply_first()
        made.declare(some_lists(20), **{key: {"description": "x" * 200} for key in "abcdefghijklmnopqrst"})
        for budget, code in (("2000", 1), ("65000", 0)):
            ran = made.run("plan", "--report", "markdown=plan.md", "--out", "plan.json", "--max-bytes", budget)
            assert ran.code == code
            assert (tmp_path / "plan.md").read_text().startswith("### reconciler NOT REVIEWABLE, ") == bool(code)
            assert ("plan.md: not reviewable: " in ran.err) == bool(code)
            assert (tmp_path / "plan.json").exists()
        summary = tmp_path / "summary.md"
        summary.write_text("x" * 899_000)  # by an earlier command of the same step
        ran = made.run("plan", "--detailed-exitcode", GITHUB_STEP_SUMMARY=str(summary))
        assert ran.code == 1
        assert "GITHUB_STEP_SUMMARY: not reviewable: " in ran.err


@pytest.mark.parametrize(
    ("folder", "arguments", "file"),
    [
        ("crm/north", [], "crm/north/lists.yaml"),
        ("crm/north", ["-f", "../north/lists.yaml"], "crm/north/lists.yaml"),
        ("", ["-f", "crm/north/lists.yaml"], "crm/north/lists.yaml"),
    ],
)
def test_annotations_name_files_by_their_path_in_the_repository(
    tmp_path: Path, folder: str, arguments: list[str], file: str
) -> None:
    (tmp_path / "crm" / "north").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    with workplace(tmp_path / "crm" / "north", some_lists(1), Settings(limit=0), measured=False) as made:
        made.declare(some_lists(1), a={"name": "x" * 40})
        made.folder = tmp_path / folder
        ran = made.run("plan", "--refresh", "--report", "github=-", *arguments)
        assert f"::error file={file},line=" in ran.out


BROKEN = "x\nlists.yaml: valid (prod 40 lists)\rb\u2028c"


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "-f", BROKEN],
        ["plan", "--only", BROKEN],
        ["plan", BROKEN],
        ["apply", BROKEN],
        ["plan", "--env", BROKEN],
        ["plan", f"--{BROKEN}"],
        [BROKEN],
        ["plan", "--report", f"text={BROKEN}/x"],
        ["state", "show", BROKEN],
        ["state", "push", BROKEN],
        ["promote", BROKEN, "prod"],
        ["accept", BROKEN],
        ["import", BROKEN],
    ],
    ids=lambda words: words[0][:8],
)
def test_no_word_of_the_command_line_breaks_a_line(place: Workplace, words: list[str]) -> None:
    ran = place.run(*words)
    said = ran.out + ran.err
    assert not re.search(r"(?m)^lists\.yaml: valid \(prod 40", said)
    assert not re.search("[\r\u2028]", said)


def test_no_name_of_an_included_file_breaks_a_line(place: Workplace) -> None:
    manifest = place.folder / "lists.yaml"
    manifest.write_text(manifest.read_text() + "include: ['inc/*.yaml']\n")
    (place.folder / "inc").mkdir()
    (place.folder / "inc" / f"{BROKEN}.yaml").write_text("lists: [a]\n")
    for verb in ("validate", "plan", "apply --yes", "drift", "import", "state list"):
        ran = place.run(*verb.split())
        assert ran.code == 1
        assert len(ran.err.splitlines()) == 1, ran.err
        assert r"x\nlists.yaml: valid" in ran.err

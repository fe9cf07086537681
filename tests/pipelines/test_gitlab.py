"""The pipeline of GitLab, really run: a merge request, a merge, a merge without changes, a morning."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconciler.documents.result_document import read_result
from reconciler.sandbox.server import CLIENT_SECRET, Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.gitlab import TOKEN, GitLab, Project
from tests.pipelines.project import LISTS, declared
from tests.state.cas_files import git

pytestmark = pytest.mark.slow

REQUEST = "projects/5/merge_requests/7"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    with Sandbox(settings=Settings(limit=0), lists=LISTS) as sandbox, GitLab({"user": {"id": 3}}) as gitlab:
        yield Project(tmp_path, sandbox, gitlab)


def test_a_merge_request_gets_an_offline_plan_and_one_note_that_is_updated(project: Project) -> None:
    head = project.declare(declared("New"))
    request = {"state": "opened", "sha": head, "iid": 7}
    project.gitlab.answers[REQUEST] = request
    project.gitlab.notes.append({"id": 9, "author": {"id": 4}, "body": "<!-- reconciler plan prod lists.yaml -->"})
    given = {"CI_MERGE_REQUEST_IID": "7", "RECONCILER_NOTE_TOKEN": TOKEN}
    merged = {"CI_COMMIT_SHA": "0" * 40, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": head}  # as in a merge train
    code, said = project.run("merge_request_event", **given, **merged)
    assert code == 0, said
    other, note = project.gitlab.notes
    assert other["body"] == "<!-- reconciler plan prod lists.yaml -->"
    assert note["body"].startswith("<!-- reconciler plan prod lists.yaml -->\n### reconciler plan: `prod` 2 to check\n")
    assert f"commit {head}, [log](https://gitlab.test/g/p/-/jobs/" in note["body"]
    assert not project.sandbox.world.log.entries
    request["sha"] = project.declare("  a: {id: 1}\n")
    project.gitlab.notes.append({**note, "id": 10})  # of a pipeline beside this one
    (secret := project.folder / "secret").write_text("a secret\n")
    (project.repository / "plan.md").symlink_to(secret)
    code, said = project.run("merge_request_event", **given)
    assert code != 0
    assert "lists.a.id: must be" in said
    _, note = project.gitlab.notes
    assert "### reconciler plan: `prod` failed\n" in note["body"]
    assert (secret.read_text() in note["body"], secret.read_text()) == (False, "a secret\n")
    request["sha"] = "newer"
    project.declare(declared("Newer"))
    code, said = project.run("merge_request_event", **given)
    assert (code, "is not the newest commit of a merge request" in said) == (0, True), said
    assert "failed" in project.gitlab.notes[1]["body"]
    code, said = project.run("merge_request_event", **{**given, "RECONCILER_NOTE_TOKEN": "wrong"})
    assert (code, "HTTP Error 401: Unauthorized; RECONCILER_NOTE_TOKEN needs the role Reporter" in said) == (0, True), (
        said
    )
    code, said = project.run("merge_request_event")
    assert code == 0, said


def test_a_merge_is_applied_by_hand_and_by_just_the_plan_that_was_shown(project: Project) -> None:
    project.include("      tags: [a, b]\ndefault: {before_script: ['exit 1']}\n")  # no default runs beside credentials
    head = project.declare(declared("New"))
    project.gitlab.answers[f"projects/5/repository/commits/{head}/merge_requests"] = [{"iid": 7, "state": "merged"}]
    code, said = project.run("push", RECONCILER_NOTE_TOKEN=TOKEN)
    assert (code, CLIENT_SECRET in said, project.sandbox.world.writes) == (0, False, []), said
    (note,) = project.gitlab.notes
    assert "### reconciler plan: `prod` 2 to update\n" in note["body"]
    assert "Compared with the live account." in note["body"]
    child, plan = (project.artifact("contact-lists-plan", name) for name in ("apply.yml", "plan.json"))
    digest = hashlib.sha256(plan.read_bytes()).hexdigest()
    assert f"with the SHA-256 `{digest}`" in note["body"]
    (job,) = yaml.safe_load(child.read_text()).values()
    assert job["script"][-1].startswith("exec reconciler apply plan.json ")
    assert (job["tags"], job["script"][0]) == (["a", "b"], f'echo "{digest}  plan.json" | sha256sum --check')
    shutil.copy(child, project.repository / "apply.yml")
    listed = project.run("parent_pipeline", "--file", "apply.yml", "--list-csv")[1]
    assert 'apply-prod;"";test;manual;false;' in listed, listed
    with (project.repository / "plan.json").open("a") as altered:
        altered.write("\n")
    code, said = project.run("parent_pipeline", "--file", "apply.yml", "apply-prod")
    assert (code != 0, "plan.json: FAILED" in said, project.sandbox.world.writes) == (True, True, []), said
    project.declare(declared("Newer"))
    git(project.repository, "checkout", "--quiet", head)
    said = project.run("push", "--manual", "apply-prod")[1]
    assert ("main has a newer commit" in said, project.sandbox.world.writes) == (True, []), said
    git(project.repository, "checkout", "--quiet", "--force", "main")
    project.declare(declared("New"))
    code, said = project.run("push", "--manual", "apply-prod")
    assert (code, len(project.sandbox.world.writes)) == (0, 2), said
    result = read_result(project.artifact("apply-prod", "result.json"))
    assert result["environments"][0]["summary"]["updated"] == 2
    assert "reconciler-state" in git(project.repository, "ls-remote", "origin")


def test_a_push_without_changes_leaves_nothing_that_waits(project: Project) -> None:
    project.declare("  {}\n")
    code, said = project.run("push")
    assert code == 0, said
    assert "nothing-to-apply $ true" in said, said


def test_a_plan_that_is_all_blocked_offers_no_apply(project: Project) -> None:
    text = declared("Text 1")
    project.declare(text[text.index("  b:") :].replace(LISTS[1].texts["name"], "Else"))
    code, said = project.run("push")
    assert code != 0
    assert "Everything that the plan has is blocked: nothing is applied." in said, said


def test_drift_is_found_in_the_morning(project: Project) -> None:
    project.declare(declared("Text 1"))
    code, said = project.run("schedule")
    assert code == 0, said
    assert "1 never applied, 1 as declared" in said
    assert project.artifact("contact-lists-drift", "drift.html").exists()


def test_a_merge_request_is_compared_with_the_live_account_if_the_input_says_so(project: Project) -> None:
    project.include("      refresh: true\n")
    head = project.declare(declared("New"))
    project.gitlab.answers[REQUEST] = {"state": "opened", "sha": head, "iid": 7}
    code, said = project.run("merge_request_event", CI_MERGE_REQUEST_IID="7", RECONCILER_NOTE_TOKEN=TOKEN)
    assert code == 0, said
    assert "Compared with the live account." in project.gitlab.notes[0]["body"]
    assert not project.sandbox.world.writes


def test_mornings_keep_one_merge_request_if_the_input_says_so(project: Project) -> None:
    project.include("      merge_request: true\n")
    project.declare(declared("Text 1"))
    git(project.repository, "push", "--quiet", "origin", "HEAD:main")
    assert project.run("push", "--manual", "apply-prod")[0] == 0
    project.sandbox.world.edit(LISTS[0].id, {"description": "Theirs"})
    code, said = project.run("schedule")
    assert code != 0, said
    (request,) = project.gitlab.requests
    wanted = ("reconciler/drift-prod", "main", "opened")
    assert (request["source_branch"], request["target_branch"], request["state"]) == wanted, said
    assert "### reconciler drift: `prod` 1 drifted, 1 as declared" in request["description"]
    git(project.repository, "fetch", "--quiet", "origin", "reconciler/drift-prod")
    assert "description: Theirs" in git(project.repository, "show", "FETCH_HEAD:lists.yaml")
    git(project.repository, "checkout", "--quiet", "lists.yaml")
    project.sandbox.world.edit(LISTS[0].id, {"description": "Text 1"})
    code, said = project.run("schedule")
    assert (code, request["state"]) == (0, "closed"), said

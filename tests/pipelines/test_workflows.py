"""The workflows, really run: a fork, a branch, a merge, a morning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.documents.result_document import read_result
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.project import LISTS, declared
from tests.pipelines.runner import Runner
from tests.state.cas_files import git

pytestmark = pytest.mark.slow


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with Sandbox(settings=Settings(limit=0), lists=LISTS) as sandbox:
        made = Runner(tmp_path, sandbox)
        made.declare("  {}\n")
        made.declare(declared("New"))
        yield made


def requests(runner: Runner) -> int:
    return len(runner.sandbox.world.log.entries)


def test_a_pull_request_from_a_fork_gets_an_offline_plan_and_no_secret(runner: Runner) -> None:
    code, said = runner.run("pull_request", runner.pull_request("someone/r"), secrets=False)
    assert code == 0, said
    assert "2 to check" in said
    assert (requests(runner), runner.kept("comments")) == (0, [])


def test_a_pull_request_of_a_branch_gets_one_comment_that_is_updated(runner: Runner) -> None:
    code, said = runner.run("pull_request", runner.pull_request())
    assert code == 0, said
    assert CLIENT_SECRET not in said
    (comment,) = runner.kept("comments")
    marker = "<!-- reconciler plan prod lists.yaml -->\n"
    assert comment["body"].startswith(f"{marker}### reconciler plan: `prod` 2 to check\n")
    assert requests(runner) == 0
    runner.declare("  a: {id: 1}\n")
    head = git(runner.repository, "rev-parse", "HEAD").strip()
    event = runner.pull_request()
    code, said = runner.run("pull_request", event)
    assert code != 0
    assert "lists.a.id: must be" in said
    (comment,) = runner.kept("comments")
    assert comment["body"].startswith(f"{marker}### reconciler plan: `prod` failed\n")
    assert f"Environment `prod` of `lists.yaml`, commit {head}, [log](" in comment["body"]


def test_a_pull_request_is_compared_with_the_live_account_if_the_caller_says_so(runner: Runner) -> None:
    caller = runner.repository / ".github" / "workflows" / "contact-lists.yml"
    caller.write_text(
        caller.read_text().replace("refresh: ${{ github.event_name == 'workflow_dispatch' }}", "refresh: true")
    )
    name = LISTS[1].texts["name"]
    runner.declare(declared("Text 1").replace(name, "Else"))
    code, said = runner.run("pull_request", runner.pull_request())
    assert code == 0, said
    (comment,) = runner.kept("comments")
    assert "### reconciler plan: `prod` 1 to adopt, 1 blocked\n" in comment["body"]
    (review,) = runner.kept("reviews")
    assert f'previously: "{name}"' in str(review)
    assert not runner.sandbox.world.writes
    before = requests(runner)
    runner.declare(declared("Newer"))
    code, said = runner.run("pull_request", runner.pull_request(user="dependabot[bot]"), secrets=False)
    assert (code, requests(runner)) == (0, before), said


def test_a_pull_request_that_changes_no_yaml_file_passes_without_a_plan(runner: Runner) -> None:
    (runner.repository / "README.md").write_text("x")
    runner.declare(declared("New"))
    code, said = runner.run("pull_request", runner.pull_request())
    assert code == 0, said
    assert "environments and plans: success skipped" in said
    assert runner.kept("comments") == []
    (runner.repository / "sales").mkdir()
    (runner.repository / "sales" / "lists.yaml").write_text("lists: {}\n")
    runner.declare(declared("New"))
    code, said = runner.run("pull_request", runner.pull_request())
    assert (code, len(runner.kept("comments"))) == (0, 1), said


def test_each_environment_of_the_manifest_is_planned(runner: Runner) -> None:
    also = "".join(
        f"  {name}: {{host: 'https://other.example', stream_id: {STREAM_ID}, account_id: '{ACCOUNT_ID}'}}\n"
        for name in ("test", "dev")
    )
    runner.declare("  {}\n", also)
    code, said = runner.run("merge_group")
    assert code == 0, said
    assert all(f"--env\n  {name}\n" in said or f"{name}  " in said for name in ("prod", "test", "dev")), said
    code, said = runner.run("workflow_dispatch", {"inputs": {"command": "plan", "environment": "nope"}})
    assert code != 0
    assert 'the manifest has no environment nope: ["prod", "test", "dev"]' in said
    code, said = runner.run("workflow_dispatch", {"inputs": {"command": "plan", "environment": "prod"}})
    assert code == 0, said
    assert (requests(runner), "plan/refreshed" in said or "prod, refreshed" in said) == (1, True)


@pytest.mark.parametrize("environments", [{}, {"prod": {"protection_rules": [], "deployment_branch_policy": None}}])
def test_an_environment_without_reviewers_is_not_applied_to(runner: Runner, environments: object) -> None:
    runner.know(environments=environments)
    code, said = runner.run("push")
    assert code != 0
    assert "nothing is applied" in said
    assert requests(runner) == 0


def test_a_merge_applies_just_the_plan_that_was_shown(runner: Runner) -> None:
    code, said = runner.run("push")
    assert code == 0, said
    assert {known.texts["description"] for known in runner.sandbox.world.lists().values()} == {"New"}
    assert git(runner.origin, "show", "reconciler-state:prod.state.json").count('"status": "applied"') == 2
    kept = runner.folder / "artifacts" / "apply-prod-1"
    assert {each.name for each in kept.iterdir()} == {"result.json", "undo.json"}
    (done,) = read_result(kept / "result.json")["environments"]
    assert (done["name"], done["summary"]["updated"]) == ("prod", 2)
    before = requests(runner)
    code, said = runner.run("workflow_dispatch", {"inputs": {"command": "apply", "environment": "prod"}})
    assert code == 0, said
    assert "apply/apply prod" not in said
    assert requests(runner) == before + 1
    git(runner.repository, "checkout", "--quiet", "-b", "other")
    code, said = runner.run("workflow_dispatch", {"inputs": {"command": "apply", "environment": "prod"}})
    assert (code, "apply runs on the default branch only" in said, requests(runner)) == (1, True, before + 1), said


def test_a_plan_that_is_all_blocked_asks_for_no_approval(runner: Runner) -> None:
    text = declared("Text 1")
    runner.declare(text[text.index("  b:") :].replace(LISTS[1].texts["name"], "Else"))
    code, said = runner.run("push")
    assert code != 0
    assert "::error::Everything that the plan has is blocked: nothing is applied." in said, said
    assert "apply/apply prod" not in said


def test_mornings_keep_one_issue(runner: Runner) -> None:
    assert runner.run("push")[0] == 0
    code, said = runner.run("schedule")
    assert code == 0, said
    assert runner.kept("issues") == []
    runner.sandbox.world.edit(LISTS[0].id, {"description": "Theirs"})
    assert runner.run("schedule")[0] == 0
    runner.sandbox.world.edit(LISTS[1].id, {"description": "Theirs, too"})
    assert runner.run("schedule")[0] == 0
    (issue,) = runner.kept("issues")
    assert (issue["title"], issue["state"]) == ("Contact lists of prod are not as declared in lists.yaml", "open")
    assert "`prod` 2 drifted" in issue["body"]
    for known in LISTS:
        runner.sandbox.world.edit(known.id, {"description": "New"})
    assert runner.run("schedule")[0] == 0
    (issue,) = runner.kept("issues")
    assert issue["state"] == "closed"


def test_mornings_keep_one_pull_request_if_the_caller_says_so(runner: Runner) -> None:
    caller = runner.repository / ".github" / "workflows" / "contact-lists.yml"
    caller.write_text(caller.read_text().replace("pull_request: false", "pull_request: true"))
    runner.declare(declared("New"))
    git(runner.repository, "push", "--quiet", "origin", "HEAD:main")
    assert runner.run("push")[0] == 0
    runner.sandbox.world.edit(LISTS[0].id, {"description": "Theirs"})
    code, said = runner.run("schedule")
    assert (code, CLIENT_SECRET in said) == (0, False), said
    (pull,) = runner.kept("pulls")
    assert (pull["head"], pull["base"], pull["state"]) == ("reconciler/drift-prod", "main", "open")
    assert "### reconciler drift: `prod` 1 drifted, 1 as declared" in pull["body"]
    assert "last saved: `by u-" in pull["body"]
    tip = git(runner.origin, "rev-parse", "reconciler/drift-prod")
    assert git(runner.origin, "diff", "--name-only", "main", tip) == "lists.yaml"
    assert "description: Theirs" in git(runner.origin, "show", f"{tip}:lists.yaml")
    git(runner.repository, "checkout", "--quiet", "lists.yaml")  # the runner has one folder for all jobs
    runner.sandbox.world.edit(LISTS[0].id, {"description": "New"})
    code, said = runner.run("schedule")
    assert code == 0, said
    (pull,) = runner.kept("pulls")
    assert (pull["state"], "drift-prod" in git(runner.origin, "branch")) == ("closed", False)

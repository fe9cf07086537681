"""The workflows, really run: a fork, a branch, a merge, a morning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.server import CLIENT_SECRET, Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.runner import Runner
from tests.program import some_lists
from tests.state.cas_files import git

pytestmark = pytest.mark.slow

LISTS = some_lists(2)
FORK: dict[str, object] = {"pull_request": {"number": 7, "head": {"repo": {"full_name": "someone/r"}}}}
BRANCH: dict[str, object] = {"pull_request": {"number": 7, "head": {"repo": {"full_name": "o/r"}}}}


def declared(description: str) -> str:
    return "".join(
        f"  {key}:\n    id: {known.id}\n    name: {known.name}\n    description: {description}\n"
        for key, known in zip("ab", LISTS, strict=True)
    )


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    with Sandbox(settings=Settings(limit=0), lists=LISTS) as sandbox:
        made = Runner(tmp_path, sandbox)
        made.declare(declared("New"))
        yield made


def requests(runner: Runner) -> int:
    return len(runner.sandbox.world.log.entries)


def test_a_pull_request_from_a_fork_gets_an_offline_plan_and_no_secret(runner: Runner) -> None:
    code, said = runner.run("pull_request", FORK, secrets=False)
    assert code == 0, said
    assert "2 to check" in said
    assert (requests(runner), runner.kept("comments")) == (0, [])


def test_a_pull_request_of_a_branch_gets_one_comment_that_is_updated(runner: Runner) -> None:
    code, said = runner.run("pull_request", BRANCH)
    assert code == 0, said
    assert CLIENT_SECRET not in said
    (comment,) = runner.kept("comments")
    assert comment["body"].startswith("<!-- reconciler plan prod -->\n### reconciler plan: `prod` 2 to update\n")
    runner.declare(declared("Newer").replace("Newer", "Text 1", 1))
    code, said = runner.run("pull_request", BRANCH)
    assert code == 0, said
    (comment,) = runner.kept("comments")
    assert "### reconciler plan: `prod` 1 to update, 1 to adopt\n" in comment["body"]
    assert not runner.sandbox.world.writes


def test_a_merge_applies_just_the_plan_that_was_shown(runner: Runner) -> None:
    code, said = runner.run("push")
    assert code == 0, said
    assert {known.texts["description"] for known in runner.sandbox.world.lists().values()} == {"New"}
    assert git(runner.origin, "show", "reconciler-state:prod.state.json").count('"status": "applied"') == 2
    assert (runner.folder / "artifacts" / "undo-prod" / "undo.json").exists()
    before = requests(runner)
    code, said = runner.run("push")
    assert code == 0, said
    assert "apply/apply prod" not in said
    assert requests(runner) == before + 1


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
    assert (issue["title"], issue["state"]) == ("Contact lists of prod are not as declared", "open")
    assert "`prod` 2 drifted" in issue["body"]
    for known in LISTS:
        runner.sandbox.world.edit(known.id, {"description": "New"})
    assert runner.run("schedule")[0] == 0
    (issue,) = runner.kept("issues")
    assert issue["state"] == "closed"

"""The scripts of the action, run as GitHub's runner runs them, with a stand-in for `gh`."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.sandbox.settings import Settings
from tests.pipelines.project import WHO
from tests.pipelines.runner import PROTECTED
from tests.program import REPOSITORY, some_lists, workplace
from tests.state.cas_files import git

ACTION = REPOSITORY / ".github" / "actions" / "reconciler"
_SPENT = """\
import os, pathlib, signal, sys, time
def told(number, frame):
    with open("told", "a") as file:
        file.write(f"{signal.Signals(number).name}\\n")
    if len(pathlib.Path("told").read_text().splitlines()) == int(os.environ["ENOUGH"]):
        sys.exit(143)
signal.signal(signal.SIGTERM, told)
pathlib.Path("ready").write_text("x")
while True:
    time.sleep(0.05)
"""


@dataclass
class Desk:
    """A folder in which scripts run, with `gh` and `python` before all others on the PATH."""

    folder: Path

    def __post_init__(self) -> None:
        """Put the stand-ins there."""
        (self.folder / "bin").mkdir()
        self.put("gh", f'exec {sys.executable} {REPOSITORY}/tests/pipelines/gh.py "$@"')

    def put(self, name: str, script: str) -> None:
        """Make a command."""
        path = self.folder / "bin" / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def know(self, **things: object) -> None:
        """Have the stand-in for gh know just this."""
        (self.folder / "kept.json").write_text(json.dumps(things))

    def known(self) -> dict[str, Any]:
        """Return what it knows now."""
        known: dict[str, Any] = json.loads((self.folder / "kept.json").read_text())
        return known

    def commit(self, name: str) -> str:
        """Commit a change of a file to the branch main of `origin`, which is the folder itself; return the commit."""
        if not (self.folder / ".git").exists():
            git(self.folder, "init", "--quiet", "--initial-branch", "main")
            git(self.folder, "remote", "add", "origin", ".")
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            file.write("x\n")
        git(self.folder, "add", name)
        git(self.folder, *WHO, "commit", "--quiet", "--message", "x")
        return git(self.folder, "rev-parse", "HEAD").strip()

    def start(self, script: str, **variables: str) -> subprocess.Popen[str]:
        """Start a script."""
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", f'exec bash "{ACTION}/{script}"'],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
                "HOME": str(self.folder),
                "GH_KEPT": str(self.folder / "kept.json"),
                "GH_TOKEN": "t",
                "GITHUB_OUTPUT": str(self.folder / "output"),
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_REF": "refs/heads/main",
                "GITHUB_REF_NAME": "main",
                "GITHUB_SHA": "c0ffee",
                "GITHUB_RUN_ID": "5",
                "GITHUB_SERVER_URL": "https://github.com",
                **variables,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, script: str, **variables: str) -> tuple[int, str]:
        """Run a script to its end; return its exit code and all that it prints."""
        started = self.start(script, **variables)
        said, _ = started.communicate(timeout=120)
        return started.returncode, said


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


RUN = {
    "COMMAND": "plan",
    "ARGUMENTS": "--env\nprod\n",
    "ACCEPTED": "2",
    "ENVIRONMENT": "",
    "CREDENTIALS": "KORE",
    "GIVEN_TOKEN": "",
    **{f"GIVEN_{name}": "" for name in ("CLIENT_ID", "CLIENT_SECRET", "HOST", "ACCOUNT_ID", "STREAM_ID")},
}


SECRETS = ("KORE_CLIENT_ID", "KORE_CLIENT_SECRET")


def test_the_comment_is_one_is_of_the_newest_commit_and_says_what_failed(desk: Desk) -> None:
    variables = {"NUMBER": "7", "ENVIRONMENT": "prod", "FILE": "m.yaml", "BODY": str(desk.folder / "plan.md")}
    theirs = {"id": 9, "user": {"login": "u"}, "body": "<!-- reconciler plan prod m.yaml -->"}
    desk.know(head="new", comments=[theirs])
    code, said = desk.run("comment.sh", HEAD="old", **variables)
    assert (code, said) == (0, "old is no longer the newest commit: the comment is left to the run of that one\n")
    assert desk.known()["comments"] == [theirs]
    desk.know(head="new", comments=[theirs], race=True)
    assert desk.run("comment.sh", HEAD="new", **variables) == (0, "")
    _, comment = desk.known()["comments"]
    log = "https://github.com/o/r/actions/runs/5"
    assert comment["body"] == (
        "<!-- reconciler plan prod m.yaml -->\n### reconciler plan: `prod` failed\n\n"
        f"There is no plan for this commit. [The log]({log}) says why.\n\n"
        f"Environment `prod` of `m.yaml`, commit new, [log]({log}).\n"
    )
    (desk.folder / "plan.md").write_text("the plan\n")
    assert desk.run("comment.sh", HEAD="new", **variables) == (0, "")
    _, comment = desk.known()["comments"]
    assert comment["body"].startswith("<!-- reconciler plan prod m.yaml -->\nthe plan\n\nEnvironment `prod` of ")


def test_an_answer_of_many_lines_breaks_no_pipe(desk: Desk) -> None:
    desk.put("gh", "case $* in *--method*) echo $* >>asked;; *) seq 100000;; esac")
    code, said = desk.run("issue.sh", CODE="0", TITLE="t", BODY="b")
    assert (code, said) == (0, "")
    assert (desk.folder / "asked").read_text().startswith("api --method PATCH repos/o/r/issues/1 ")


@pytest.mark.parametrize(
    ("environments", "lacks"),
    [
        ({}, "does not exist"),
        ({"prod": {**PROTECTED, "protection_rules": [{"type": "wait_timer"}]}}, "has no required reviewers"),
        ({"prod": {**PROTECTED, "deployment_branch_policy": None}}, "admits every branch, or every protected one"),
        (
            {"prod": {**PROTECTED, "deployment_branch_policy": {"protected_branches": True}}},
            "admits every branch, or every protected one",
        ),
        (
            {"prod": {**PROTECTED, "branches": ["the branch *", "the branch main", "the tag v1"]}},
            "admits not just the branch main, but also the branch *, the tag v1",
        ),
        ({"prod": PROTECTED}, ""),
    ],
)
def test_an_environment_is_applied_to_only_with_a_review(desk: Desk, environments: object, lacks: str) -> None:
    desk.know(environments=environments)
    code, said = desk.run("protection.sh", ENVIRONMENT="prod", UNPROTECTED="false")
    if not lacks:
        assert code == 0
        return
    assert (code, said.count(f"::error::The environment prod {lacks}: nothing is applied.")) == (1, 1)
    code, said = desk.run("protection.sh", ENVIRONMENT="prod", UNPROTECTED="true")
    assert (code, said.count(f"::warning::The environment prod {lacks}, and is applied to all the same")) == (0, 1)


def test_an_environment_that_cannot_be_looked_at_is_not_applied_to(desk: Desk) -> None:
    desk.put("gh", "echo 'gh: Resource not accessible by integration (HTTP 403)' >&2; exit 1")
    code, said = desk.run("protection.sh", ENVIRONMENT="prod", UNPROTECTED="true")
    assert (code, "cannot be looked at: gh: Resource not accessible" in said) == (1, True)
    desk.put("gh", "case $2 in *policies*) echo 'HTTP 403' >&2; exit 1;; *) echo reviewers branches;; esac")
    code, said = desk.run("protection.sh", ENVIRONMENT="prod", UNPROTECTED="true")
    assert (code, "may use the environment prod cannot be looked at: HTTP 403" in said) == (1, True)


def test_only_the_plan_that_was_shown_and_signed_is_applied(desk: Desk) -> None:
    plan = desk.folder / "plan.json"
    plan.write_text("{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    desk.know(attested=[digest])
    commit = desk.commit("lists.tf")
    given = {"PLAN": str(plan), "DIGEST": digest, "ATTESTED": "true", "FILE": "lists.tf", "GITHUB_SHA": commit}
    assert desk.run("plan.sh", **given) == (0, "")
    plan.write_text("[]")
    code, said = desk.run("plan.sh", **{**given, "ATTESTED": "false"})
    assert (code, "is not the plan that this run has shown" in said) == (1, True)
    code, said = desk.run("plan.sh", **{**given, "DIGEST": hashlib.sha256(b"[]").hexdigest()})
    assert (code, said.startswith("no attestations found\n::error::"), "Nothing is applied." in said) == (1, True, True)


@pytest.mark.parametrize(
    ("name", "expected"), [("README.md", 0), (".github/x.yml", 0), ("m", 1), ("part.yml", 1), ("sales/part.yaml", 1)]
)
def test_a_plan_of_an_older_commit_is_applied_only_while_the_manifests_are_the_same(
    desk: Desk, name: str, expected: int
) -> None:
    plan = desk.folder / "plan.json"
    plan.write_text("{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    given = {"PLAN": str(plan), "DIGEST": digest, "ATTESTED": "false", "FILE": "m", "GITHUB_SHA": desk.commit("m")}
    desk.commit(name)
    code, said = desk.run("plan.sh", **given)
    refused = "::error::main has a newer commit that changes YAML files: nothing is applied." in said
    assert (code, refused) == (expected, bool(expected)), said


def test_what_an_environment_lacks_is_named(desk: Desk) -> None:
    desk.put("python", "touch ran")
    code, said = desk.run("run.sh", **{**RUN, "ENVIRONMENT": "prod-plan", "GIVEN_HOST": "h", "GIVEN_CLIENT_ID": "i"})
    assert code == 1
    assert said.startswith(
        "::error::The environment prod-plan has no KORE_CLIENT_SECRET KORE_ACCOUNT_ID KORE_STREAM_ID. In the settings"
    )
    assert not (desk.folder / "ran").exists()


def test_the_credentials_of_several_accounts_reach_the_program_alone(desk: Desk) -> None:
    desk.put("python", 'printf "%s\\n" "$KORE_A_CLIENT_SECRET" "$KORE_B_TOKEN" "${GIVEN_VARIABLES-gone}" "$@"')
    code, said = desk.run("run.sh", **RUN, GIVEN_VARIABLES="KORE_A_CLIENT_SECRET=ab==\n\nKORE_B_TOKEN=a $(id) 'b\n")
    assert (code, said) == (0, "ab==\na $(id) 'b\ngone\n-P\n-m\nreconciler\nplan\n--env\nprod\n")
    for wrong in ("PATH=secret", "secret", "KORE_A"):
        code, said = desk.run("run.sh", **RUN, GIVEN_VARIABLES=f"KORE_A_TOKEN=t\n{wrong}")
        assert (code, "each line must be NAME=VALUE" in said, wrong in said) == (1, True, False)


def test_the_header_of_the_token_is_added_unless_the_job_has_one(desk: Desk) -> None:
    desk.put("python", "env | grep ^GIT_CONFIG_ | sort; exit 2")
    git(desk.folder, "init", "--quiet")
    theirs = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.proxy", "GIT_CONFIG_VALUE_0": "p"}
    code, said = desk.run("run.sh", **{**RUN, "GIVEN_TOKEN": "t", **theirs})
    assert (code, (desk.folder / "output").read_text()) == (0, "code=2\n")
    assert said.splitlines() == [
        "GIT_CONFIG_COUNT=2",
        "GIT_CONFIG_KEY_0=http.proxy",
        "GIT_CONFIG_KEY_1=http.https://github.com/.extraheader",
        "GIT_CONFIG_VALUE_0=p",
        "GIT_CONFIG_VALUE_1=AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46dA==",
    ]
    git(desk.folder, "config", "http.https://github.com/.extraheader", "Authorization: basic x")
    assert desk.run("run.sh", **{**RUN, "GIVEN_TOKEN": "t"}) == (0, "")


def await_(path: Path) -> None:
    """Wait until there is something in a file."""
    until = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("enough", [1, 2])
def test_a_cancelled_job_reaches_the_program(desk: Desk, enough: int) -> None:
    """SIGINT to the first process only, and SIGTERM if it still runs; GitHub waits 7.5 s between them."""
    desk.put("python", f"exec {sys.executable} -c '{_SPENT}'")
    started = desk.start("run.sh", **RUN, ENOUGH=str(enough))
    await_(desk.folder / "ready")
    started.send_signal(signal.SIGINT)
    if enough == 2:
        await_(desk.folder / "told")
        with pytest.raises(subprocess.TimeoutExpired):
            started.wait(0.5)
        started.send_signal(signal.SIGTERM)
    started.communicate(timeout=60)
    assert started.returncode == 143
    assert (desk.folder / "told").read_text() == "SIGTERM\n" * enough
    assert (desk.folder / "output").read_text().endswith("code=143\n")


@pytest.mark.slow
@pytest.mark.parametrize(("latency", "last"), [(1.0, signal.SIGINT), (24.0, signal.SIGTERM)])
def test_a_cancelled_apply_records_what_it_sent(desk: Desk, latency: float, last: int) -> None:
    """The sequence of GitHub's runner: SIGINT, after 7.5 s SIGTERM, after 2.5 s SIGKILL, to the first process."""
    lists = some_lists(5)
    with workplace(desk.folder, lists, Settings(limit=0, latency=latency)) as made:
        made.declare(lists, **{key: {"description": "New"} for key in "abcde"})
        desk.put("python", f'exec {sys.executable} "$@"')
        given = {f"GIVEN_{name.removeprefix('KORE_')}": made.variables[name] for name in SECRETS}
        command = {**RUN, **given, "COMMAND": "apply", "ARGUMENTS": "--yes", "PYTHONPATH": str(REPOSITORY)}
        started = desk.start("run.sh", **command, NO_PROXY="127.0.0.1")
        while not made.sandbox.world.writes:
            time.sleep(0.05)
        for number, seconds in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5)):
            started.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                started.wait(seconds)
                break
        assert (number, started.poll()) == (last, 143)
        said, _ = started.communicate()
        assert "stopping after the request in flight" in said
        assert (desk.folder / "output").read_text().endswith("code=143\n")
        made.sandbox.world.settings = Settings(limit=0)
        assert made.run("apply", "--yes").code == 0
        assert len(made.puts) == len(lists), "what had been sent is not sent again"


def test_suggestions_are_made_once_for_lines_that_the_pull_request_shows(desk: Desk) -> None:
    git(desk.folder, "init", "--quiet", "--initial-branch", "main")
    manifest = desk.folder / "lists.yaml"
    lines = [f"line {number}" for number in range(1, 41)]
    manifest.write_text("\n".join(lines) + "\n")
    git(desk.folder, "add", "lists.yaml")
    git(desk.folder, *WHO, "commit", "--quiet", "--message", "base")
    git(desk.folder, "checkout", "--quiet", "-b", "branch")
    manifest.write_text("\n".join([*lines[:19], "changed", *lines[20:]]) + "\n")
    git(desk.folder, *WHO, "commit", "--quiet", "--all", "--message", "head")
    git(desk.folder, "checkout", "--quiet", "main")
    git(desk.folder, *WHO, "merge", "--quiet", "--no-ff", "--message", "merge", "branch")
    comments = {line: json.dumps({"path": "lists.yaml", "line": line, "body": f"B {line}\n"}) for line in (20, 23, 24)}
    saved = desk.folder / "suggestions.tsv"
    saved.write_text("".join(f"lists.yaml\t{line}\t{line}\t{comment}\n" for line, comment in comments.items()))
    desk.know(head="new")
    given = {"NUMBER": "7", "SUGGESTIONS": str(saved)}
    assert desk.run("review.sh", HEAD="old", **given) == (0, "")
    assert desk.run("review.sh", HEAD="new", **given) == (0, "")
    assert desk.run("review.sh", HEAD="new", **given) == (0, "")
    (review,) = desk.known()["reviews"]
    assert (review["event"], review["commit_id"]) == ("COMMENT", "new")
    assert [comment["line"] for comment in review["comments"]] == [20, 23]
    assert review["comments"][0]["body"].startswith("B 20\n<!-- reconciler suggestion ")
    manifest.write_text("\n".join(["base moved", *lines[:19], "changed", *lines[20:]]) + "\n")
    git(desk.folder, *WHO, "commit", "--quiet", "--all", "--amend", "--no-edit")
    desk.know(head="new")
    assert desk.run("review.sh", HEAD="new", **given) == (0, "")
    assert "reviews" not in desk.known()


def test_callers_grant_what_the_jobs_that_they_call_ask_for() -> None:
    """GitHub refuses the whole workflow otherwise, before it looks at any `if`."""
    packaged = REPOSITORY / "reconciler" / "pipelines" / "github" / "_dot_github" / "workflows"
    rank = {"read": 1, "write": 2}
    caller = yaml.safe_load((packaged / "contact-lists.yml").read_text())
    calls = [job for job in caller["jobs"].values() if "uses" in job]
    for call in calls:
        called = yaml.safe_load((packaged / Path(call["uses"]).name).read_text())
        for job in called["jobs"].values():
            for name, wanted in job["permissions"].items():
                assert rank[call["permissions"].get(name, "read")] >= rank[wanted], (call["uses"], name)
                assert name in call["permissions"]
    assert len(calls) == 3


def test_secrets_are_read_in_jobs_that_name_an_environment() -> None:
    for path in (REPOSITORY / ".github" / "workflows").glob("reconcile-*.yml"):
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            if "secrets." in json.dumps(job):
                assert job["environment"].startswith("${{ inputs.environment }}")

"""The files of docs/fleet-pipelines.md: what their tools say of them, and real runs of them over six accounts."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
import yaml

from reconciler.documents.result_document import read_result
from reconciler.sandbox.server import CLIENT_SECRET, Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.fleet import fleet_manifest, fleet_variables, some_accounts
from tests.pipelines.gitlab import GitLab, Project
from tests.pipelines.project import WHO
from tests.pipelines.runner import PINNED, PROTECTED, Runner
from tests.pipelines.test_files import ACTIONLINT, GITHUB, WORKFLOWS
from tests.program import REPOSITORY, UNMEASURED, some_lists
from tests.state.cas_files import git

PAGE = (REPOSITORY / "docs" / "fleet-pipelines.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))
WORKFLOW, PIPELINE = ".github/workflows/contact-lists-fleet.yml", ".gitlab-ci.yml"
ACCOUNTS = some_accounts(6, some_lists(2))
PARTS = 4
BIN = Path(sys.executable).parent


def test_the_page_pins_actions_as_the_workflows_do() -> None:
    assert list(FILES) == [WORKFLOW, PIPELINE]
    ours = {pin for path in WORKFLOWS for pin in PINNED.findall(path.read_text(encoding="utf-8"))}
    used = re.findall(r"uses: (?!\./).*", FILES[WORKFLOW])
    assert len(PINNED.findall(FILES[WORKFLOW])) == len(used) > 0
    assert set(PINNED.findall(FILES[WORKFLOW])) <= ours


def test_there_are_as_many_jobs_as_parts() -> None:
    matrix = yaml.safe_load(FILES[WORKFLOW])["jobs"]["apply"]["strategy"]["matrix"]
    assert matrix == {"part": list(range(1, PARTS + 1)), "of": [PARTS]}
    assert yaml.safe_load(FILES[PIPELINE])["apply"]["parallel"] == PARTS


@pytest.mark.slow
def test_the_tools_of_others_find_nothing(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    shutil.copytree(GITHUB / "actions", tmp_path / ".github" / "actions")
    schemas = {WORKFLOW: ["vendor.github-workflows"], PIPELINE: ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]}
    commands = [[BIN / "check-jsonschema", "--builtin-schema", *schemas[name], name] for name in FILES]
    commands += [[BIN / "zizmor", "--offline", "--config", GITHUB / "zizmor.yml", ".github"], [ACTIONLINT, WORKFLOW]]
    for command in commands:
        ran = subprocess.run(command, cwd=tmp_path, env=UNMEASURED, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture
def fleet(s3_server: Mapping[str, str]) -> Iterator[tuple[Sandbox, dict[str, str]]]:
    """Six accounts, and the variables that lead to the bucket of their state."""
    variables = {**s3_server, "AWS_EC2_METADATA_DISABLED": "true"}
    with Sandbox(settings=Settings(limit=0), accounts=ACCOUNTS) as sandbox:
        yield sandbox, variables


def outcomes(parts: Iterable[Path]) -> list[str]:
    return [
        each["outcome"]
        for part in parts
        for environment in read_result(part)["environments"]
        for each in environment["outcomes"]
    ]


def manifest(repository: Path, sandbox: Sandbox, state: str, edited: int) -> None:
    """Commit a manifest of all accounts."""
    (repository / "lists.yaml").write_text(fleet_manifest(sandbox, ACCOUNTS, state, edited))
    git(repository, "add", "--all", ":!.gitlab-ci-local")
    git(repository, *WHO, "commit", "--quiet", "--message", "lists")


@pytest.mark.slow
def test_github_applies_one_reviewed_plan_in_parts(tmp_path: Path, fleet: tuple[Sandbox, dict[str, str]]) -> None:
    sandbox, bucket = fleet
    lines = "".join(f"{name}={text}\n" for name, text in fleet_variables(sandbox, ACCOUNTS).items())
    options = ["-s", f"KORE_VARIABLES={lines}", "--var", f"AWS_REGION={bucket['AWS_REGION']}"]
    options += [
        part for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") for part in ("-s", f"{name}={bucket[name]}")
    ]
    options += [
        "-s",
        f"AWS_READ_KEY_ID={bucket['AWS_ACCESS_KEY_ID']}",
        "-s",
        f"AWS_READ_KEY={bucket['AWS_SECRET_ACCESS_KEY']}",
    ]
    options += ["--env", f"AWS_ENDPOINT_URL_S3={bucket['AWS_ENDPOINT_URL_S3']}"]
    runner = Runner(tmp_path, sandbox, Path(WORKFLOW).name, options)
    (runner.repository / WORKFLOW).write_text(FILES[WORKFLOW])
    runner.know(environments={"fleet": PROTECTED})
    manifest(runner.repository, sandbox, f"s3://bucket/{tmp_path.name}", edited=0)
    manifest(runner.repository, sandbox, f"s3://bucket/{tmp_path.name}", edited=2)
    event = runner.pull_request()
    code, said = runner.run("pull_request", event)
    assert (code, "/preview" in said, sandbox.world.log.entries) == (0, True, ()), said
    (comment,) = runner.kept("comments")
    assert comment["body"].startswith("<!-- reconciler plan all lists.yaml -->\n### reconciler plan: 12 to check\n")
    event = json.loads(json.dumps(event).replace('"o/r"', '"someone/r"'))
    code, said = runner.run("pull_request", event, secrets=False)
    assert (code, "/preview" in said) == (0, False), said
    code, said = runner.run("push")
    assert (code, CLIENT_SECRET in said, len(sandbox.world.writes)) == (0, False, 12), said
    kept = runner.folder / "artifacts"
    assert outcomes(kept.glob("apply-*-1/part-*.json")) == ["updated"] * 12
    assert (kept / "report-1" / "all.html").exists()
    assert {each.name for each in kept.iterdir()} == {"plan-1", "report-1", *(f"apply-{n + 1}-1" for n in range(PARTS))}
    code, said = runner.run("schedule")
    assert (code, runner.kept("issues")) == (0, []), said
    sandbox.world.edit(some_lists(1)[0].id, {"description": "Theirs"}, ACCOUNTS[2].id)
    assert runner.run("schedule")[0] == 0
    (issue,) = runner.kept("issues")
    assert "### reconciler drift: 1 drifted, 11 as declared\n" in issue["body"]


@pytest.mark.slow
def test_gitlab_applies_one_reviewed_plan_in_parts(tmp_path: Path, fleet: tuple[Sandbox, dict[str, str]]) -> None:
    sandbox, bucket = fleet
    with GitLab() as gitlab:
        project = Project(tmp_path, sandbox, gitlab)
        shutil.copytree(project.repository / ".gitlab" / "reconciler", project.repository / ".ci" / "reconciler")
        for name in ("install.sh", "newest.sh"):
            shutil.copy(GITHUB / "actions" / "reconciler" / name, project.repository / ".ci" / "reconciler")
        (project.folder / "bin" / "python3").write_text((project.folder / "bin" / "python").read_text())
        (project.folder / "bin" / "python3").chmod(0o755)
        (project.repository / PIPELINE).write_text(FILES[PIPELINE])
        variables = {**fleet_variables(sandbox, ACCOUNTS), **bucket}
        scoped = {name: {"values": {"fleet": text}} for name, text in variables.items()}
        (tmp_path / ".gitlab-ci-local" / "variables.yml").write_text(json.dumps({"global": scoped}))
        manifest(project.repository, sandbox, f"s3://bucket/{tmp_path.name}", edited=2)
        git(project.repository, "push", "--quiet", "origin", "main")
        code, said = project.run("merge_request_event")
        assert (code, sandbox.world.log.entries) == (0, ()), said
        code, said = project.run("push", "--manual", "approve", "--concurrency", "1")  # one folder for all jobs
        assert (code, CLIENT_SECRET in said, len(sandbox.world.writes)) == (0, False, 12), said
        kept = project.repository / ".gitlab-ci-local" / "artifacts"
        parts = {
            path.name: path for path in kept.glob("apply*/part-*.json")
        }  # one folder: later jobs keep the earlier, too
        assert outcomes(parts.values()) == ["updated"] * 12
        assert project.artifact("report", "all.html").exists()
        code, said = project.run("schedule")
        assert code == 0, said

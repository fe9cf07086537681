"""The files of docs/other-pipelines.md: schemas, and the shell lines of each, run in their order."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from reconciler.cli.app import run as run_program
from reconciler.documents.result_document import read_result
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.project import WHO, bare_python, offer_program
from tests.program import REPOSITORY, UNMEASURED, some_lists
from tests.state.cas_files import bare, git

PAGE = (REPOSITORY / "docs" / "other-pipelines.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```(?:yaml|groovy)\n(?:#|//) (\S+)\n(.*?)```", PAGE, re.DOTALL))
SCHEMAS = {
    "azure-pipelines.yml": ["vendor.azure-pipelines", "--data-transform", "azure-pipelines"],
    "bitbucket-pipelines.yml": ["vendor.bitbucket-pipelines"],
    ".circleci/config.yml": ["vendor.circle-ci"],
}
STEPS = ("check", "plan", "apply", "drift")
LISTS = some_lists(1)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_files_fit_their_schemas(name: str, tmp_path: Path) -> None:
    assert {*SCHEMAS, "Jenkinsfile"} == set(FILES)
    path = tmp_path / "pipeline.yml"
    # To Azure every scalar is a string, and so to its schema.
    strings = json.dumps(yaml.load(FILES[name], yaml.BaseLoader))  # strings only
    path.write_text(strings if name.startswith("azure") else FILES[name])
    command = [str(Path(sys.executable).parent / "check-jsonschema"), "--regex-variant", "nonunicode"]
    options = ["--builtin-schema", *SCHEMAS[name], str(path)]
    ran = subprocess.run([*command, *options], env=UNMEASURED, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def scripts(name: str) -> dict[str, str]:
    """Return the shell lines of each step."""
    if name == "Jenkinsfile":
        found = re.findall(r"(sh 'bash \S+'|'''\n.*?''')", FILES[name], re.DOTALL)
        lines = [each.removeprefix("sh ").strip("'") for each in found]
        return {step: lines[2 * at] + lines[2 * at + 1] for at, step in enumerate(STEPS)}
    document = yaml.safe_load(FILES[name])
    if name == "bitbucket-pipelines.yml":
        pipelines = document["pipelines"]
        steps = [*pipelines["pull-requests"]["**"], *pipelines["branches"]["main"], *pipelines["custom"]["drift"]]
        return {each["step"]["name"]: "\n".join(each["step"]["script"]) for each in steps}
    if name == ".circleci/config.yml":
        first = document["commands"]["install"]["steps"]
        return {job: "\n".join(_runs([*first, *steps["steps"]])) for job, steps in document["jobs"].items()}
    stages = {stage["stage"]: stage["jobs"][0] for stage in document["stages"]}
    stages["apply"] = stages["apply"]["strategy"]["runOnce"]["deploy"]
    return {stage: "\n".join(step.get("bash", "") for step in job["steps"]) for stage, job in stages.items()}


def _runs(steps: list[object]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, dict) and "run" in step:
            yield step["run"] if isinstance(step["run"], str) else step["run"]["command"]


def test_every_job_may_read_the_branch_that_keeps_the_state() -> None:
    jobs = re.findall(r"checkout: self\n +(\S+: \S+)", FILES["azure-pipelines.yml"])
    assert jobs == ["persistCredentials: true"] * len(STEPS)
    bound = re.findall(r"gitUsernamePassword\(credentialsId: '(\S+)'\)]\) \{\n", FILES["Jenkinsfile"])
    assert bound == [f"contact-lists-git{'' if step == 'apply' else '-read'}" for step in STEPS]


def _push(repository: Path, manifest: str) -> None:
    """Put a newer commit on the remote's main, which the checkout does not have."""
    content = git(repository, "rev-parse", "HEAD")
    (repository / "lists.yaml").write_text(manifest)
    git(repository, *WHO, "commit", "--quiet", "--allow-empty", "-am", "newer")
    git(repository, "push", "--quiet", "--force", "origin", "main")
    git(repository, "reset", "--quiet", "--hard", content)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_the_shell_lines_plan_and_apply(name: str, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--initial-branch", "main", "repository")
    repository = tmp_path / "repository"
    git(repository, "remote", "add", "origin", str(bare(tmp_path)))
    (tmp_path / "bin").mkdir()
    installed = bare_python(tmp_path)
    for program in ("reconciler", "python3"):
        (tmp_path / "bin" / program).write_text(f'#!/bin/sh\nexec {installed}/{program} "$@"\n')
        (tmp_path / "bin" / program).chmod(0o755)
    wheels = offer_program(tmp_path, repository / ".ci" / "reconciler")
    steps = scripts(name)
    with Sandbox(settings=Settings(limit=0), lists=LISTS) as sandbox:
        assert run_program(["init", str(repository), "--ci"]) == 0
        (repository / "lists.yaml").write_text(
            f"version: 1\nstate: git+branch://reconciler-state\nenvironments:\n  prod: {{host: '{sandbox.url}', "
            f"stream_id: {STREAM_ID}, account_id: '{ACCOUNT_ID}', requests_per_minute: 6000}}\nlists:\n"
            f"  a: {{id: {LISTS[0].id}, name: {LISTS[0].name}, description: New}}\n"
        )
        git(repository, "add", ".")
        git(repository, *WHO, "commit", "--quiet", "-m", "manifest")
        git(repository, "push", "--quiet", "origin", "main")
        environment = {
            **{each: os.environ[each] for each in os.environ if not each.startswith(("COV", "KORE", "RECONCILER"))},
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
            **wheels,
            "PIPELINE_WORKSPACE": str(tmp_path),
        }

        def run(step: str) -> subprocess.CompletedProcess[str]:
            command = ["bash", "-eo", "pipefail", "-c", steps[step]]
            return subprocess.run(
                command, cwd=repository, env=environment, capture_output=True, text=True, timeout=120, check=False
            )

        checked = run("check")
        assert (checked.returncode, len(sandbox.world.log.entries)) == (0, 0), checked.stderr
        environment |= {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET, "KORE_HOST": sandbox.url}
        environment |= {"KORE_ACCOUNT_ID": ACCOUNT_ID, "KORE_STREAM_ID": STREAM_ID}
        planned = run("plan")
        assert planned.returncode == (2 if name == "Jenkinsfile" else 0), planned.stderr  # Jenkins judges the code
        if name == "azure-pipelines.yml":
            environment |= {
                each.upper(): said for each, said in re.findall(r"variable=(\w+);.*\](\w+)", planned.stdout)
            }
            assert environment["CODE"] == "2"
            (tmp_path / "plan").mkdir()
            (tmp_path / "plan" / "plan.json").write_text("{}")
            assert run("apply").returncode == 1
            (repository / "plan.json").rename(tmp_path / "plan" / "plan.json")
        declared = (repository / "lists.yaml").read_text()
        _push(repository, declared.replace("New", "Newer"))
        older = run("apply")
        assert (older.returncode, "main has a newer commit" in older.stdout) == (1, True), older.stderr
        _push(repository, declared)
        assert sandbox.world.writes == []
        applied = run("apply")
        assert (applied.returncode, len(sandbox.world.writes)) == (0, 1), applied.stderr
        kept = tmp_path / "apply" if name == "azure-pipelines.yml" else repository
        assert read_result(kept / "result.json")["environments"][0]["summary"]["updated"] == 1
        assert (kept / "undo.json").exists()
        assert run("drift").returncode == 0
    assert "reconciler-state" in git(repository, "ls-remote", "origin")

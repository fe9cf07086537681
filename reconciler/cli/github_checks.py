"""What a repository on GitHub lacks for the workflows of `init --github`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.forge import NOT_FOUND, Forge, UnseenError, judge, look, pin_faults
from reconciler.model.checks import Check

if TYPE_CHECKING:
    from reconciler.model.lists import Target

_REQUIRED_CHECK = "contact lists"
_WANTED = ("KORE_CLIENT_ID", "KORE_CLIENT_SECRET", "KORE_HOST", "KORE_ACCOUNT_ID", "KORE_STREAM_ID")
_HARMLESS = {"deletion", "non_fast_forward", "required_linear_history"}
_REFUSING = (  # of branch protection, which is older than rulesets
    "required_pull_request_reviews",
    "required_status_checks",
    "required_signatures",
    "restrictions",
    "lock_branch",
)
_PULL_REQUESTS = "refs/pull/*/merge"
_WORKFLOW = ".github/workflows/contact-lists.yml"
_PUSHED = re.compile(r"^  push:\n    branches: \[(.*)\]", re.MULTILINE)
_UNPROTECTED = re.compile(r"^ +unprotected: true\b", re.MULTILINE)


def check_github(forge: Forge, environment: str, target: Target, state: str, folder: Path) -> Iterator[Check]:
    """Yield the checks of one environment; `state` is the branch of the state, or empty. Raises UnseenError.

    `folder` is the top folder of the repository.
    """
    repository = _shown(forge.ask(""))
    default = repository.get("default_branch") or "main"
    workflow = _workflow(folder)
    yield look("actions", "Settings, Actions, General", partial(_actions, forge))
    for name in (f"{environment}-plan", environment):
        place = f"Settings, Environments, {name}"
        title = f"environment {name}"
        yield look(title, place, partial(_rules, forge, name, default, workflow, reviewed=name == environment))
        yield look(f"{title}, secrets", place, partial(_secrets, forge, name, target))
    if state:
        yield look("state branch", "Settings, Rules, Rulesets", partial(_state_branch, forge, state))
    yield look("default branch", "Settings, Rules, Rulesets", partial(_default_branch, forge, default, workflow))
    faults = [] if repository.get("has_issues", True) else ["issues are switched off, and drift is reported in one"]
    yield judge("issues", faults, "drift can be reported in one", "Settings, General, Features")


def _shown(answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return what always exists: GitHub says 404, too, if the token may not see it. Raises UnseenError."""
    if answer is None:
        raise UnseenError(NOT_FOUND)
    return answer


def _actions(forge: Forge) -> Check:
    allowed = _shown(forge.ask("/actions/permissions"))
    kind = allowed.get("allowed_actions", "all")
    if kind == "selected":
        chosen = forge.ask("/actions/permissions/selected-actions") or {}
        kind = "all" if chosen.get("github_owned_allowed") else kind
    faults = [] if allowed.get("enabled") else ["GitHub Actions are switched off"]
    faults += [] if kind == "all" else ["actions made by GitHub are not allowed"]
    return judge("actions", faults, "actions made by GitHub may run", "Settings, Actions, General")


def _rules(forge: Forge, name: str, default: str, workflow: str, *, reviewed: bool) -> Check:
    title, step = f"environment {name}", f"Settings, Environments, {name}"
    found = forge.ask(f"/environments/{name}")
    if found is None:
        return Check(title, "fails", "there is none", f"make it: {step}")
    admitted = {default} if reviewed else {default, _PULL_REQUESTS}
    faults = [f"{who} may use it" for who in _admitted_too(forge, found, admitted)]
    if faults:
        faults[-1] += f": choose Selected branches and tags, and there {default} alone"
    kinds = [rule.get("type") for rule in found.get("protection_rules") or []]
    if reviewed and "required_reviewers" not in kinds and not _UNPROTECTED.search(workflow):
        faults.append("no reviewers are required: choose some, or set unprotected: true in contact-lists.yml")
    return judge(title, faults, "protected", step)


def _admitted_too(forge: Forge, environment: dict[str, Any], admitted: set[str]) -> list[str]:
    """Return which branches and tags may use an environment besides those to be admitted."""
    policy = environment.get("deployment_branch_policy")
    if not policy:
        return ["every branch"]
    if not policy.get("custom_branch_policies"):
        return ["every protected branch, and every branch if none is protected,"]
    found = _shown(forge.ask(f"/environments/{environment.get('name')}/deployment-branch-policies?per_page=100"))
    return [
        f"the {each.get('type', 'branch')} {each.get('name')}"
        for each in found.get("branch_policies") or []
        if each.get("type", "branch") != "branch" or each.get("name") not in admitted
    ]


def _secrets(forge: Forge, name: str, target: Target) -> Check:
    known: dict[str, object] = {}
    for kind in ("secrets", "variables"):
        answer = _shown(forge.ask(f"/environments/{name}/{kind}?per_page=100"))
        known |= {str(each.get("name")): each.get("value") for each in answer.get(kind, [])}
    faults = [f"{wanted} is missing" for wanted in _WANTED if wanted not in known]
    faults += [f"{wanted} is empty" for wanted in _WANTED if known.get(wanted) == ""]
    faults += pin_faults("KORE", known, target)
    step = f"Settings, Environments, {name}: the first two as secrets, the others as variables"
    return judge(f"environment {name}, secrets", faults, "all are set; values of secrets cannot be seen", step)


def _state_branch(forge: Forge, branch: str) -> Check:
    kinds = {str(rule.get("type")) for rule in forge.ask_all(f"/rules/branches/{branch}")} - _HARMLESS
    if not kinds:
        protection = forge.ask(f"/branches/{branch}/protection") or {}
        kinds = {name for name in _REFUSING if (protection.get(name) or {"enabled": False}).get("enabled", True)}
    faults = [f"the rule {kind} would refuse the state" for kind in sorted(kinds)]
    step = f"Settings, Rules, Rulesets, or Settings, Branches: exclude {branch} from it"
    return judge("state branch", faults, f"no rule refuses a push to {branch}", step)


def _default_branch(forge: Forge, branch: str, workflow: str) -> Check:
    required: set[object] = set()
    approvals = 0
    for rule in forge.ask_all(f"/rules/branches/{branch}"):
        given = rule.get("parameters") or {}
        required |= {each.get("context") for each in given.get("required_status_checks") or []}
        approvals = max(approvals, given.get("required_approving_review_count") or 0)
    if _REQUIRED_CHECK not in required or not approvals:
        protection = forge.ask(f"/branches/{branch}/protection") or {}
        required |= set((protection.get("required_status_checks") or {}).get("contexts") or [])
        reviews = protection.get("required_pull_request_reviews") or {}
        approvals = max(approvals, reviews.get("required_approving_review_count") or 0)
    faults = [] if _REQUIRED_CHECK in required else [f"the check {_REQUIRED_CHECK!r} is not required on {branch}"]
    faults += [] if approvals else [f"{branch} does not require a pull request with an approval"]
    pushed = _PUSHED.search(workflow)
    applied = [name.strip(" '\"") for name in pushed[1].split(",")] if pushed else []
    if not any(fnmatchcase(branch, pattern) for pattern in applied or [branch]):
        faults.append(f"a merge to {branch} applies nothing: {_WORKFLOW} has branches: {', '.join(applied)}")
    well = f"an approval and {_REQUIRED_CHECK!r} are required on {branch}"
    return judge("default branch", faults, well, "Settings, Rules, Rulesets")


def _workflow(folder: Path) -> str:
    """Return the workflow of the working copy; "" if there is none."""
    try:
        return (folder / _WORKFLOW).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

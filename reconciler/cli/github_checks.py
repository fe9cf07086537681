"""What a repository on GitHub lacks for the workflows of `init --github`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from reconciler.cli.forge import Forge, UnseenError, judge, look
from reconciler.model.checks import Check

_REQUIRED_CHECK = "contact lists"
_WANTED = ("KORE_CLIENT_ID", "KORE_CLIENT_SECRET", "KORE_HOST", "KORE_ACCOUNT_ID", "KORE_STREAM_ID")
_HARMLESS = {"deletion", "non_fast_forward", "required_linear_history"}


def check_github(forge: Forge, environment: str, state: str) -> Iterator[Check]:
    """Yield the checks of one environment; `state` is the branch of the state, or empty. Raises UnseenError."""
    default = _shown(forge.ask("")).get("default_branch") or "main"
    yield look("actions", "Settings, Actions, General", partial(_actions, forge))
    for name in (f"{environment}-plan", environment):
        place = f"Settings, Environments, {name}"
        title = f"environment {name}"
        yield look(title, place, partial(_rules, forge, name, default, reviewed=name == environment))
        yield look(f"{title}, secrets", place, partial(_secrets, forge, name))
    if state:
        yield look("state branch", "Settings, Rules, Rulesets", partial(_state_branch, forge, state))
    yield look("default branch", "Settings, Rules, Rulesets", partial(_default_branch, forge, default))


def _shown(answer: dict[str, Any] | None) -> dict[str, Any]:
    """Return what always exists: GitHub says 404, too, if the token may not see it. Raises UnseenError."""
    if answer is None:
        raise UnseenError("the token is not shown it (HTTP 404)")
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


def _rules(forge: Forge, name: str, default: str, *, reviewed: bool) -> Check:
    title, step = f"environment {name}", f"Settings, Environments, {name}"
    found = forge.ask(f"/environments/{name}")
    if found is None:
        return Check(title, "fails", "there is none", f"make it: {step}")
    faults = []
    if not found.get("deployment_branch_policy"):
        faults.append(f"every branch may use it: choose {default} under Deployment branches and tags")
    kinds = [rule.get("type") for rule in found.get("protection_rules") or []]
    if reviewed and "required_reviewers" not in kinds:
        faults.append("no reviewers are required: choose some, or set unprotected: true in contact-lists.yml")
    return judge(title, faults, "protected", step)


def _secrets(forge: Forge, name: str) -> Check:
    known: dict[str, object] = {}
    for kind in ("secrets", "variables"):
        answer = _shown(forge.ask(f"/environments/{name}/{kind}?per_page=100"))
        known |= {str(each.get("name")): each.get("value") for each in answer.get(kind, [])}
    faults = [f"{wanted} is missing" for wanted in _WANTED if wanted not in known]
    faults += [f"{wanted} is empty" for wanted in _WANTED if known.get(wanted) == ""]
    step = f"Settings, Environments, {name}: the first two as secrets, the others as variables"
    return judge(f"environment {name}, secrets", faults, "all are set; values of secrets cannot be seen", step)


def _state_branch(forge: Forge, branch: str) -> Check:
    kinds = {str(rule.get("type")) for rule in forge.ask_all(f"/rules/branches/{branch}")} - _HARMLESS
    faults = [f"the rule {kind} would refuse the state" for kind in sorted(kinds)]
    step = f"Settings, Rules, Rulesets: exclude {branch} from it"
    return judge("state branch", faults, f"no rule refuses a push to {branch}", step)


def _default_branch(forge: Forge, branch: str) -> Check:
    required: set[object] = set()
    for rule in forge.ask_all(f"/rules/branches/{branch}"):
        checks = (rule.get("parameters") or {}).get("required_status_checks") or []
        required |= {each.get("context") for each in checks}
    protection = (forge.ask(f"/branches/{branch}") or {}).get("protection") or {}
    required |= set((protection.get("required_status_checks") or {}).get("contexts") or [])
    faults = [] if _REQUIRED_CHECK in required else [f"the check {_REQUIRED_CHECK!r} is not required on {branch}"]
    return judge("default branch", faults, f"{_REQUIRED_CHECK!r} is required on {branch}", "Settings, Rules, Rulesets")

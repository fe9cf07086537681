"""What an apply did: `reconciler/result/1`, as `apply --json` prints it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from reconciler.documents.field_texts import ShownTexts
from reconciler.documents.parts import Count, Moment, Seconds, ShardPart, StatePart, document, parse, read_file
from reconciler.model.changes import Action, EnvironmentPlan, Guard, Update
from reconciler.model.outcomes import EnvironmentResult, Outcome, OutcomeKind, Result
from reconciler.model.texts import only_fields

FORMAT: Literal["reconciler/result/1"] = "reconciler/result/1"


@document
class ResultSummary(TypedDict):
    """How many changes came to what, and what the run took."""

    updated: int
    """Changes that were acknowledged, and found so by a later read."""
    adopted: int
    """Lists that were recorded without a PUT."""
    forgotten: int
    """Lists that were dropped from the state."""
    unchanged: Count
    """Lists with nothing to do."""
    failed: int
    """Changes that were refused; the lists are as before."""
    in_doubt: int
    """Changes that may or may not have landed."""
    unverified: int
    """Changes that were acknowledged, but that no read showed as sent."""
    conflict: int
    """Changes that were not sent, since the list was changed elsewhere."""
    blocked: int
    """Changes that a guard stopped."""
    not_sent: int
    """Changes whose turn did not come."""
    requests: Count
    """The HTTP requests that were sent, retries included."""
    seconds: Seconds
    """How long it took."""


@document
class OutcomePart(TypedDict):
    """What became of one change."""

    key: str
    """The key of the list in the manifest."""
    id: str
    """The id of the list in this environment."""
    action: Action
    """What was planned, as in the plan."""
    outcome: OutcomeKind
    """What came of it, as in the summary."""
    attempts: int
    """How many PUTs were sent."""
    verified: bool | None
    """Whether a later read showed it as sent; null if no read settled it."""
    error: str | None
    """What went wrong and what to do; null if nothing did."""
    guard: NotRequired[Guard]
    """The guard that stopped it, as in the plan; absent if none did."""
    before: NotRequired[ShownTexts]
    """The fields of the planned PUT as the plan found them; absent if no PUT was planned."""
    after: NotRequired[ShownTexts]
    """These fields as the PUT sets them; the outcome says whether it did. Absent if no PUT was planned."""


@document
class EnvironmentResultPart(TypedDict):
    """What was done in one environment."""

    name: str
    """The environment."""
    summary: ResultSummary
    """The counts."""
    stopped: str | None
    """Why the run ended early; null if it did not."""
    outcomes: list[OutcomePart]
    """What became of each change, in the order of the plan."""
    state: NotRequired[StatePart]
    """The state that the run began with."""
    broke_freeze: NotRequired[str]
    """Why it was applied in a freeze of the policy; absent if there was none."""


@document
class ResultDocument(TypedDict):
    """What an apply did, also after a failure or an interrupt."""

    format: Literal["reconciler/result/1"]
    """The format of this document."""
    plan: str
    """The digest of the plan that was followed."""
    environments: list[EnvironmentResultPart]
    """The environments, in the order of the manifest."""
    tool: NotRequired[str]
    """The version of the program; absent in results of earlier versions."""
    created_at: NotRequired[Moment]
    """When the run planned: RFC 3339 in UTC; absent likewise."""
    shard: NotRequired[ShardPart]
    """The part of the accounts that was meant, by --shard; absent if all were."""


def read_result(path: Path) -> ResultDocument:
    """Return the result in a file; raises UsageError if it cannot be read, or is none."""
    return parse(read_file(path, "the result "), path, ResultDocument, "a result of apply --json")


def result_document(result: Result) -> ResultDocument:
    """Return the document of a result."""
    plans = {plan.name: plan for plan in result.approved.environments}
    made: ResultDocument = {
        "format": FORMAT,
        "plan": result.plan,
        "environments": [_environment(each, plans.get(each.name)) for each in result.environments],
        "tool": result.approved.tool,
        "created_at": result.approved.created_at,
    }
    if result.approved.asked.shard:
        made["shard"] = result.approved.asked.shard
    return made


def _environment(environment: EnvironmentResult, approved: EnvironmentPlan | None) -> EnvironmentResultPart:
    updates = {update.key: update for update in approved.updates} if approved else {}
    made: EnvironmentResultPart = {
        "name": environment.name,
        "summary": _summary(environment),
        "stopped": environment.stopped,
        "outcomes": [_outcome(outcome, updates.get(outcome.key)) for outcome in environment.outcomes],
    }
    began_with = (approved.lineage, approved.serial) if approved else environment.began_with
    if began_with:
        made["state"] = {"lineage": began_with[0], "serial": began_with[1]}
    if environment.broke_freeze:
        made["broke_freeze"] = environment.broke_freeze
    return made


def _summary(environment: EnvironmentResult) -> ResultSummary:
    counts = Counter(outcome.outcome for outcome in environment.outcomes)
    return {
        "updated": counts["updated"],
        "adopted": counts["adopted"],
        "forgotten": counts["forgotten"],
        "unchanged": environment.unchanged,
        "failed": counts["failed"],
        "in_doubt": counts["in_doubt"],
        "unverified": counts["unverified"],
        "conflict": counts["conflict"],
        "blocked": counts["blocked"],
        "not_sent": counts["not_sent"],
        "requests": environment.requests,
        "seconds": round(environment.seconds, 1),
    }


def _outcome(outcome: Outcome, update: Update | None) -> OutcomePart:
    made: OutcomePart = {
        "key": outcome.key,
        "id": outcome.id,
        "action": outcome.action,
        "outcome": outcome.outcome,
        "attempts": outcome.attempts,
        "verified": outcome.verified,
        "error": outcome.error,
    }
    if outcome.guard:
        made["guard"] = outcome.guard
    if update:
        made["before"], made["after"] = only_fields(update.before, update.fields), update.body
    elif outcome.before is not None and outcome.after is not None:
        made["before"], made["after"] = outcome.before, outcome.after
    return made

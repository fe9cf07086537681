"""What an apply did: one outcome a change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.model.changes import Action, Guard, Plan
from reconciler.model.texts import Texts

OutcomeKind: TypeAlias = Literal[
    "updated",  # acknowledged, and found so by a later read
    "adopted",
    "forgotten",
    "failed",  # refused; the list is as before
    "in_doubt",  # it is unknown whether the write landed
    "unverified",  # acknowledged, but no read showed it as sent
    "conflict",  # live changed between plan and PUT; nothing was sent
    "blocked",
    "not_sent",  # the run stopped before
]
IN_ORDER: frozenset[OutcomeKind] = frozenset({"updated", "adopted", "forgotten"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one change.

    `attempts` counts the PUTs sent. `verified` is True or False if a read settled it, else None. `error` says
    what went wrong, on what, and what to do; None if the outcome is in order. `guard` is what stopped the change, None
    if no guard did. `before` and `after` are the fields of its PUT where no approved plan tells them: in a result that
    was read again.
    """

    key: str
    id: str
    action: Action
    outcome: OutcomeKind
    attempts: int = 0
    verified: bool | None = None
    error: str | None = None
    guard: Guard | None = None
    before: Texts | None = None
    after: Texts | None = None

    @property
    def in_order(self) -> bool:
        """Whether the change was made, and nothing is in question."""
        return self.outcome in IN_ORDER


@dataclass(frozen=True, slots=True)
class EnvironmentResult:
    """The outcomes of one environment; `stopped` says why the run ended early, None if it did not.

    `seconds` is the time it took, `requests` the HTTP requests sent, retries included. `broke_freeze` is the reason for
    which it was applied in a freeze of the policy, "" if there was none. `began_with` are lineage and serial
    of the state, where no approved plan tells them.
    """

    name: str
    outcomes: tuple[Outcome, ...]
    unchanged: int
    requests: int
    seconds: float
    stopped: str | None = None
    broke_freeze: str = ""
    began_with: tuple[str, int] | None = None

    @property
    def in_order(self) -> bool:
        """Whether every change was made and none is in question."""
        return self.stopped is None and all(outcome.in_order for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Result:
    """What a run did; `plan` is the digest of the plan that it followed, which `approved` holds as it was shown."""

    plan: str
    environments: tuple[EnvironmentResult, ...]
    approved: Plan

    @property
    def in_order(self) -> bool:
        """Whether every environment is."""
        return all(environment.in_order for environment in self.environments)

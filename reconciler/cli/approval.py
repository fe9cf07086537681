"""What stands between a plan and its apply: the limits of the policy, and the question."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.errors import DeclinedError, FrozenError, MassChangeError, StoppedError
from reconciler.planning.freezes import describe_freeze
from reconciler.planning.limits import over_max_changes

if TYPE_CHECKING:
    from reconciler.cli.runtime import Runtime
    from reconciler.model.changes import Plan
    from reconciler.model.lists import Desired, Freeze


def check_mass_change(plan: Plan, desired: Mapping[str, Desired], allowed: int | None) -> None:
    """Raise MassChangeError if an environment sends more than its policy allows, unless just so many are `allowed`."""
    excess = [over_max_changes(environment, desired[environment.name]) for environment in plan.environments]
    updates = {environment.name: len(environment.updates) for environment in plan.environments if environment.updates}
    total = sum(updates.values())
    if any(excess) and allowed != total:
        said = "" if allowed is None else f" ({allowed} was allowed, the plan has {total})"
        raise MassChangeError(
            "; ".join(filter(None, excess))
            + f"{said}. Nothing was changed; if this is meant: --allow-mass-change {total}"
            + (f" ({', '.join(f'{name} {number}' for name, number in updates.items())})" if len(updates) > 1 else "")
        )


def check_freeze(plan: Plan, freezes: Mapping[str, Sequence[Freeze]], now: float, broken: str | None) -> None:
    """Raise FrozenError if a policy lets nothing be sent `now`, unless there is a reason for which that is `broken`."""
    moment = datetime.fromtimestamp(now, UTC)
    frozen = [describe_freeze(environment, freezes[environment.name], moment) for environment in plan.environments]
    if any(frozen) and not broken:
        raise FrozenError(
            f"{'; '.join(filter(None, frozen))}. Nothing was changed; apply it later, or if it cannot wait: "
            "--break-freeze REASON"
        )


def ask(plan: Plan, runtime: Runtime, options: argparse.Namespace) -> None:
    """Let the person at the terminal decide, where there is anything to do."""
    question = _question(plan)
    if not question:
        return
    try:
        said = runtime.answer(question, documents=options.json)
    except StoppedError as error:
        error.add_note("nothing was changed")
        raise
    if said.strip() != "yes":
        raise DeclinedError("not applied, because the answer was not yes; nothing was changed")


def _question(plan: Plan) -> str:
    """Return what to ask: how much is sent, and beside it recorded or left; "" if there is nothing to do."""
    actions = Counter(change.action for environment in plan.environments for change in environment.changes)
    sent, blocked = actions["update"], actions["blocked"]
    recorded = actions.total() - sent - blocked
    if not sent + recorded:
        return ""
    names = ", ".join(environment.name for environment in plan.environments)
    these = "this change" if (sent or recorded) == 1 else f"these {sent or recorded:,} changes"
    what = f"Apply {these} to {names}"
    rest = [f"{recorded:,} more only recorded"] if sent and recorded else []
    rest += ["nothing is sent, only the state is written"] if not sent else []
    rest += [f"{blocked:,} blocked"] if blocked else []
    beside = f" ({', '.join(rest)})" if rest else ""
    return f"{what}{beside}? Type yes to apply: "

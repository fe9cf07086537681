"""An apply by the workers of a fleet: all accounts are read and planned, then follow what was approved.

    prepare      each account is read and planned, without a lock: a person may think for hours
    carry_out    each account is locked, read again, and follows its part of the approved plan, which may only shrink

What is told of an account whose worker was lost is what is known: its updates are in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reconciler.cli.fleet.account_answer import AccountAnswer, error_of
from reconciler.cli.fleet.account_order import ApplyOrder
from reconciler.cli.fleet.earlier_worker import found_made, with_earlier_work
from reconciler.cli.fleet.tagged_plan import tag, untag
from reconciler.cli.fleet.task_runner import Lost
from reconciler.engine.applying import EnvironmentEnd, one_at_a_time
from reconciler.errors import ReconcilerError, in_words
from reconciler.execute.attempt import unsent
from reconciler.manifest import Environment
from reconciler.model.changes import EnvironmentPlan, Plan, Update
from reconciler.model.outcomes import EnvironmentResult, Outcome
from reconciler.uptime import uptime

if TYPE_CHECKING:
    from reconciler.cli.fleet.by_account import Fleet

_IN_DOUBT = "it is not known what was sent ({why}). The next apply reads the account, and settles it"


@dataclass(slots=True)
class FleetApply:
    """What `engine.applying.apply_with` works with.

    `order` holds what is the same for all accounts, `saved` the plans that were saved before, if there are any.
    """

    fleet: Fleet
    order: ApplyOrder
    saved: Mapping[str, EnvironmentPlan]
    progress: Callable[[str, Outcome], None]
    _spent: dict[str, tuple[int, float]] = field(default_factory=dict)
    _read_at: dict[str, float] = field(default_factory=dict)

    def prepare(self) -> Sequence[EnvironmentPlan | ReconcilerError]:
        """Read and plan each account."""
        answers = self.fleet.give_orders("prepare", lambda of: self._order(of, self.saved), self._note_spent)
        return self.fleet.by_environment(answers, lambda answer: map(untag, answer.plans))

    def carry_out(self, approved: Plan) -> Sequence[EnvironmentEnd | ReconcilerError]:
        """Have each account follow its part of the approved plan; outcomes are told as accounts come to their end."""
        plans = {each.name: each for each in approved.environments}
        progress = one_at_a_time(self.progress)
        ends: dict[str, EnvironmentEnd] = {}

        def take(account: str, answer: AccountAnswer | Lost) -> None:
            for end in self._ends(account, answer, plans):
                ends[end.result.name] = end
                for outcome in end.result.outcomes:
                    progress(end.result.name, outcome)

        # An account without a change was read, and that is all: no lock is taken, and it is not read again.
        idle = {name for name, of in self.fleet.accounts.items() if not any(plans[each.name].changes for each in of)}
        ends.update((each.name, self._end(plans[each.name])) for name in idle for each in self.fleet.accounts[name])
        why = "its worker did not tell"
        try:
            self.fleet.give_orders("apply", lambda of: self._order(of, plans), take, idle)
        except Exception as error:  # noqa: BLE001  something may have been sent: the result says so
            why = in_words(error).coded
        unknown = [each for each in approved.environments if each.name not in ends]
        ends.update((each.name, self._end(each, _IN_DOUBT.format(why=why))) for each in unknown)
        return [ends[each.name] for each in approved.environments]

    def _note_spent(self, _account: str, answer: AccountAnswer | Lost) -> None:
        if isinstance(answer, AccountAnswer):
            self._spent.update(answer.spent)
            self._read_at.update(dict.fromkeys(answer.spent, uptime()))

    def _order(self, of: Sequence[Environment], plans: Mapping[str, EnvironmentPlan]) -> ApplyOrder:
        saved = tuple(tag(plans[each.name]) for each in of if each.name in plans)
        sent = sum(self._spent[each.name][0] for each in of if each.name in self._spent)
        ago = uptime() - self._read_at.get(of[0].name, 0.0)
        return replace(self.order, saved=saved, sent=sent, ago=ago)

    def _ends(
        self, account: str, answer: AccountAnswer | Lost, plans: Mapping[str, EnvironmentPlan]
    ) -> Iterator[EnvironmentEnd]:
        names = [each.name for each in self.fleet.accounts[account]]
        if why := _why_in_doubt(answer):
            yield from (self._end(plans[name], _IN_DOUBT.format(why=why)) for name in names)
        elif isinstance(answer, AccountAnswer) and answer.refused:
            failure = error_of(answer.refused)
            yield from (self._end(plans[name], failure.coded, failure) for name in names)
        elif isinstance(answer, AccountAnswer):
            for end in answer.ends:
                result, undo = end.result, untag(end.undo)
                approved = plans[result.name]
                # Asked only if it matters: an earlier worker of this command made that, or else another command.
                if found_made(approved, result) and self.fleet.runner.was_repeated(account):
                    result, undo = with_earlier_work(approved, result, undo)
                requests, seconds = self._spent[result.name]
                spent = replace(result, requests=result.requests + requests, seconds=result.seconds + seconds)
                yield EnvironmentEnd(spent, undo, None)

    def _end(
        self, plan: EnvironmentPlan, stopped: str | None = None, failure: ReconcilerError | None = None
    ) -> EnvironmentEnd:
        """Return the end of a plan that no worker told of: its updates are in doubt, unless a `failure` kept them."""
        outcomes = tuple(
            unsent(change, "in_doubt" if isinstance(change, Update) and failure is None else "not_sent", stopped)
            for change in plan.changes
        )
        result = EnvironmentResult(plan.name, outcomes, plan.unchanged, *self._spent[plan.name], stopped)
        undo = replace(plan, changes=(), drift=(), unchanged=0, warnings=())
        return EnvironmentEnd(result, undo, failure)


def _why_in_doubt(answer: AccountAnswer | Lost) -> str:
    """Say why it is not known what was sent; "" if it is known."""
    if isinstance(answer, Lost):
        return answer.why
    if answer.refused and answer.begun:
        return f"a worker was lost, or failed at the end; then: {error_of(answer.refused).coded}"
    return ""

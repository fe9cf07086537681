"""One order an account, and what comes back, as the engine takes it: plans and drift reports, failures as values."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias, TypeVar

from reconciler.cli.fleet.account_answer import AccountAnswer, error_of
from reconciler.cli.fleet.account_order import AccountOrder, ApplyOrder, StatePlace, Work, encode_order
from reconciler.cli.fleet.fleet_apply import FleetApply
from reconciler.cli.fleet.tagged_plan import untag
from reconciler.cli.fleet.task_runner import Lost, Signals, TaskRunner, run_all
from reconciler.cli.wiring import Chosen, declared_ids, selection
from reconciler.engine.applying import ApplyOptions
from reconciler.engine.looking import combine_drift, combine_plans
from reconciler.engine.per_account import Failures
from reconciler.engine.workspaces import PlanMetadata
from reconciler.errors import FleetError, ForeignStateError, ReconcilerError
from reconciler.manifest import Environment
from reconciler.model.changes import Plan
from reconciler.model.drift_report import DriftReport
from reconciler.model.lists import Applied
from reconciler.state.state_store import Store


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Found = TypeVar("_Found", bound=_Named)
Answers: TypeAlias = Mapping[str, AccountAnswer | Lost]
ApplyOf: TypeAlias = Callable[[Sequence[Environment]], ApplyOrder | None]
"""Return what only an apply is told, for the environments of one account; None for other work."""


class Fleet:
    """The accounts of a command, as workers look after them; `shared`: these see the folder of the manifest.

    `accounts` holds the environments by account, which is named by host and id.
    """

    def __init__(
        self,
        runner: TaskRunner,
        signals: Signals,
        chosen: Chosen,
        metadata: PlanMetadata,
        options: argparse.Namespace,
        *,
        shared: bool,
        run: str,
    ) -> None:
        self.runner = runner
        self.names = [each.name for each in chosen.environments]
        self.accounts: dict[str, list[Environment]] = {}
        for each in chosen.environments:
            self.accounts.setdefault(" ".join(each.target.account), []).append(each)
        self._stores = {each.name: each.store for each in chosen.workspaces if isinstance(each.store, Store)}
        self._signals = signals
        self.chosen = chosen
        self.metadata = metadata
        self.options = options
        self._shared = shared
        self._run = run

    def plan(self) -> tuple[Plan, Failures]:
        """Plan as `engine.looking.plan`."""
        found = self.by_environment(self.give_orders("plan"), lambda answer: map(untag, answer.plans))
        return combine_plans(self.names, found, self.metadata, refreshed=self.options.refresh)

    def drift(self) -> tuple[DriftReport, Failures]:
        """Compare as `engine.looking.drift`."""
        found = self.by_environment(self.give_orders("drift"), lambda answer: answer.drift)
        return combine_drift(self.names, found, self.metadata)

    def applying(self, how: ApplyOptions, until: float | None, reserve: float) -> FleetApply:
        """Return what `engine.applying.apply_with` works with; locks name the run, by which its workers know them."""
        holder = replace(how.holder, command=f"{how.holder.command} (run {self._run})")
        order = ApplyOrder(holder, (), how.break_freeze, until, reserve)
        return FleetApply(self, order, how.saved, how.progress)

    def give_orders(
        self,
        work: Work,
        apply: ApplyOf = lambda _: None,
        tell: Callable[[str, AccountAnswer | Lost], None] = lambda _, __: None,
        idle: Collection[str] = (),
    ) -> Answers:
        """Have an order carried out for each account that is not idle; return all answers. `tell` gets each at once."""
        declared = declared_ids(self.chosen.manifest) if work == "drift" else {}

        def order(account: str) -> bytes:
            of = self.accounts[account]
            made = self._order(work, of, apply(of))
            return encode_order(replace(made, declared=declared.get(of[0].name, frozenset())))

        names = [account for account in self.accounts if account not in idle]
        answers: dict[str, AccountAnswer | Lost] = {}
        for account, answer in run_all(self.runner, names, order, self._signals):
            answers[account] = answer
            tell(account, answer)
        return answers

    def by_environment(
        self, answers: Answers, take: Callable[[AccountAnswer], Iterable[_Found]]
    ) -> list[_Found | ReconcilerError]:
        """Return what was found of each environment, or why nothing was, in their order."""
        found: dict[str, _Found | ReconcilerError] = {}
        for account, of in self.accounts.items():
            answer = answers[account]
            if isinstance(answer, Lost):
                found.update((each.name, FleetError(answer.why)) for each in of)
            elif answer.refused:
                found.update((each.name, error_of(answer.refused)) for each in of)
            else:
                found.update((each.name, each) for each in take(answer))
                found.update((name, error_of(part)) for name, part in answer.failed.items())
                found.update(self._foreign(answer, of))
        return [found.get(name) or FleetError("its worker did not tell of it") for name in self.names]

    def _order(self, work: Work, of: Sequence[Environment], apply: ApplyOrder | None) -> AccountOrder:
        manifest, options = self.chosen.manifest, self.options
        place = manifest.path.absolute() if self._shared else manifest.path.name
        owners = {each.name: self._stores[each.name].owner.name for each in of}
        return AccountOrder(
            run=self._run,
            work=work,
            environments=tuple(of),
            state=StatePlace(manifest.state, str(place), owners),
            metadata=replace(self.metadata, files={}),
            selection=selection(options),
            refresh=getattr(options, "refresh", True),
            timeout=options.timeout,
            apply=apply,
        )

    def _foreign(self, answer: AccountAnswer, of: Sequence[Environment]) -> Iterator[tuple[str, ReconcilerError]]:
        """Yield what is wrong with states that name another manifest: whether that is still there is seen here."""
        for each in of:
            if other := answer.owners.get(each.name):
                state = Applied(each.name, each.target, lineage="", serial=0, lists={}, manifest=other)
                try:
                    self._stores[each.name].check_owner(state)
                except ForeignStateError as error:
                    yield each.name, error

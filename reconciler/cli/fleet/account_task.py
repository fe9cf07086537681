"""On a worker: what is ordered for one account, done by the same engine as everywhere.

A task is a function of its order, and of the worker's variables, which hold the credentials. What goes wrong is a part
of the answer: no exception leaves a task, since others than this program would show it.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from reconciler.api.rate_limit import RateLimit
from reconciler.cli import wiring
from reconciler.cli.approval import check_freeze
from reconciler.cli.fleet.account_answer import AccountAnswer, EndPart, ErrorPart, encode_answer, error_part
from reconciler.cli.fleet.account_order import VERSION, AccountOrder, ApplyOrder, decode_order
from reconciler.cli.fleet.tagged_plan import tag, untag
from reconciler.cli.runtime import near_deadline
from reconciler.cli.stores import store_at
from reconciler.engine.applying import ApplyOptions, apply, plan_environment
from reconciler.engine.looking import combine_plans, drift, plan, warn_of_freeze
from reconciler.engine.per_account import side_by_side
from reconciler.engine.workspaces import Workspace
from reconciler.errors import FleetError, LockedError, StoppedError, UsageError, in_words
from reconciler.execute.snapshot import read_live
from reconciler.manifest import Environment
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.outcomes import Result
from reconciler.protocols import Reader
from reconciler.state.state_store import Owner, Store
from reconciler.uptime import uptime

_UNKNOWN = 3  # times that a lock may be met without its holder's name
LEASE_POLL = 5.0  # seconds between two looks whether the lease of a worker that vanished has ended


class _StopFlag(Event):
    """Set once a signal came where the command runs; `signal` is its number."""

    signal = 0


_FLAGS: dict[str, _StopFlag] = {}  # by run


def run_account(version: str, content: bytes) -> bytes:
    """Carry out an order; return the answer. Only the same version of this program, and of Python, does."""
    if version != VERSION:
        words = f"this worker has {VERSION}, but the command was given with {version}: install the same on both"
        return encode_answer(AccountAnswer(refused=error_part(FleetError(words))))
    task: _Task | None = None
    try:
        order = decode_order(content)
        clock = _TaskClock(_FLAGS.setdefault(order.run, _StopFlag()), order.apply)
        clock.sleep(0.0)
        task = _Task(order, clock)
        return encode_answer(_WORK[order.work](task))
    except Exception as error:  # noqa: BLE001  whatever it is, it ends in words
        begun = task is not None and task.begun
        return encode_answer(AccountAnswer(refused=_told(error), begun=begun))


def _told(error: Exception) -> ErrorPart:
    """Return an error as it is sent; one of variables or files says that it means those of this machine."""
    known = in_words(error)
    if isinstance(known, UsageError):
        known.args = (f"on the worker {socket.gethostname()}: {known}",)
    return error_part(known)


def stop_accounts(run: str, signal: int) -> None:
    """Stop in order what this process does for a run."""
    flag = _FLAGS.setdefault(run, _StopFlag())
    flag.signal = signal
    flag.set()


class _TaskClock:
    """Time on a worker, until a signal comes where the command runs: a Clock and a Stop."""

    def __init__(self, flag: _StopFlag, apply: ApplyOrder | None) -> None:
        self._flag = flag
        self._apply = apply

    def now(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return uptime()

    def sleep(self, seconds: float) -> None:
        """Wait, unless a signal came."""
        until = uptime() + seconds
        while not self._flag.is_set() and (left := until - uptime()) > 0:
            self._flag.wait(left)
        if self._flag.is_set():
            raise StoppedError(self._flag.signal)

    def last_wait(self, seconds: float) -> None:
        """Wait, though a signal came."""
        time.sleep(seconds)

    def reason_to_end(self, ahead: float) -> str | None:
        """Return which signal came, or that the deadline is too near."""
        if self._flag.is_set():
            return str(StoppedError(self._flag.signal))
        if self._apply is None or self._apply.until is None:
            return None
        return near_deadline(self._apply.until - time.time(), ahead + self._apply.reserve)


class _Task:
    """An order, with what the engine takes: workspaces, and the readers and clients of this worker."""

    def __init__(self, order: AccountOrder, clock: _TaskClock) -> None:
        self.order = order
        self.clock = clock
        self.begun = False
        self.owners: dict[str, str] = {}
        self.stores = {each.name: self._store(each) for each in order.environments}
        self.workspaces = [
            Workspace(each.desired, self.stores[each.name], each.requests_per_minute) for each in order.environments
        ]

    @property
    def names(self) -> list[str]:
        """The environments."""
        return [each.name for each in self.order.environments]

    def _store(self, environment: Environment) -> Store:
        place, name = self.order.state, environment.name
        made = store_at(place.url, Path(place.manifest).absolute(), environment.desired)

        def claims(other: str) -> bool:
            self.owners[name] = other  # whether that manifest is still there is seen where the manifests are
            return False

        made.owner = Owner(place.owners[name], claims)
        return made


def _plan(task: _Task) -> AccountAnswer:
    order = task.order
    with ExitStack() as connections:
        readers: Mapping[str, Reader] = {}
        if order.refresh:
            readers = connections.enter_context(wiring.readers(order.environments, order, task.clock))
        planned, failures = plan(task.workspaces, readers, order.metadata, order.selection)
    failed = {name: _told(error) for name, error in failures.items()}
    return AccountAnswer(plans=tuple(map(tag, planned.environments)), failed=failed, owners=task.owners)


def _drift(task: _Task) -> AccountAnswer:
    order = task.order
    with wiring.readers(order.environments, order, task.clock) as readers:
        declared = dict.fromkeys(task.names, order.declared)
        found, failures = drift(task.workspaces, readers, order.metadata, declared, order.selection)
    failed = {name: _told(error) for name, error in failures.items()}
    return AccountAnswer(drift=found.environments, failed=failed, owners=task.owners)


def _prepare(task: _Task) -> AccountAnswer:
    """Plan what an apply is to be asked for: read all, but hold no lock while a person thinks."""
    order, apply_order = task.order, _apply_order(task.order)
    saved = {each.name: each for each in map(untag, apply_order.saved)}
    now = datetime.fromtimestamp(task.clock.now(), UTC)
    spent: dict[str, tuple[int, float]] = {}

    def look(workspace: Workspace) -> EnvironmentPlan:
        began, before = task.clock.monotonic(), saved.get(workspace.name)
        if who := task.stores[workspace.name].holder(apply_order.holder):
            raise LockedError(who)
        applied = workspace.store.load()
        ids = [change.id for change in before.changes] if before else workspace.ids(order.selection)
        live = read_live(readers[workspace.name], ids)
        made = plan_environment(workspace, applied, live, order.selection, before)
        spent[workspace.name] = readers[workspace.name].requests, task.clock.monotonic() - began
        return warn_of_freeze(made, workspace, now, apply_order.break_freeze)

    with wiring.readers(order.environments, order, task.clock) as readers:
        found = side_by_side(task.workspaces, look)
    planned, failures = combine_plans(task.names, found, order.metadata, refreshed=True)
    failed = {name: _told(error) for name, error in failures.items()}
    return AccountAnswer(tuple(map(tag, planned.environments)), failed=failed, spent=spent, owners=task.owners)


def _apply(task: _Task) -> AccountAnswer:
    """Follow what was approved. The lease of a worker that had this account before, and vanished, is waited for."""
    apply_order = _apply_order(task.order)
    saved = {each.name: each for each in map(untag, apply_order.saved)}
    undo: dict[str, EnvironmentPlan] = {}
    freezes = {workspace.name: workspace.desired.policy.freeze for workspace in task.workspaces}

    def keep_undo(made: Plan) -> None:
        undo.update({each.name: each for each in made.environments})

    how = ApplyOptions(
        holder=apply_order.holder,
        clock=task.clock,
        stop=task.clock,
        jitter=random.random,
        approve=lambda made: check_freeze(made, freezes, task.clock.now(), apply_order.break_freeze),
        progress=lambda _, __: None,
        undo=keep_undo,
        saved=saved,
        break_freeze=apply_order.break_freeze,
    )
    first = task.order.environments[0]
    # Once for all tries: what they send counts together.
    limit = RateLimit(first.requests_per_minute, task.clock, apply_order.sent, apply_order.ago)
    limits = {first.target.account: limit}
    result = _apply_once_free(task, how, limits)
    task.begun = True
    return AccountAnswer(ends=tuple(EndPart(each, tag(undo[each.name])) for each in result.environments))


def _apply_once_free(task: _Task, how: ApplyOptions, limits: wiring.Limits) -> Result:
    """Wait for the lease, if it is this command's own: of a worker that is gone, or cut off and at work.

    Who holds it may not be known for an instant, since a lock is taken before it is signed: that is asked again.
    """
    order, unknown = task.order, 0
    while True:
        try:
            with wiring.clients(order.environments, order, task.clock, limits) as remotes:
                return apply(task.workspaces, remotes, order.metadata, order.selection, how)
        except LockedError as error:
            unknown += not error.command
            if error.command not in ("", how.holder.command) or unknown > _UNKNOWN:
                raise
        task.clock.sleep(LEASE_POLL)


def _apply_order(order: AccountOrder) -> ApplyOrder:
    if order.apply is None:
        raise FleetError(f"an order to {order.work} does not say who gives it")
    return replace(order.apply, holder=replace(order.apply.holder, pid=os.getpid()))


_WORK: Mapping[str, Callable[[_Task], AccountAnswer]] = {
    "plan": _plan,
    "drift": _drift,
    "prepare": _prepare,
    "apply": _apply,
}

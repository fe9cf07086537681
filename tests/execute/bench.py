"""An apply in this process: the real engine, client, limiter and store against a sandbox, with a clock that jumps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.api.client import Client
from reconciler.api.credentials import AppCredentials
from reconciler.api.rate_limit import RateLimit
from reconciler.engine.applying import ApplyOptions, apply
from reconciler.engine.looking import plan
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import StateError, StoppedError
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.lists import Applied, DoubtfulList, KnownList, PastRun, Target
from reconciler.model.outcomes import Outcome, Result
from reconciler.protocols import LockInfo, StateStore, StateWriter
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from reconciler.state.backends.folder import FileStore
from tests.planning.worlds import Short, desired

HEADING = PlanMetadata("0", "2026-11-22T10:00:00Z", {})
HOLDER = LockInfo(1, "h", "u", "c", "2026-11-22T10:00:00Z")


@dataclass
class JumpingClock:
    """A clock whose sleep takes no time but moves it; `stop_at` counts the sleeps until a signal comes."""

    ahead: float = 0.0
    slept: list[float] = field(default_factory=list)
    stop_at: int = 0
    stopped: bool = False
    deadline: float | None = None

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic() + self.ahead

    def sleep(self, seconds: float) -> None:
        if self.stopped:
            raise StoppedError(2)
        if seconds > 0:
            self.slept.append(seconds)
            if len(self.slept) == self.stop_at:
                self.stopped = True
                raise StoppedError(2)
        self.ahead += seconds

    def last_wait(self, seconds: float) -> None:
        self.ahead += seconds

    def reason_to_end(self, ahead: float) -> str | None:
        if self.stopped:
            return "stopped by SIGINT"
        return "the deadline is near" if self.deadline is not None and self.ahead + ahead > self.deadline else None


class BreakingStore:
    """A store whose writer raises StateError at the `at`-th record, and from then on."""

    place = "here"
    paths: Sequence[Path] = ()

    def __init__(self, store: StateStore, at: int) -> None:
        self._store = store
        self._at = at

    def load(self) -> Applied:
        return self._store.load()

    def later(self, applied: Applied) -> None:
        del applied

    def last_runs(self, applied: Applied, most: int) -> Sequence[PastRun]:
        return self._store.last_runs(applied, most)

    @contextmanager
    def lock(self, holder: LockInfo) -> Iterator[StateWriter]:
        with self._store.lock(holder) as writer:
            yield _BreakingWriter(writer, self._at)


class _BreakingWriter:
    def __init__(self, writer: StateWriter, at: int) -> None:
        self._writer = writer
        self._left = at

    @property
    def applied(self) -> Applied:
        return self._writer.applied

    def entry(self, key: str) -> KnownList | None:
        return self._writer.entry(key)

    def announce_intents(self, entries: Mapping[str, DoubtfulList]) -> None:
        self._writer.announce_intents(entries)

    def flush(self) -> None:
        self._writer.flush()

    def check_lease(self) -> None:
        self._writer.check_lease()

    def record(self, key: str, entry: KnownList | None) -> None:
        self._left -= 1
        if self._left <= 0:
            raise StateError("the disk is full")
        self._writer.record(key, entry)

    def replace(self, applied: Applied) -> None:
        self._writer.replace(applied)


@dataclass
class Bench:
    """A sandbox, a folder for states, and applies of what `wanted` says."""

    sandbox: Sandbox
    folder: Path
    clock: JumpingClock = field(default_factory=JumpingClock)
    rate: int = 6000
    progress: list[tuple[str, Outcome]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    undo: list[Plan] = field(default_factory=list)

    def store(self, environment: str = "prod") -> FileStore:
        return FileStore(self.folder, environment, self.target)

    @property
    def target(self) -> Target:
        return Target(self.sandbox.url, STREAM_ID, ACCOUNT_ID)

    def workspace(self, wanted: Mapping[str, Short], policy: Short | None = None, name: str = "prod") -> Workspace:
        declared = replace(desired(wanted, policy), environment=name, target=self.target)
        return Workspace(declared, self.store(name), self.rate)

    def client(self, limiter: RateLimit | None = None, secret: str = CLIENT_SECRET) -> Client:
        credentials = AppCredentials(CLIENT_ID, secret)
        limiter = limiter or RateLimit(self.rate, self.clock)
        return Client(self.target, credentials, self.clock, limiter, timeout=(10.0, 10.0))

    def apply(
        self,
        *workspaces: Workspace,
        scope: Selection | None = None,
        saved: Mapping[str, EnvironmentPlan] | None = None,
        approve: Callable[[Plan], None] | None = None,
        secrets: Sequence[str] = (),
    ) -> Result:
        limiter = RateLimit(self.rate, self.clock)
        clients = {
            workspace.desired.environment: self.client(limiter, secrets[number] if secrets else CLIENT_SECRET)
            for number, workspace in enumerate(workspaces)
        }
        options = ApplyOptions(
            holder=HOLDER,
            clock=self.clock,
            stop=self.clock,
            jitter=lambda: 0.0,
            approve=approve or self.plans.append,
            progress=lambda name, outcome: self.progress.append((name, outcome)),
            undo=self.undo.append,
            saved=saved or {},
        )
        try:
            return apply(workspaces, clients, HEADING, scope or Selection(), options)
        finally:
            for client in clients.values():
                client.close()

    def plan(self, workspace: Workspace, *, refresh: bool = True, scope: Selection | None = None) -> EnvironmentPlan:
        with self.client() as client:
            readers = {workspace.desired.environment: client} if refresh else {}
            return plan([workspace], readers, HEADING, scope or Selection())[0].environments[0]

    def entries(self) -> dict[str, str]:
        """Say the state in short: `applied Name`, `in_doubt Name → Intended`."""
        return {key: _entry(known) for key, known in self.store().load().lists.items()}

    @property
    def requests(self) -> int:
        return len(self.sandbox.world.log.entries)


def _entry(known: KnownList) -> str:
    intended = getattr(known, "intended", None)
    stored = getattr(known, "stored", None)
    name = known.texts.get("name", "?")
    if intended:
        return f"in_doubt {name} → {intended.get('name', '?')}"
    return f"applied {name}" + (f" as {stored['name']}" if stored else "")


def outcomes(result: Result) -> dict[str, str]:
    """Say the outcomes in short: `updated 1 True`."""
    return {
        outcome.key: f"{outcome.outcome} {outcome.attempts} {outcome.verified}"
        for environment in result.environments
        for outcome in environment.outcomes
    }


def named(*names: str) -> dict[str, Short]:
    """Return lists a, b, c … with these names, all with the description D."""
    return {key: {"name": name, "description": "D"} for key, name in zip("abcdefghij", names, strict=False)}


@contextmanager
def bench(folder: Path, *names: str, settings: Settings | None = None) -> Iterator[Bench]:
    """Serve lists of these names, all recorded in the state already."""
    served = [
        ContactList(f"cl-{key}", {"name": name, "description": "D"})
        for key, name in zip("abcdefghij", names, strict=False)
    ]
    with Sandbox(settings=settings or Settings(limit=0), lists=served) as sandbox:
        made = Bench(sandbox, folder)
        made.apply(made.workspace(named(*names)))
        sandbox.world.log.clear()
        made.plans.clear()
        made.progress.clear()
        made.undo.clear()
        yield made

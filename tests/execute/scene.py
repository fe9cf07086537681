"""One environment, one apply, all of it in memory: data in; outcomes, state and a log of everything out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from reconciler.engine.applying import ApplyOptions, apply
from reconciler.engine.workspaces import PlanMetadata, Selection, Workspace
from reconciler.errors import ReconcilerError
from reconciler.model.changes import Plan
from reconciler.model.lists import Campaign, DoubtfulList, KnownList, LiveList
from reconciler.model.outcomes import Outcome, Result
from reconciler.model.texts import Texts
from reconciler.protocols import LockInfo
from tests.fakes import FakeAccount, FakeClock, FakeRemote, FakeStore, Reply
from tests.planning.worlds import Short, applied, desired, live

HEADING = PlanMetadata("0", "2026-11-22T10:00:00Z", {})
HOLDER = LockInfo(1, "h", "u", "c", "2026-11-22T10:00:00Z")
REQUESTS = {"put", "read"}
RECORDS = {"doubt", "applied", "dropped"}


class Deed(Protocol):
    """Something that happens during a scene."""

    def happens(self, at: Played) -> None: ...


@dataclass(frozen=True)
class Edit:
    """Somebody else edits a list."""

    key: str
    texts: Texts

    def happens(self, at: Played) -> None:
        at.account.edited(f"cl-{self.key}", self.texts)


@dataclass(frozen=True)
class Use:
    """A campaign starts to use a list."""

    key: str

    def happens(self, at: Played) -> None:
        used = at.account.lists[f"cl-{self.key}"]
        at.account.lists[used.id] = LiveList(used.id, used.texts, (Campaign("Campaign"),))


@dataclass(frozen=True)
class Delete:
    """Somebody deletes a list."""

    key: str

    def happens(self, at: Played) -> None:
        del at.account.lists[f"cl-{self.key}"]


@dataclass(frozen=True)
class Pass:
    """Time goes by."""

    seconds: float

    def happens(self, at: Played) -> None:
        at.clock.let_pass(self.seconds)


@dataclass(frozen=True)
class Hold:
    """The rate limit is used up for so long."""

    seconds: float

    def happens(self, at: Played) -> None:
        at.remote.hold(self.seconds)


@dataclass(frozen=True)
class Slow:
    """From now on a read takes so long."""

    seconds: float

    def happens(self, at: Played) -> None:
        at.remote.read_seconds = self.seconds


@dataclass(frozen=True)
class Fail:
    """So many reads to come fail."""

    reads: int

    def happens(self, at: Played) -> None:
        at.remote.fail(self.reads)


@dataclass(frozen=True)
class Signal:
    """SIGINT."""

    def happens(self, at: Played) -> None:
        at.clock.signalled = True


@dataclass(frozen=True)
class Scene:
    """Lists by key: their `wanted` and `served` texts, and what the state has (`known`; as served where not given).

    `replies` by number of the PUT; `deeds` happen right after a line of the log (see FakeClock.at_line).
    """

    wanted: Mapping[str, Short]
    served: Mapping[str, Short]
    known: Mapping[str, Short] | None = None
    replies: Mapping[int, Reply] = field(default_factory=dict)
    deeds: Mapping[str, Sequence[Deed]] = field(default_factory=dict)
    hidden: Collection[str] = ()
    wipes: bool = False
    alters: Callable[[str], str] = str
    breaking: Collection[int] = ()
    undurable: Collection[int] = ()
    unfolding: bool = False
    deadline: float | None = None
    policy: Short | None = None
    jitter: float = 0.0


@dataclass
class Played:
    """What came of a scene; `result` is None where it raised `error`."""

    clock: FakeClock
    account: FakeAccount
    store: FakeStore
    remote: FakeRemote
    told: list[Outcome] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    undo: list[Plan] = field(default_factory=list)
    result: Result | None = None
    error: ReconcilerError | None = None

    @property
    def final(self) -> tuple[Outcome, ...]:
        return self.result.environments[0].outcomes if self.result else ()

    @property
    def outcomes(self) -> dict[str, str]:
        """The final outcomes in short: `updated 1 True`."""
        return {each.key: f"{each.outcome} {each.attempts} {each.verified}" for each in self.final}

    @property
    def stopped(self) -> str | None:
        return self.result.environments[0].stopped if self.result else None

    @property
    def entries(self) -> dict[str, str]:
        """The state in short: names, `Old?New` where in doubt, `New~new` where stored otherwise."""
        return {key: _entry(known) for key, known in sorted(self.store.applied.lists.items())}

    def lines(self, words: Collection[str] = REQUESTS) -> list[str]:
        """Return the lines of the log that start with one of `words`."""
        return [str(event) for event in self.clock.events if event.word in words]

    @property
    def requests(self) -> str:
        """Every request in order, in one line: `all a all b`, lists read alone in brackets."""
        asked = [event for event in self.clock.events if event.word in REQUESTS]
        return " ".join(
            event.about if event.word == "put" or event.about == "all" else f"({event.about})" for event in asked
        )


def _entry(known: KnownList) -> str:
    name = known.texts.get("name", known.texts.get("description", ""))
    if isinstance(known, DoubtfulList):
        return f"{name}?{'+'.join(known.intended.values())}"
    return name + "".join(f"~{text}" for text in known.stored.values())


def staged(scene: Scene) -> Played:
    """Set the scene: clock, account, API and state."""
    clock = FakeClock(scene.deadline)
    lists = dict(live(scene.served).lists)
    hidden = [f"cl-{key}" for key in scene.hidden]
    account = FakeAccount(clock, lists, hidden, scene.wipes, scene.alters)
    store = FakeStore(
        applied(scene.served if scene.known is None else scene.known),
        clock,
        scene.breaking,
        undurable=scene.undurable,
        unfolding=scene.unfolding,
    )
    played = Played(clock, account, store, FakeRemote(account, clock, scene.replies))
    for line, deeds in scene.deeds.items():
        for deed in deeds:
            clock.at_line(line, partial(deed.happens, played))
    return played


def play(scene: Scene, scope: Selection | None = None) -> Played:
    """Apply, approving of everything."""
    played = staged(scene)

    def approve(plan: Plan) -> None:
        played.plans.append(plan)
        played.clock.happened("approve")

    options = ApplyOptions(
        holder=HOLDER,
        clock=played.clock,
        stop=played.clock,
        jitter=lambda: scene.jitter,
        approve=approve,
        progress=lambda _, outcome: played.told.append(outcome),
        undo=played.undo.append,
    )
    workspace = Workspace(desired(scene.wanted, scene.policy), played.store, 30)
    try:
        played.result = apply([workspace], {"prod": played.remote}, HEADING, scope or Selection(), options)
    except ReconcilerError as error:
        played.error = error
    return played


def named(*names: str) -> dict[str, Short]:
    """Return lists a, b, c … with these names, all with the description D."""
    return {key: {"name": name, "description": "D"} for key, name in zip("abcdefghij", names, strict=False)}

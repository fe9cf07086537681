"""An account, time, and one process at a time that works on it: what the seams show to the program, and what is true.

Beside what is true, the world keeps what the predicates ask for: who wrote a field last, what the program was told,
and which PUTs it has no answer to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import greenlet

from reconciler.errors import RemoteError, StoppedError
from reconciler.model.changes import EnvironmentPlan, Plan, Update
from reconciler.model.fields import Field
from reconciler.model.lists import Absent, Live, LiveList
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsent, Unsettled
from reconciler.model.texts import Texts
from reconciler.protocols import StateStore
from tests.exploration.choices import ALL_WELL, Choices, Died
from tests.exploration.stories import Story

START = 1_800_000_000.0
LONG = 70.0  # seconds: a machine that slept, so that what was read is too old
_LATE = (1, 3, 4)  # reads that do not show a write yet
_LOST = Unsettled("no answer", landed=True, again=True)
_ERROR = Unsettled("HTTP 501", landed=True, again=False)
ANSWERS: dict[str, PutAnswer] = {
    ALL_WELL: Acknowledged(),
    "lost, landed": _LOST,
    "lost, not landed": _LOST,
    **{f"lost, shows after {reads} reads": _LOST for reads in _LATE},
    **{f"acknowledged, shows after {reads} reads": Acknowledged() for reads in _LATE[:2]},
    "error, landed": _ERROR,
    "error, not landed": _ERROR,
    "refused": Rejected("HTTP 400"),
    "sign-in refused": Rejected("HTTP 401", unauthorized=True),
    "limit": Unsettled("HTTP 429", landed=False, again=True, wait=60.0),
}
AT_A_PUT = (*list(ANSWERS)[1:], "sleeps long", "dies", "dies, shows after 1 reads")
AT_A_READ = ("fails", "dies")
AT_A_SLEEP = ("signal", "sleeps long")


class Place(Protocol):
    """Where the state is kept."""

    store: StateStore
    leased: bool

    def begin(self, world: World) -> None:
        """Set it back to the beginning of the story, to be used by the present machine of `world` from now on."""
        ...

    def pauses_at(self, call: str) -> tuple[str, ...]:
        """Return how a machine may stand still at a call while another runs, in words."""
        ...

    def pause(self, option: str) -> None:
        """Let happen what comes with a pause."""
        ...

    def content(self) -> object:
        """Return what it holds, as far as a later run may depend on it."""
        ...

    def hidden(self) -> object:
        """Return what of that does not follow from what each machine did so far."""
        ...

    def is_locked_by(self, process: Process) -> bool:
        """Tell whether `process` has the only right to write."""
        ...


@dataclass(slots=True)
class _LateWrite:
    """A write that the next `reads` reads do not show."""

    reads: int
    list_id: str
    body: Texts


@dataclass
class World:
    """What is true of the account, and what the predicates remember.

    `since` counts the runs since the last deviation, `border` stands for the state that the present run began with.
    """

    story: Story
    choices: Choices
    place: Place
    machines: list[Process] = field(default_factory=list)  # that run at present, or were paused: the first began
    current: Process | None = None
    saved: EnvironmentPlan | None = None  # the plan that runs are given to apply
    undo: EnvironmentPlan | None = None  # what sets back the last run that did something
    fault: BaseException | None = None  # what ends the execution
    passed: float = 0.0
    began: float = 0.0  # when the present run did
    since: int = 0
    border: object = None
    lists: dict[str, Texts] = field(default_factory=dict)
    before: dict[str, Texts] = field(default_factory=dict)  # the account as a stale read shows it
    late: list[_LateWrite] = field(default_factory=list)
    others: set[tuple[str, Field]] = field(default_factory=set)  # fields that somebody else wrote last
    told: set[tuple[str, Field, str]] = field(
        default_factory=set
    )  # texts that were acknowledged, or that a read showed
    open: dict[str, Texts] = field(default_factory=dict)  # PUTs without a usable answer, and without a read since
    acknowledged: dict[str, Texts] = field(default_factory=dict)  # bodies, without a read since
    unseen: set[str] = field(default_factory=set)  # lists with a write that no true read has shown yet
    missed: set[str] = field(default_factory=set)  # lists with a late write or an old answer, until the state is right
    edited: bool = False

    def __post_init__(self) -> None:
        self.lists = {f"cl-{key}": dict(texts) for key, texts in self.story.served.items()}
        self.before = dict(self.lists)
        self.others = {
            (known.id, field)
            for known in self.story.applied().lists.values()
            for field, text in known.texts.items()
            if self.lists[known.id][field] != text
        }

    def state(self) -> int:
        """Return what stands for the whole state: of the program on each machine, of the account, and of the place."""
        stand = tuple((each.trace, each.signalled, each.dead, each is self.current) for each in self.machines)
        return hash((self.border, stand, self.passed - self.began, self.truth(), self.place.hidden()))

    def truth(self) -> object:
        """Return all of it that a later step may depend on."""
        return (
            self.since, self.edited, _frozen(self.lists), _frozen(self.before), _frozen(self.open),
            _frozen(self.acknowledged), frozenset(self.unseen), frozenset(self.missed), frozenset(self.others),
            frozenset(self.told),
            tuple((late.reads, late.list_id, tuple(late.body.items())) for late in self.late),
        )  # fmt: skip

    def edits(self) -> tuple[str, ...]:
        """Return what somebody else may do just now."""
        return tuple(
            f"edit {key} {field} {text}"
            for key, field, text in self.story.edits
            if self.lists[f"cl-{key}"][field] != text
        )

    def edit(self, option: str) -> bool:
        """Be somebody else, if that is the option."""
        if not option.startswith("edit "):
            return False
        _, key, field, text = option.split(" ", 3)
        self._store(f"cl-{key}", {field: text})
        self.others.add((f"cl-{key}", field))
        self.edited = True
        return True

    def write(self, list_id: str, body: Texts, reads: int = 0) -> None:
        """Store a PUT, which the next `reads` reads do not show."""
        self.unseen.add(list_id)
        if reads:
            self.late.append(_LateWrite(reads, list_id, body))
            return
        self._store(list_id, body)
        self.others -= {(list_id, field) for field in body}

    def _store(self, list_id: str, texts: Texts) -> None:
        self.before = dict(self.lists)
        self.lists[list_id] = {**self.lists[list_id], **texts}

    def shown(self, *, stale: bool) -> dict[str, Texts]:
        """Return what a read shows, and let land what it was the last not to show."""
        shown = dict(self.before if stale else self.lists)
        for list_id, texts in shown.items():
            self.told |= {(list_id, field, text) for field, text in texts.items()}
        hidden = {late.list_id for late in self.late}
        self.unseen = {each for each in self.lists if shown[each] != self.lists[each] or each in hidden}
        self.missed |= {each for each in self.lists if stale and shown[each] != self.lists[each]}
        self.open.clear()
        self.acknowledged.clear()
        for late in self.late:
            late.reads -= 1
        self.land([late for late in self.late if not late.reads])
        return shown

    def land(self, late: Sequence[_LateWrite]) -> None:
        """Let late writes land."""
        self.late = [each for each in self.late if each not in late]
        for each in late:
            self.write(each.list_id, each.body)
            self.missed.add(each.list_id)


def _frozen(texts: dict[str, Texts]) -> frozenset[object]:
    return frozenset((key, *each.items()) for key, each in texts.items())


@dataclass
class Process:
    """One run of the program, as its seams: Clock, Stop and Remote. What it did and was told, for the predicates."""

    world: World
    number: str
    rules: Sequence[Callable[[Process, str, Texts], None]]
    requests: int = 0
    deviated: bool = False
    dead: bool = False
    signalled: bool = False
    plan: Plan | None = None
    puts: list[tuple[str, Texts, PutAnswer]] = field(default_factory=list)
    shown: dict[str, Texts] = field(default_factory=dict)  # by the last read
    read_at: float = float("-inf")
    reads: int = 0
    ticks: list[Callable[[], None]] = field(default_factory=list)  # what goes on beside it, while it waits
    trace: int = 0

    def check_alive(self) -> None:
        """End what a dead process still does while it falls."""
        if self.dead:
            raise Died

    def at(self, call: str, options: Sequence[str]) -> str:
        """Return what happens at a call; all that the process did, it did because of what it was told so far."""
        self.check_alive()
        self.observe(call)
        world = self.world
        pauses = world.place.pauses_at(call) if self._others() else ()
        try:
            taken = world.choices.at(f"{self.number} {call}", (*options, *pauses), world.state)
        except BaseException as error:
            self.dead, world.fault = True, error  # what it does while it falls is no part of the execution
            raise
        if taken != ALL_WELL:
            self.deviated, world.since = True, 0
        if taken not in pauses:
            return taken
        world.place.pause(taken)
        greenlet.getcurrent().parent.switch()
        world.current = self
        return self.at(f"{call}, after a pause", options)

    def _others(self) -> bool:
        """Tell whether another machine is under way, or may begin."""
        machines = self.world.machines
        return len(machines) < self.world.story.machines or any(not each.dead for each in machines if each is not self)

    def observe(self, what: object) -> None:
        """Take note of what the program was told: with the state that it began with, that is where it stands."""
        self.trace = hash((self.trace, what))

    def die(self) -> None:
        """End here."""
        self.dead = True
        raise Died

    def now(self) -> float:
        return START + (self.world.passed if self.world.place.leased else 0)

    def monotonic(self) -> float:
        return self.world.passed

    def sleep(self, seconds: float) -> None:
        if self.signalled:
            raise StoppedError(2)
        option = self.at("sleep", AT_A_SLEEP) if seconds > 0 else ALL_WELL
        self.world.passed += seconds + (LONG if option == "sleeps long" else 0)
        for tick in self.ticks:
            tick()
        if option == "signal":
            self.signalled = True
            raise StoppedError(2)

    def reason_to_end(self, ahead: float) -> str | None:
        del ahead
        if not self.signalled:
            self.signalled = self.at("stop asked", ("signal",)) == "signal"
        self.observe(self.signalled)
        return "stopped by SIGINT" if self.signalled else None

    def last_wait(self, seconds: float) -> None:
        self.world.passed += seconds

    def delay(self, places: int) -> float:
        del places
        return 0.0

    def read_all(self) -> Live:
        return Live({list_id: LiveList(list_id, texts) for list_id, texts in self._read("read").items()})

    def read(self, list_id: str) -> LiveList | Absent:
        texts = self._read(f"read {list_id.removeprefix('cl-')}").get(list_id)
        return LiveList(list_id, texts) if texts else Absent(list_id, "HTTP 404: not found")

    def _read(self, call: str) -> dict[str, Texts]:
        world = self.world
        stale = ("stale",) if world.before != world.lists else ()
        option = self.at(call, (*world.edits(), *stale, *AT_A_READ))
        if option == "dies":
            self.die()
        self.requests += 1
        if option == "fails":
            self.observe(option)
            raise RemoteError("HTTP 500")
        world.edit(option)
        shown = world.shown(stale=option == "stale")
        self.shown, self.read_at, self.reads = shown, world.passed, self.reads + 1
        self.observe(_frozen(shown))
        return shown

    def put(self, list_id: str, body: Texts, by: float) -> PutAnswer:
        key = list_id.removeprefix("cl-")
        option = self.at(f"put {key}", (*self.world.edits(), *AT_A_PUT))
        if option == "dies":
            self.die()
        if option == "sleeps long":
            self.world.passed += LONG
        if self.world.passed > by:
            self.observe("unsent")
            return Unsent()
        self.world.edit(option)
        for rule in self.rules:
            rule(self, list_id, body)
        self.requests += 1
        before = self.world.open.get(list_id)
        self.world.open[list_id] = body
        self._store(option, list_id, body)
        if option.startswith("dies"):
            self.die()
        answer = ANSWERS.get(option, Acknowledged())
        if not (isinstance(answer, Unsettled) and answer.landed):
            del self.world.open[list_id]
            if before and answer != Acknowledged():
                self.world.open[list_id] = before
        self._note(list_id, body, answer)
        return answer

    def _store(self, option: str, list_id: str, body: Texts) -> None:
        words = option.split()
        if "shows" in words:
            self.world.write(list_id, body, int(words[-2]))
        elif option not in {"lost, not landed", "error, not landed", "refused", "sign-in refused", "limit"}:
            self.world.write(list_id, body)

    def _note(self, list_id: str, body: Texts, answer: PutAnswer) -> None:
        self.puts.append((list_id, body, answer))
        self.observe(answer)
        if answer == Acknowledged():
            self.world.acknowledged[list_id] = body
            self.world.told |= {(list_id, field, text) for field, text in body.items()}

    def approve(self, plan: Plan) -> None:
        """Approve of everything."""
        self.plan = plan

    def keep_undo(self, plan: Plan) -> None:
        """Take the plan that sets back what the run did."""
        if plan.environments[0].changes and self.world.saved is None:
            self.world.undo = plan.environments[0]

    def approved(self, list_id: str) -> Update | None:
        """Return the approved update of a list."""
        assert self.plan
        return next((each for each in self.plan.environments[0].updates if each.id == list_id), None)

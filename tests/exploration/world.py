"""An account, time, and one process at a time that works on it: what the seams show to the program, and what is true.

Whatever happens is told to the evidence, which asks the predicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import greenlet

from reconciler.errors import ReconcilerError, RemoteError, StoppedError
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.lists import Absent, KnownList, Live, LiveList
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsent, Unsettled
from reconciler.model.texts import Texts, only_fields
from reconciler.protocols import StateStore
from tests.exploration.choices import ALL_WELL, Broken, Choices, Died
from tests.exploration.events import (
    Answered,
    Approved,
    Change,
    Delayed,
    Event,
    PutAnswered,
    Read,
    Recorded,
    Sent,
    Signalled,
    Stored,
)  # fmt: skip
from tests.exploration.evidence import Evidence
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

    def recorded(self) -> Mapping[str, KnownList]:
        """Return, by key, what the state would say if all machines stopped now, and their power went."""
        ...


@dataclass(slots=True)
class _LateWrite:
    """A write that the next `reads` reads do not show."""

    reads: int
    list_id: str
    body: Texts


@dataclass
class World:
    """The account, what may happen to it, and the machines that work on it.

    `since` counts the runs since the last deviation, `border` stands for the state that the present run began with.
    """

    story: Story
    choices: Choices
    place: Place
    evidence: Evidence
    machines: list[Process] = field(default_factory=list)  # that run at present, or were paused: the first began
    current: Process | None = None
    saved: EnvironmentPlan | None = None  # the plan that runs are given to apply
    undo: EnvironmentPlan | None = None  # what sets back the last run that did something
    fault: BaseException | None = None  # what ends the execution
    passed: float = 0.0
    began: float = 0.0  # when the present run did
    since: int = 0
    border: object = None
    before: dict[str, Texts] = field(default_factory=dict)  # the account as a stale read shows it
    late: list[_LateWrite] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.before = dict(self.lists)

    @property
    def lists(self) -> dict[str, Texts]:
        """The account as it truly is."""
        return self.evidence.lists

    def state(self) -> int:
        """Return what stands for the whole state: of the program on each machine, of the account, and of the place."""
        stand = tuple((each.trace, each.signalled, each.dead, each is self.current) for each in self.machines)
        return hash((self.border, stand, self.passed - self.began, self.truth(), self.place.hidden()))

    def truth(self) -> object:
        """Return all of it that a later step may depend on."""
        late = tuple((late.reads, late.list_id, tuple(late.body.items())) for late in self.late)
        return self.since, late, _frozen(self.before), self.evidence.truth()

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
        self._store(Stored(f"cl-{key}", {field: text}, by_us=False))
        return True

    def write(self, list_id: str, body: Texts, reads: int = 0) -> None:
        """Store a PUT, which the next `reads` reads do not show."""
        if reads:
            self.late.append(_LateWrite(reads, list_id, body))
            self.evidence.take(Delayed(list_id))
        else:
            self._store(Stored(list_id, body, by_us=True))

    def _store(self, stored: Stored) -> None:
        self.before = dict(self.lists)
        self.evidence.take(stored)

    def show(self, process: Process, *, stale: bool) -> dict[str, Texts]:
        """Return what a read shows, and let land what it was the last not to show."""
        shown = dict(self.before if stale else self.lists)
        self.evidence.take(Read(process.number, shown, self.passed))
        for late in self.late:
            late.reads -= 1
        self.land([late for late in self.late if not late.reads])
        return shown

    def land(self, late: Sequence[_LateWrite]) -> None:
        """Let late writes land."""
        self.late = [each for each in self.late if each not in late]
        for each in late:
            self._store(Stored(each.list_id, each.body, by_us=True, late=True))


def _frozen(texts: dict[str, Texts]) -> frozenset[object]:
    return frozenset((key, *each.items()) for key, each in texts.items())


@dataclass
class Process:
    """One run of the program, as its seams: Clock, Stop and Remote."""

    world: World
    number: str
    requests: int = 0
    deviated: bool = False
    dead: bool = False
    signalled: bool = False
    plan: Plan | None = None
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
            self._signal()
            raise StoppedError(2)

    def reason_to_end(self, ahead: float) -> str | None:
        del ahead
        if not self.signalled and self.at("stop asked", ("signal",)) == "signal":
            self._signal()
        self.observe(self.signalled)
        return "stopped by SIGINT" if self.signalled else None

    def _signal(self) -> None:
        self.signalled = True
        self._tell(Signalled(self.number))

    def _tell(self, event: Event) -> None:
        self.world.evidence.take(event)

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
        shown = world.show(self, stale=option == "stale")
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
        self.requests += 1
        self._tell(Recorded(self._recorded()))
        self._tell(Sent(self.number, list_id, body, self.world.passed, self.world.place.is_locked_by(self)))
        self._store(option, list_id, body)
        if option.startswith("dies"):
            self.die()
        if self._others():
            self.at(f"answer {key}", ())
        answer = ANSWERS.get(option, Acknowledged())
        self.observe(answer)
        self._tell(Answered(self.number, _in_short(answer)))
        return answer

    def _recorded(self) -> Mapping[str, KnownList]:
        try:
            return {known.id: known for known in self.world.place.recorded().values()}
        except ReconcilerError as error:
            raise Broken(f"the state cannot be read: {error}") from error

    def _store(self, option: str, list_id: str, body: Texts) -> None:
        words = option.split()
        if "shows" in words:
            self.world.write(list_id, body, int(words[-2]))
        elif option not in {"lost, not landed", "error, not landed", "refused", "sign-in refused", "limit"}:
            self.world.write(list_id, body)

    def approve(self, plan: Plan) -> None:
        """Approve of everything."""
        self.plan = plan
        saved = changes_of(self.world.saved) if self.world.saved else None
        self._tell(Approved(self.number, changes_of(plan.environments[0]), saved))

    def keep_undo(self, plan: Plan) -> None:
        """Take the plan that sets back what the run did."""
        if plan.environments[0].changes and self.world.saved is None:
            self.world.undo = plan.environments[0]


def changes_of(plan: EnvironmentPlan) -> dict[str, Change]:
    """Return the changes that a plan sends, by list id."""
    return {
        each.id: Change(only_fields(each.before, each.fields), only_fields(each.after, each.fields))
        for each in plan.updates
    }


def _in_short(answer: PutAnswer) -> PutAnswered:
    if isinstance(answer, Acknowledged):
        return "acknowledged"
    return "unknown" if isinstance(answer, Unsettled) and answer.landed else "nothing written"

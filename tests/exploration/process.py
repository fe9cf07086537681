"""One run of the program: what the seams show to it, and what may happen at each of their calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import greenlet

from reconciler.errors import ReconcilerError, RemoteError, StoppedError
from reconciler.model.changes import EnvironmentPlan, Plan
from reconciler.model.lists import Absent, KnownList, Live, LiveList
from reconciler.model.put_answers import Acknowledged, PutAnswer, Rejected, Unsent, Unsettled
from reconciler.model.texts import Texts, only_fields
from tests.exploration import events
from tests.exploration.choices import ALL_WELL, Broken, Died
from tests.exploration.events import Change, PutAnswered
from tests.exploration.evidence import frozen
from tests.exploration.world import START, World

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
CLOCKS = {"50 s ahead": 50.0, "50 s behind": -50.0}  # a lease allows for a minute


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
    skew: float = 0.0
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

    def set_clock(self) -> None:
        """Have a clock of its own, if there are others to differ from."""
        if self.world.story.machines > 1:
            self.skew = CLOCKS.get(self.at("clock", tuple(CLOCKS)), 0.0)

    def now(self) -> float:
        return START + self.skew + (self.world.passed if self.world.place.leased else 0)

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
        self._tell(events.Signalled(self.number))

    def _tell(self, event: events.Event) -> None:
        self.world.evidence.take(event)

    def last_wait(self, seconds: float) -> None:
        self.world.passed += seconds

    def delay(self, places: int) -> float:
        del places
        return 0.0

    def read_all(self) -> Live:
        return Live({list_id: LiveList(list_id, texts) for list_id, texts in self._read().items()})

    def read(self, list_id: str) -> LiveList | Absent:
        texts = self._read(list_id).get(list_id)
        return LiveList(list_id, texts) if texts else Absent(list_id, "HTTP 404: not found")

    def _read(self, alone: str = "") -> dict[str, Texts]:
        world = self.world
        stale = ("stale",) if world.before != world.lists else ()
        option = self.at(f"read {alone.removeprefix('cl-')}".rstrip(), (*world.edits(), *stale, *AT_A_READ))
        if option == "dies":
            self.die()
        self.requests += 1
        if option == "fails":
            self.observe(option)
            raise RemoteError("HTTP 500")
        world.edit(option)
        shown = world.show(self, alone, stale=option == "stale")
        self.observe(frozen(shown))
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
        self._tell(events.Recorded(self._recorded()))
        self._tell(events.Sent(self.number, list_id, body, self.world.passed, self.world.place.is_locked_by(self)))
        answer = ANSWERS.get(option, Acknowledged())
        if list_id in self.world.lists:
            self._store(option, list_id, body)
        elif answer == Acknowledged():
            answer = Rejected("HTTP 404")
        if option.startswith("dies"):
            self.die()
        if self._others():
            self.at(f"answer {key}", ())
        self.observe(answer)
        self._tell(events.Answered(self.number, _in_short(answer)))
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
        self._tell(events.Approved(self.number, changes_of(plan.environments[0]), saved))

    def keep_undo(self, plan: Plan) -> None:
        """Take the plan that sets back what the run did, if that is in the story."""
        if self.world.story.undo and plan.environments[0].changes and self.world.saved is None:
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

"""An account, time, a place for the state, and the machines that work on them: what is true, and what may happen.

Whatever happens is told to the evidence, which asks the predicates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from reconciler.model.changes import EnvironmentPlan
from reconciler.model.lists import KnownList
from reconciler.model.texts import Texts
from reconciler.protocols import StateStore
from tests.exploration import events
from tests.exploration.choices import Choices
from tests.exploration.events import Stored
from tests.exploration.evidence import Evidence, frozen
from tests.exploration.stories import Story

if TYPE_CHECKING:
    from tests.exploration.process import Process

START = 1_800_000_000.0


class Place(Protocol):
    """Where the state is kept."""

    leased: bool

    @property
    def store(self) -> StateStore:
        """The store, as a run has it that begins."""
        ...

    def begin(self, world: World) -> None:
        """Set it back to the beginning of the story, to be used by the present machine of `world` from now on."""
        ...

    def pauses_at(self, call: str) -> tuple[str, ...]:
        """Return how a machine may stand still at a call while another runs, in words."""
        ...

    def pause(self, option: str) -> None:
        """Let happen what comes with a pause."""
        ...

    def contents(self) -> object:
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
        return self.since, late, frozen(self.before), self.evidence.truth()

    def edits(self) -> tuple[str, ...]:
        """Return what somebody else may do just now."""
        there = [(key, *edit) for key, *edit in self.story.edits if f"cl-{key}" in self.lists]
        edits = [f"edit {key} {field} {text}" for key, field, text in there if self.lists[f"cl-{key}"][field] != text]
        return (*edits, *dict.fromkeys(f"delete {key}" for key, *_ in there))

    def edit(self, option: str) -> None:
        """Be somebody else, if that is the option."""
        what, _, rest = option.partition(" ")
        list_id, _, text = f"cl-{rest}".partition(" ")
        if what == "edit":
            field, _, text = text.partition(" ")
            self._store(Stored(list_id, {field: text}, by_us=False))
        if what == "delete":
            self.before = dict(self.lists)
            self.late = [each for each in self.late if each.list_id != list_id]
            self.evidence.take(events.Deleted(list_id))

    def write(self, list_id: str, body: Texts, reads: int = 0) -> None:
        """Store a PUT, which the next `reads` reads do not show."""
        if reads:
            self.late.append(_LateWrite(reads, list_id, body))
            self.evidence.take(events.Delayed(list_id))
        else:
            self._store(Stored(list_id, body, by_us=True))

    def _store(self, stored: Stored) -> None:
        self.before = dict(self.lists)
        self.evidence.take(stored)

    def show(self, process: Process, alone: str, *, stale: bool) -> dict[str, Texts]:
        """Return what a read shows, of all or of one `alone`, and let land what it was the last not to show."""
        there = self.before if stale else self.lists
        shown = {list_id: texts for list_id, texts in there.items() if alone in ("", list_id)}
        self.evidence.take(events.Read(process.number, shown, self.passed, alone))
        for late in self.late:
            late.reads -= 1
        self.land([late for late in self.late if not late.reads])
        return shown

    def land(self, late: Sequence[_LateWrite]) -> None:
        """Let late writes land."""
        self.late = [each for each in self.late if each not in late]
        for each in late:
            self._store(Stored(each.list_id, each.body, by_us=True, late=True))

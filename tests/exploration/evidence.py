"""What the events so far come to: what is true of the account, what each run knows, and what is in question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

from reconciler.model.fields import Field
from reconciler.model.lists import Applied, AppliedList, Desired, DoubtfulList, KnownList
from reconciler.model.texts import Texts, holds
from tests.exploration import events
from tests.exploration.events import Change, Ended, PutAnswered, Read, Sent, Stored


@dataclass(frozen=True)
class Given:
    """What there is at the beginning: declared, live by id, and known; `undo`: a saved plan is one that sets back."""

    desired: Desired
    served: Mapping[str, Texts]
    first: Applied
    undo: bool = False


@dataclass
class Run:
    """What a run was approved, shown and answered so far."""

    approved: Mapping[str, Change] = field(default_factory=dict)
    saved: Mapping[str, Change] | None = None
    shown: Mapping[str, Texts] = field(default_factory=dict)  # by the last read of each
    read_at: Mapping[str, float] = field(default_factory=dict)
    alone: frozenset[str] = frozenset()  # lists that were read alone last: a read of all may leave them out
    reads: int = 0
    signalled: bool = False
    sent: list[Sent] = field(default_factory=list)
    answers: list[PutAnswered] = field(default_factory=list)  # to those of `sent` that have one
    earlier: Texts | None = None  # an unanswered PUT to the same list, before the one that is waited for

    @property
    def waiting(self) -> Sent | None:
        """The PUT that has no answer yet."""
        return self.sent[-1] if len(self.sent) > len(self.answers) else None

    def answers_of(self, list_id: str) -> list[PutAnswered | None]:
        """Return the answers to the PUTs to a list; None is to come."""
        return [
            answer for sent, answer in zip(self.sent, [*self.answers, None], strict=False) if sent.list_id == list_id
        ]


class Rules(NamedTuple):
    """What is asked as a PUT goes out, and when a run has ended; each raises Broken."""

    sent: Sequence[Callable[[Evidence, Sent], None]]
    ended: Sequence[Callable[[Evidence, Ended], None]]


@dataclass
class Evidence:
    """Takes one event after the other; each rule for its kind is asked before."""

    given: Given
    rules: Rules
    runs: dict[str, Run] = field(default_factory=dict)
    lists: dict[str, Texts] = field(default_factory=dict)  # as they truly are
    others: set[tuple[str, Field]] = field(default_factory=set)  # fields that somebody else wrote last
    told: set[tuple[str, Field, str]] = field(default_factory=set)  # texts that were acknowledged, or shown by a read
    open: dict[str, Texts] = field(default_factory=dict)  # PUTs without a usable answer, and without a read since
    acknowledged: dict[str, Texts] = field(default_factory=dict)  # bodies, without a read since
    unseen: set[str] = field(default_factory=set)  # lists with a write that no true read has shown yet
    missed: set[str] = field(default_factory=set)  # lists with a late write or an old answer, until the state is right
    delayed: Counter[str] = field(default_factory=Counter)  # PUTs that have yet to show, by list
    recorded: Mapping[str, KnownList] = field(default_factory=dict)
    edited: bool = False

    def __post_init__(self) -> None:
        self.lists = dict(self.given.served)
        self.others = {
            (known.id, field)
            for known in self.given.first.lists.values()
            for field, text in known.texts.items()
            if isinstance(known, AppliedList) and self.lists[known.id][field] != text
        }

    def take(self, event: events.Event) -> None:
        """Hear of an event; raises Broken if it may not be."""
        match event:
            case Stored():
                self._stored(event)
            case events.Deleted(list_id):
                self.others |= {(list_id, field) for field in self.lists.pop(list_id)}
                self.delayed[list_id], self.edited = 0, True
            case events.Delayed(list_id):
                self.unseen.add(list_id)
                self.delayed[list_id] += 1
            case events.Recorded(entries):
                self.recorded = entries
            case _:
                self._hear_of_run(event, self.run(event.run))

    def _hear_of_run(self, event: events.OfARun, run: Run) -> None:
        match event:
            case events.Approved():
                run.approved, run.saved = event.changes, event.saved
            case Read():
                self._read(event, run)
            case Sent():
                self._sent(event, run)
            case events.Answered():
                self._answered(event.answer, run)
            case events.Signalled():
                run.signalled = True
            case Ended():
                self._ended(event, run)
            case _:
                assert_never(event)

    def run(self, name: str) -> Run:
        """Return a run, which may have just begun."""
        return self.runs.setdefault(name, Run())

    def truth(self) -> object:
        """Return all of it that a later step may depend on, but for what the runs were told."""
        return (
            self.edited, frozen(self.lists), frozen(self.open), frozen(self.acknowledged), frozenset(self.unseen),
            frozenset(self.missed), frozenset(self.others), frozenset(self.told),
        )  # fmt: skip

    def is_hidden(self, known: KnownList) -> bool:
        """Tell whether what the state says of a list may yet be wrong, by no fault of a run."""
        unseen = known.id in self.unseen and known.id not in self.acknowledged
        late = known.id in self.missed or self.delayed[known.id] > 0
        differs = not holds(self.lists.get(known.id, {}), known.texts)
        return isinstance(known, DoubtfulList) or unseen or (late and differs)

    def _read(self, event: Read, run: Run) -> None:
        read_at, run.reads = dict.fromkeys(event.shown, event.at), run.reads + 1
        asked = {event.alone} if event.alone else run.shown.keys() - run.alone
        run.shown = {**{list_id: run.shown[list_id] for list_id in run.shown.keys() - asked}, **event.shown}
        run.read_at = {**run.read_at, **read_at}
        run.alone = (run.alone | {event.alone}) & run.shown.keys() if event.alone else run.alone - event.shown.keys()
        for list_id, texts in event.shown.items():
            self.told |= {(list_id, field, text) for field, text in texts.items()}
        untrue = {list_id for list_id, texts in event.shown.items() if texts != self.lists.get(list_id)}
        late = {list_id for list_id, number in self.delayed.items() if number}
        self.unseen = untrue | late | (self.unseen - {event.alone} if event.alone else set())
        self.missed |= untrue
        for list_id in [event.alone] if event.alone else [*self.open, *self.acknowledged]:
            self.open.pop(list_id, None)
            self.acknowledged.pop(list_id, None)
        for each in self.runs.values():
            if each.waiting is None or event.alone in ("", each.waiting.list_id):
                each.earlier = None

    def _sent(self, event: Sent, run: Run) -> None:
        for rule in self.rules.sent:
            rule(self, event)
        run.sent.append(event)
        run.earlier = self.open.get(event.list_id)
        self.open[event.list_id] = event.body

    def _answered(self, answer: PutAnswered, run: Run) -> None:
        sent = run.waiting
        assert sent
        run.answers.append(answer)
        if answer == "unknown":
            return
        if self.open.get(sent.list_id) is sent.body:
            del self.open[sent.list_id]
            if run.earlier is not None and answer == "nothing written":
                self.open[sent.list_id] = run.earlier
        if answer == "acknowledged":
            self.acknowledged[sent.list_id] = sent.body
            self.told |= {(sent.list_id, field, text) for field, text in sent.body.items()}

    def _stored(self, event: Stored) -> None:
        fields = {(event.list_id, field) for field in event.texts}
        self.lists[event.list_id] = {**self.lists[event.list_id], **event.texts}
        if event.by_us:
            self.unseen.add(event.list_id)
            self.others -= fields
        else:
            self.others |= fields
            self.edited = True
        if event.late:
            self.delayed[event.list_id] -= 1
            self.missed.add(event.list_id)

    def _ended(self, event: Ended, run: Run) -> None:
        for rule in self.rules.ended:
            rule(self, event)
        if run.waiting:
            run.answers.append("unknown")
        self.missed -= {known.id for known in event.state.lists.values() if not self.is_hidden(known)}


def frozen(texts: Mapping[str, Texts]) -> frozenset[object]:
    """Return what stands for some lists in a hash."""
    return frozenset((key, *each.items()) for key, each in texts.items())

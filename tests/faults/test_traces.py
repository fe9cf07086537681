"""Real runs, told as events, keep what the explorer asks of its worlds; and a lie in a trace is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

import pytest

from reconciler.model.lists import DoubtfulList, KnownList
from reconciler.sandbox.request_log import Call, Logged
from tests.exploration.choices import Broken
from tests.exploration.events import Answered, Ended, Event, Read, Recorded, Sent, Stored
from tests.exploration.evidence import Evidence
from tests.exploration.predicates import RULES
from tests.faults.replay import Replay
from tests.faults.story import story

Events = list[Event]
Lie = Callable[[Events], Events]
T = TypeVar("T", bound=tuple[object, ...])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    """One run that nothing disturbed, and a look after it."""
    with story(tmp_path_factory.mktemp("told"), "edited") as each:
        each.begin()
        assert list(each.ended_in_order(each.run())) == []
        yield each.replay


def hear(told: Replay, events: Sequence[Event]) -> None:
    """Raise Broken if these may not be."""
    evidence = Evidence(told.given, RULES)
    for event in events:
        evidence.take(event)


def without(kind: type[Event], until: type[Event]) -> Lie:
    """Leave out all of a kind until the first of another."""

    def altered(events: Events) -> Events:
        first = next(number for number, each in enumerate(events) if isinstance(each, until))
        return [each for number, each in enumerate(events) if number >= first or not isinstance(each, kind)]

    return altered


def changed(kind: type[T], change: Callable[[T], Event], at: int = 0) -> Lie:
    """Change one of a kind."""

    def altered(events: Events) -> Events:
        place = [number for number, each in enumerate(events) if isinstance(each, kind)][at]
        event = events[place]
        assert isinstance(event, kind)
        return [*events[:place], change(event), *events[place + 1 :]]

    return altered


def with_state(key: str, entry: Callable[[KnownList], KnownList]) -> Lie:
    """Let the run leave another entry in the state."""

    def change(event: Ended) -> Ended:
        lists = {**event.state.lists, key: entry(event.state.lists[key])}
        return event._replace(state=replace(event.state, lists=lists))

    return changed(Ended, change)


def unanswered_at_last(events: Events) -> Events:
    """Take the last answer back, and all that was read after it."""
    (*_, last) = (number for number, each in enumerate(events) if isinstance(each, Answered))
    return [*events[:last], Answered("1", "unknown"), *(each for each in events[last + 1 :] if isinstance(each, Ended))]


def doubt_lost(events: Events) -> Events:
    """Have the state say what was before that PUT."""
    before = {"name": "Alpha c", "description": "Text c"}
    return unanswered_at_last(with_state("c", lambda each: each._replace(texts=before))(events))


def too_many_attempts(event: Ended) -> Ended:
    """Count a PUT that was not sent."""
    return event._replace(came={**event.came, "a": event.came["a"]._replace(attempts=2)})


LIES: dict[str, tuple[Lie, str]] = {
    "no intent before the first PUT": (without(Recorded, Sent), "the state has only"),
    "nothing was read before it": (without(Read, Sent), "values that are inf s old"),
    "the first PUT had no answer yet": (without(Answered, Ended), "waits"),
    "a field too many": (
        changed(Sent, lambda each: each._replace(body={"name": "New a", "description": "F"})),
        "description is sent though it showed",
    ),
    "over a minute later": (
        changed(Sent, lambda each: each._replace(at=each.at + 61)),
        "values that are 61 s old",
    ),
    "without the lock": (changed(Sent, lambda each: each._replace(locked=False)), "without the lock"),
    "the first rename did not land": (without(Stored, Answered), "is named 'Alpha a', as cl-a still is"),
    "the last answer did not come": (unanswered_at_last, "applied on no evidence"),
    "nor is its doubt recorded": (doubt_lost, "has no answer"),
    "applied what was never sent": (
        with_state("a", lambda each: each._replace(texts={"name": "Else"})),
        "applied on no evidence",
    ),
    "in order, with a doubt": (
        with_state("a", lambda each: DoubtfulList(*each[:4], intended={"name": "New a"})),
        "in order, but the state says",
    ),
    "not as declared": (
        changed(Ended, lambda each: each._replace(named=frozenset()), at=1),
        "no run names it",
    ),
    "a PUT too many is counted": (changed(Ended, too_many_attempts), "1 PUTs"),
}


def test_a_real_run_keeps_every_predicate(told: Replay) -> None:
    kinds = {type(each) for each in told.heard}
    assert kinds >= {Read, Recorded, Sent, Stored, Answered, Ended}
    assert told.broken == ()
    hear(told, told.heard)


@pytest.mark.parametrize("said", LIES)
def test_a_lie_in_a_trace_is_found(told: Replay, said: str) -> None:
    lie, words = LIES[said]
    with pytest.raises(Broken, match=words):
        hear(told, lie(list(told.heard)))


def test_the_sandbox_tells_of_puts_at_once_and_of_unseen_ones(told: Replay) -> None:
    call = Call("PUT", "/campaign/api/v2/public/s/campaign/contactList/cl-a", body=b'{"name": "Unseen"}')
    told.check_sandbox([Logged(1, 1.0, call, 200, 3.0), Logged(2, 2.0, call, 200, 4.0)])
    unseen, again, at_once = told.broken
    assert unseen == again == "the sandbox saw a PUT of {'name': 'Unseen'} to cl-a, no trace did"
    assert "waits for the answer" in at_once
    told.broken = ()

"""The order of things in a run, and what stops it: requests exactly, outcomes, and what the state says in the end."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from reconciler.errors import RemoteError, StateError, StoppedError
from reconciler.model.put_answers import Rejected, Unsent
from tests.execute.scene import RECORDS, Delete, Edit, Fail, Hold, Pass, Scene, Signal, Slow, Use, named, play
from tests.fakes import Reply, limited, maybe

REFUSED = Reply(Rejected("HTTP 400"), lands=False)
NEVER = Reply(late=1e9)
DONE = "updated 1 True"
LEFT = "not_sent 0 None"

NEW, OLD = named("N1", "N2", "N3"), named("O1", "O2", "O3")
ONE: Mapping[str, Mapping[str, object]] = {"a": {"name": "N1", "description": "D"}}
BOTH: Mapping[str, Mapping[str, object]] = {"a": {"name": "N1", "description": "E"}}
CHAIN = named("B", "C")
LATER_CHAIN = {**named("N1", "C"), "c": {"name": "Z", "description": "D"}}
LATER_LINKS = named("O1", "B", "C")

Row = tuple[Scene, str, dict[str, str], str, str | None]
"""A scene; its requests, outcomes, state (the names in order of the keys), and a part of why it stopped."""

ROWS: dict[str, Row] = {
    "nothing goes wrong": (Scene(NEW, OLD), "all a all b c all", dict.fromkeys("abc", DONE), "N1 N2 N3", None),
    "a name waits for the rename that frees it": (
        Scene(CHAIN, named("A", "B")),
        "all b all a all",
        {"b": DONE, "a": DONE},
        "B C",
        None,
    ),
    "what waits for a failed rename is not sent": (
        Scene(CHAIN, named("A", "B"), replies={1: REFUSED}),
        "all b all",
        {"b": "failed 1 False", "a": LEFT},
        "A B",
        None,
    ),
    "nor what waits for one in doubt, though that one landed": (
        Scene(CHAIN, named("A", "B"), replies={1: maybe(lands=True, again=False)}),
        "all b all",
        {"b": DONE, "a": LEFT},
        "A C",
        None,
    ),
    "a later look does not make it a name that is taken": (
        Scene(named("B", "C", "N3", "N4"), named("A", "B", "O3", "O4"), replies={1: REFUSED}),
        "all b c all d all",
        {"b": "failed 1 False", "a": LEFT, "c": DONE, "d": DONE},
        "A B N3 N4",
        None,
    ),
    "a whole chain waits": (
        Scene(named("B", "C", "D", "N"), named("A", "B", "C", "O"), replies={1: REFUSED}),
        "all c d all",
        {"c": "failed 1 False", "b": LEFT, "a": LEFT, "d": DONE},
        "A B C N",
        None,
    ),
    "the awaited rename was made by somebody else": (
        Scene(CHAIN, named("A", "B"), deeds={"approve": [Edit("b", {"name": "C"}), Pass(61)]}),
        "all all a all",
        {"b": "adopted 0 None", "a": DONE},
        "B C",
        None,
    ),
    "the awaited list was renamed otherwise: a conflict, and the name is free": (
        Scene(CHAIN, named("A", "B"), deeds={"approve": [Edit("b", {"name": "X"}), Pass(61)]}),
        "all all a all",
        {"b": "conflict 0 None", "a": DONE},
        "B B",
        None,
    ),
    "the awaited list is in conflict and keeps its name": (
        Scene(
            {**CHAIN, "b": {"name": "C", "description": "E"}},
            named("A", "B"),
            deeds={"approve": [Edit("b", {"description": "Theirs"}), Pass(61)]},
        ),
        "all all",
        {"b": "conflict 0 None", "a": "blocked 0 None"},
        "A B",
        None,
    ),
    "live of a minute ago is young enough": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Pass(60)]}),
        "all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "live of over a minute ago is read again": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Pass(60.1)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "a wait of five seconds for the limit needs no look": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Hold(5)]}),
        "all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "one of over five does": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Hold(5.1)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "age counts to the moment when the PUT may go": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Pass(58), Hold(3)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "and the wait may last longer than was asked for": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Hold(3)], "sleep 3": [Pass(58)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "which may happen again and again": (
        Scene(
            ONE,
            OLD,
            known={"a": OLD["a"]},
            deeds={"approve": [Hold(3)], "sleep #1": [Hold(5)], "sleep #2": [Pass(58)]},
        ),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "a minute that passes while the intent is made durable counts": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"flush #1": [Pass(61)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "and so does a place that another command takes in that time": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"flush #1": [Hold(6)]}),
        "all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "which is no edit to be overwritten": (
        Scene(
            ONE, OLD, known={"a": OLD["a"]}, deeds={"flush #1": [Hold(30)], "sleep 30": [Edit("a", {"name": "Theirs"})]}
        ),
        "all all",
        {"a": "conflict 0 None"},
        "O1",
        None,
    ),
    "and a change that came true in that time is adopted": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"flush #1": [Pass(61), Edit("a", {"name": "N1"})]}),
        "all all",
        {"a": "adopted 0 None"},
        "N1",
        None,
    ),
    "a doubt about what was not sent stays if it cannot be taken back": (
        Scene(
            named("N1", "N2"),
            OLD,
            known={"a": OLD["a"], "b": OLD["b"]},
            replies={2: Reply(Unsent(), lands=False)},
            deeds={"doubt b": [Signal()]},
            breaking={4},
        ),
        "all a all b",
        {"a": DONE, "b": LEFT},
        "N1 O2?N2",
        "the disk is full",
    ),
    "if every turn comes too late, nothing is sent": (
        Scene(
            named("N1", "N2"),
            OLD,
            known={"a": OLD["a"], "b": OLD["b"]},
            replies={n: Reply(Unsent(), lands=False) for n in range(1, 9)},
        ),
        "all a all a all a all a all a all a",
        {"a": LEFT, "b": LEFT},
        "O1 O2",
        "live values were read 5 times",
    ),
    "a read that takes over a minute is old when it comes": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Pass(61), Slow(61)], "read all #3": [Slow(0)]}),
        "all all all a all",
        {"a": DONE},
        "N1",
        None,
    ),
    "and if every one does, nothing is sent": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Pass(61), Slow(61)]}),
        "all all all all all all",
        {"a": LEFT},
        "O1",
        "live values were read 5 times",
    ),
    "somebody else uses up the limit each time": (
        Scene(
            named("N1", "N2"),
            named("O1", "O2"),
            deeds={f"read all #{n}": [Hold(9)] for n in range(2, 8)},
        ),
        "all a all all all all all all",
        {"a": DONE, "b": LEFT},
        "N1 O2",
        "or the rate limit used up",
    ),
    "looks are counted for each change": (
        Scene(
            named("N1", "N2", "N3", "N4", "N5", "N6", "N7"),
            named("O1", "O2", "O3", "O4", "O5", "O6", "O7"),
            deeds={f"landed {key}": [Pass(61)] for key in "abcdefg"},
        ),
        "all a all b all c all d all e all f all g all",
        dict.fromkeys("abcdefg", DONE),
        "N1 N2 N3 N4 N5 N6 N7",
        None,
    ),
    "a campaign comes to use the list": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Use("a"), Pass(61)]}),
        "all all",
        {"a": "blocked 0 None"},
        "O1",
        None,
    ),
    "the list is deleted": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"approve": [Delete("a"), Pass(61)]}),
        "all all (a)",
        {"a": "blocked 0 None"},
        "O1",
        None,
    ),
    "edits of others are judged at the read-back too": (
        Scene(NEW, OLD, deeds={"landed a": [Edit("b", {"name": "N2"}), Edit("c", {"name": "Theirs"})]}),
        "all a all",
        {"a": DONE, "b": "adopted 0 None", "c": "conflict 0 None"},
        "N1 N2 O3",
        None,
    ),
    "five failures in a row": (
        Scene(
            {key: {"name": f"N {key}"} for key in "abcdefg"},
            {key: {"name": f"O {key}"} for key in "abcdefg"},
            replies=dict.fromkeys(range(1, 8), REFUSED),
        ),
        "all a b c d e all",
        {**dict.fromkeys("abcde", "failed 1 False"), "f": LEFT, "g": LEFT},
        "O a O b O c O d O e O f O g",
        "5 changes in a row failed or are in doubt",
    ),
    "not in a row": (
        Scene(
            {key: {"name": f"N {key}"} for key in "abcdefg"},
            {key: {"name": f"O {key}"} for key in "abcdefg"},
            replies={n: REFUSED for n in range(1, 8) if n != 4},
        ),
        "all a b c d all e f g all",
        {key: DONE if key == "d" else "failed 1 False" for key in "abcdefg"},
        "O a O b O c N d O e O f O g",
        None,
    ),
    "a conflict between attempts is no failure": (
        Scene(
            {key: {"name": f"N {key}"} for key in "abcdef"},
            {key: {"name": f"O {key}"} for key in "abcdef"},
            replies={1: REFUSED, 2: REFUSED, 3: limited(70), 4: REFUSED, 5: REFUSED},
            deeds={"put c": [Edit("c", {"name": "Theirs"})]},
        ),
        "all a b c all d e f all",
        {**dict.fromkeys("abde", "failed 1 False"), "c": "conflict 1 None", "f": DONE},
        "O a O b O c O d O e N f",
        None,
    ),
    "a write that does not show yet counts as made": (
        Scene(LATER_CHAIN, LATER_LINKS, replies={2: Reply(late=11.5)}, deeds={"put c": [Hold(10)]}),
        "all a all c all b all all all",
        dict.fromkeys("abc", DONE),
        "N1 C Z",
        None,
    ),
    "one that showed and was set back does not": (
        Scene(
            LATER_CHAIN,
            LATER_LINKS,
            deeds={"landed c": [Hold(10)], "read all #3": [Hold(10)], "sleep 10 #2": [Edit("c", {"name": "C"})]},
        ),
        "all a all c all all all",
        {"a": DONE, "c": "unverified 1 False", "b": "blocked 0 None"},
        "N1 B C?Z",
        None,
    ),
}


@pytest.mark.parametrize(("scene", "requests", "outcomes", "entries", "stopped"), ROWS.values(), ids=list(ROWS))
def test_rows(scene: Scene, requests: str, outcomes: dict[str, str], entries: str, stopped: str | None) -> None:
    played = play(scene)
    assert played.requests == requests
    assert played.outcomes == outcomes
    assert " ".join(played.entries.values()) == entries
    assert (stopped or "") in (played.stopped or "")
    assert (stopped is None) == (played.stopped is None)


@pytest.mark.parametrize(("count", "requests"), [(0, 1), (1, 3), (2, 5), (3, 6), (50, 53)])
def test_k_changes_cost_k_and_three_requests_or_fewer(count: int, requests: int) -> None:
    served = {f"k{number}": {"name": f"O {number}"} for number in range(60)}
    wanted = {**served, **{f"k{number}": {"name": f"N {number}"} for number in range(count)}}
    played = play(Scene(wanted, served, policy={"max_changes": 100}))
    assert played.result is not None
    assert (played.remote.requests, played.result.environments[0].requests) == (requests, requests)
    assert played.result.environments[0].in_order


def test_a_mid_run_look_leaves_out_what_live_has_by_now() -> None:
    played = play(Scene(BOTH, OLD, known={"a": OLD["a"]}, deeds={"approve": [Edit("a", {"name": "N1"}), Pass(61)]}))
    assert [event.carried for event in played.clock.events if event.word == "put"] == [{"description": "E"}]
    assert played.outcomes == {"a": DONE}
    assert played.store.applied.lists["a"].texts == {"name": "N1", "description": "E"}


def test_intent_is_on_disk_before_each_put_and_its_end_after() -> None:
    scene = Scene(named("N1", "N2"), named("O1", "O2"), replies={1: maybe(lands=False), 3: REFUSED})
    assert play(scene).lines({*RECORDS, "put"}) == [
        *("doubt a", "put a", "put a", "applied a"),
        *("doubt b", "put b", "applied b"),
    ]


def test_one_sync_serves_an_outcome_and_the_intent_that_follows() -> None:
    played = play(Scene(named("N1", "N2", "N3"), named("O1", "O2", "O3")))
    assert played.lines({*RECORDS, "put", "flush", "read"}) == [
        *("read all", "doubt a", "flush", "put a", "applied a"),
        *("read all", "doubt b", "flush", "put b", "applied b"),
        *("doubt c", "flush", "put c", "applied c", "read all"),
    ]


def test_no_put_goes_out_whose_intent_the_disk_may_lose() -> None:
    played = play(Scene(named("N1", "N2", "N3"), named("O1", "O2", "O3"), undurable=[2]))
    assert played.requests == "all a all"
    assert (played.outcomes, played.stopped) == (
        {"a": DONE, "b": LEFT, "c": LEFT},
        "the disk is broken [STATE-UNUSABLE]",
    )
    assert played.entries == {"a": "N1", "b": "O2", "c": "O3"}


def test_a_first_intent_that_the_disk_may_lose_is_taken_back_and_raised() -> None:
    played = play(Scene(named("N1"), named("O1"), undurable=[1]))
    assert (played.requests, str(played.error), played.entries) == ("all", "the disk is broken", {"a": "O1"})


def test_what_failed_first_is_told_where_taking_back_fails_too() -> None:
    played = play(Scene(named("N1"), named("O1"), undurable=[1], breaking=[2]))
    assert (str(played.error), played.error and played.error.__notes__) == (
        "the disk is full",
        ["the disk is broken [STATE-UNUSABLE]"],
    )
    assert played.entries == {"a": "O1?N1"}


def test_each_outcome_is_told_when_it_is_known_and_again_when_it_is_settled() -> None:
    wanted = {**named("N1", "N2", "O3"), "e": {"name": "O5"}}
    known = {**named("O1", "O2", "X"), "d": {"name": "O4"}}
    served = {**named("O1", "O2", "O3", "O4"), "e": {"name": "O5"}}
    told = [(each.key, each.outcome, each.verified) for each in play(Scene(wanted, served, known)).told]
    assert told == [
        *[("c", "adopted", None), ("d", "forgotten", None), ("e", "adopted", None)],
        *[("a", "updated", None), ("b", "updated", None), ("a", "updated", True), ("b", "updated", True)],
    ]


STOPS: dict[str, Row] = {
    "before the first PUT": (
        Scene(NEW, OLD, deeds={"approve": [Signal()]}),
        "all",
        dict.fromkeys("abc", LEFT),
        "O1 O2 O3",
        "SIGINT",
    ),
    "while a PUT is under way": (
        Scene(NEW, OLD, deeds={"put a": [Signal()]}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "SIGINT",
    ),
    "in a back-off: what may have landed stays in doubt, since one early read is no proof": (
        Scene(NEW, OLD, replies={1: maybe(lands=False)}, deeds={"sleep 0.5": [Signal()]}),
        "all a all",
        {"a": "in_doubt 1 False", "b": LEFT, "c": LEFT},
        "O1?N1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "in a back-off, and the read shows it": (
        Scene(NEW, OLD, replies={1: maybe(lands=True)}, deeds={"sleep 0.5": [Signal()]}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "in a back-off of what cannot have landed": (
        Scene(NEW, OLD, replies={1: limited()}, deeds={"sleep 0.5": [Signal()]}),
        "all a all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "while a PUT waits for the limit: it was not sent": (
        Scene(NEW, OLD, deeds={"read all #2": [Hold(3)], "sleep 3": [Signal()]}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "while another attempt waits for the limit": (
        Scene(NEW, OLD, replies={1: limited()}, deeds={"put a": [Hold(3)], "sleep 2.5": [Signal()]}),
        "all a all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "while a look waits for the limit": (
        Scene(NEW, OLD, deeds={"read all #2": [Hold(9)], "sleep 9": [Signal()]}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "stopped by SIGINT (Ctrl-C)",
    ),
    "between the reads for a late write": (
        Scene(NEW, OLD, replies={1: NEVER}, deeds={"sleep 1": [Signal()]}),
        "all a all",
        {"a": "unverified 1 False", "b": LEFT, "c": LEFT},
        "O1?N1 O2 O3",
        "does not read back as sent",
    ),
    "before the last look: acknowledged is applied, verified it is not": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, deeds={"landed a": [Hold(9)], "sleep 9": [Signal()]}),
        "all a",
        {"a": "unverified 1 None"},
        "N1",
        None,
    ),
    "a deadline before the first PUT": (
        Scene(NEW, OLD, deadline=10, deeds={"approve": [Pass(11)]}),
        "all",
        dict.fromkeys("abc", LEFT),
        "O1 O2 O3",
        "the deadline is near",
    ),
    "a deadline that the limit would break": (
        Scene(NEW, OLD, deadline=10, deeds={"read all #2": [Hold(11)]}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "the deadline is near",
    ),
    "a deadline that a look breaks": (
        Scene(NEW, OLD, deadline=100, deeds={"read all #2": [Pass(61)], "read all #3": [Pass(40)]}),
        "all a all all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "the deadline is near",
    ),
    "a deadline that a back-off would break": (
        Scene(NEW, OLD, deadline=10, replies={1: limited(11)}),
        "all a all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1 O2 O3",
        "the deadline is near",
    ),
    "a deadline that the limit would break between attempts": (
        Scene(NEW, OLD, deadline=10, replies={1: limited()}, deeds={"put a": [Hold(11)]}),
        "all a all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1 O2 O3",
        "the deadline is near",
    ),
    "an intent cannot be recorded": (
        Scene(NEW, OLD, breaking={3}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "the disk is full",
    ),
    "an acknowledgement cannot be recorded at once": (
        Scene(NEW, OLD, breaking={2}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "the disk is full",
    ),
    "nor at the end": (
        Scene(NEW, OLD, breaking={2, 3}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "O1?N1 O2 O3",
        "the disk is full",
    ),
    "a failure cannot be recorded": (
        Scene(NEW, OLD, replies={1: REFUSED}, breaking={2, 3}),
        "all a all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1?N1 O2 O3",
        "the disk is full",
    ),
    "what the last look shows cannot be recorded": (
        Scene(ONE, OLD, known={"a": OLD["a"]}, alters=str.lower, breaking={3}),
        "all a all",
        {"a": "unverified 1 False"},
        "N1",
        "the disk is full",
    ),
    "an adoption that a look shows cannot be recorded": (
        Scene(NEW, OLD, deeds={"landed a": [Edit("b", {"name": "N2"})]}, breaking={3}),
        "all a all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "the disk is full",
    ),
    "the journal cannot be folded": (
        Scene(NEW, OLD, unfolding=True),
        "all a all b c all",
        dict.fromkeys("abc", DONE),
        "N1 N2 N3",
        "the journal stays",
    ),
    "the read-back fails": (
        Scene(NEW, OLD, deeds={"read all #2": [Fail(1)]}),
        "all a all all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "HTTP 500",
    ),
    "a look in mid-run fails": (
        Scene(NEW, OLD, deeds={"read all #2": [Pass(61)], "read all #3": [Fail(1)]}),
        "all a all all",
        {"a": DONE, "b": LEFT, "c": LEFT},
        "N1 O2 O3",
        "HTTP 500",
    ),
    "a look between attempts fails": (
        Scene(NEW, OLD, replies={1: limited(70)}, deeds={"read all #2": [Fail(1)]}),
        "all a all all",
        {"a": "failed 1 False", "b": LEFT, "c": LEFT},
        "O1 O2 O3",
        "HTTP 500",
    ),
    "nothing can be read any more": (
        Scene(NEW, OLD, replies={1: maybe(lands=True, again=False)}, deeds={"read all #2": [Fail(9)]}),
        "all a b all all",
        {"a": "in_doubt 1 None", "b": "unverified 1 None", "c": LEFT},
        "O1?N1 N2 O3",
        "HTTP 500",
    ),
}


@pytest.mark.parametrize(("scene", "requests", "outcomes", "entries", "stopped"), STOPS.values(), ids=list(STOPS))
def test_stops(scene: Scene, requests: str, outcomes: dict[str, str], entries: str, stopped: str | None) -> None:
    test_rows(scene, requests, outcomes, entries, stopped)


def test_a_change_that_failed_is_not_told_as_not_sent() -> None:
    scene = Scene(NEW, OLD, replies={1: limited(70)}, deeds={"read all #2": [Fail(1)]})
    assert [each.outcome for each in play(scene).told if each.key == "a"] == ["failed", "failed"]


RAISED: dict[str, tuple[Scene, type[Exception], str]] = {
    "a signal while the first PUT waits for the limit": (
        Scene(NEW, OLD, deeds={"approve": [Hold(3)], "sleep 3": [Signal()]}),
        StoppedError,
        "O1 O2 O3",
    ),
    "a signal while the first look waits for the limit": (
        Scene(NEW, OLD, deeds={"approve": [Hold(9)], "sleep 9": [Signal()]}),
        StoppedError,
        "O1 O2 O3",
    ),
    "and one while it waits with its intent recorded, since another command took its place": (
        Scene(NEW, OLD, deeds={"doubt a": [Hold(3)], "sleep 3": [Signal()]}),
        StoppedError,
        "O1 O2 O3",
    ),
    "and the intent cannot be taken back": (
        Scene(NEW, OLD, deeds={"doubt a": [Hold(3)], "sleep 3": [Signal()]}, breaking={2}),
        StateError,
        "O1?N1 O2 O3",
    ),
    "the first intent cannot be recorded": (Scene(NEW, OLD, breaking={1}), StateError, "O1 O2 O3"),
    "an adoption cannot be recorded": (Scene(NEW, NEW, OLD, breaking={2}), StateError, "N1 O2 O3"),
    "an adoption that the first look shows cannot": (
        Scene(NEW, OLD, deeds={"approve": [Edit("a", {"name": "N1"}), Pass(61)]}, breaking={1}),
        StateError,
        "O1 O2 O3",
    ),
    "adoptions cannot be folded": (Scene(NEW, NEW, OLD, unfolding=True), StateError, "N1 N2 N3"),
    "the first look fails": (Scene(NEW, OLD, deeds={"approve": [Pass(61), Fail(1)]}), RemoteError, "O1 O2 O3"),
}


@pytest.mark.parametrize(("scene", "error", "entries"), RAISED.values(), ids=list(RAISED))
def test_what_goes_wrong_before_the_first_put_is_raised(scene: Scene, error: type[Exception], entries: str) -> None:
    played = play(scene)
    assert isinstance(played.error, error)
    assert played.lines({"put"}) == []
    assert played.store.holder is None
    assert " ".join(played.entries.values()) == entries


def test_what_was_made_before_it_was_told() -> None:
    assert [each.key for each in play(Scene(NEW, NEW, OLD, breaking={2})).told] == ["a"]

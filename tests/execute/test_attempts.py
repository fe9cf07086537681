"""One change over several attempts: what is sent again, what is not, and what is never sent more than five times."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.put_answers import Rejected
from tests.execute.scene import Edit, Hold, Pass, Scene, Slow, Use, named, play
from tests.fakes import Reply, limited, maybe

UNAUTHORIZED = Reply(Rejected("HTTP 401", unauthorized=True), lands=False)
REFUSED = Reply(Rejected("HTTP 400"), lands=False)
DONE = "updated 1 True"

SCENE = Scene(named("N1"), named("O1"))
BOTH = Scene({"a": {"name": "N1", "description": "E"}}, named("O1"))
TWO = Scene(named("N1", "N2"), named("O1", "O2"))
WORDS = {"put a": [Edit("a", {"description": "Theirs"})]}
THEIRS = {"put a": [Edit("a", {"name": "Theirs"})]}
SAME = {"put a": [Edit("a", {"name": "N1"})]}

Row = tuple[Scene, str, str, str, str | None]
"""A scene; its requests, outcomes, state, and a part of why it stopped."""

ROWS: dict[str, Row] = {
    "maybe landed, and did not": (
        replace(SCENE, replies={1: maybe(lands=False)}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "maybe landed, and did": (
        replace(SCENE, replies={1: maybe(lands=True)}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "a look shows that it landed": (
        replace(SCENE, replies={1: maybe(lands=True, wait=70)}),
        "all a all",
        DONE,
        "N1",
        None,
    ),
    "a look after a wait of over five seconds": (
        replace(SCENE, replies={1: maybe(lands=True, wait=5.1)}),
        "all a all",
        DONE,
        "N1",
        None,
    ),
    "none after five": (
        replace(SCENE, replies={1: maybe(lands=True, wait=5)}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "a look because of the limit": (
        replace(SCENE, replies={1: maybe(lands=True)}, deeds={"put a": [Hold(6)]}),
        "all a all",
        DONE,
        "N1",
        None,
    ),
    "a look because a short wait lasted long": (
        replace(SCENE, replies={1: maybe(lands=False)}, deeds={"put a": [Hold(3)], "sleep #2": [Pass(61)]}),
        "all a all a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "a look shows that it did not": (
        replace(SCENE, replies={1: maybe(lands=False, wait=70)}),
        "all a all a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "a look shows somebody else's name: in doubt": (
        replace(SCENE, replies={1: maybe(lands=False, wait=70)}, deeds=THEIRS),
        "all a all all all",
        "in_doubt 1 False",
        "O1?N1",
        None,
    ),
    "refused for the limit, and then a conflict": (
        replace(SCENE, replies={1: limited(70)}, deeds=THEIRS),
        "all a all",
        "conflict 1 None",
        "O1",
        None,
    ),
    "refused for the limit, and somebody else did it": (
        replace(SCENE, replies={1: limited(70)}, deeds=SAME),
        "all a all",
        "adopted 1 None",
        "N1",
        None,
    ),
    "refused for the limit, and a campaign comes to use it": (
        replace(SCENE, replies={1: limited(70)}, deeds={"put a": [Use("a")]}),
        "all a all",
        "blocked 1 None",
        "O1",
        None,
    ),
    "refused for the limit, and the unsent field moved: what was seen before the PUT is no harm of it": (
        replace(SCENE, replies={1: limited(70)}, deeds=WORDS),
        "all a all a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "maybe landed, and the unsent field moved: it may be harm": (
        replace(SCENE, replies={1: maybe(lands=False, wait=70)}, deeds=WORDS),
        "all a all a all all all",
        "unverified 2 False",
        "N1",
        None,
    ),
    "maybe landed and wiped the unsent field": (
        replace(TWO, replies={1: maybe(lands=True, wait=70)}, wipes=True),
        "all a all all all",
        "unverified 1 False, not_sent 0 None",
        "N1 O2",
        "description was not sent but changed, to ''",
    ),
    "the rate limit without a word": (
        replace(SCENE, replies={1: limited()}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "five attempts, none landed": (
        replace(SCENE, replies={n: maybe(lands=False) for n in range(1, 7)}),
        "all a a a a a all all all",
        "failed 5 False",
        "O1",
        None,
    ),
    "five attempts, the last one landed late": (
        replace(SCENE, replies={**{n: maybe(lands=False) for n in range(1, 5)}, 5: maybe(lands=True, late=1.5)}),
        "all a a a a a all all all",
        "updated 5 True",
        "N1",
        None,
    ),
    "five attempts, all refused for the limit": (
        replace(SCENE, replies={n: limited() for n in range(1, 7)}),
        "all a a a a a all",
        "failed 5 False",
        "O1",
        None,
    ),
    "refused after it may have landed, and did": (
        replace(SCENE, replies={1: maybe(lands=True), 2: REFUSED}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "refused after it may have landed, and did not": (
        replace(SCENE, replies={1: maybe(lands=False), 2: REFUSED}),
        "all a a all all all",
        "failed 2 False",
        "O1",
        None,
    ),
    "acknowledged after it may have landed": (
        replace(SCENE, replies={1: maybe(lands=True, late=0.2)}),
        "all a a all",
        "updated 2 True",
        "N1",
        None,
    ),
    "not worth another attempt": (
        replace(SCENE, replies={1: maybe(lands=True, again=False)}),
        "all a all",
        DONE,
        "N1",
        None,
    ),
    "sign-in refused once": (
        replace(TWO, replies={1: UNAUTHORIZED}),
        "all a a all b all",
        f"updated 2 True, {DONE}",
        "N1 N2",
        None,
    ),
    "sign-in refused twice": (
        replace(TWO, replies={1: UNAUTHORIZED, 2: UNAUTHORIZED}),
        "all a a all",
        "failed 2 False, not_sent 0 None",
        "O1 O2",
        "sign-in was refused twice",
    ),
    "sign-in refused twice, with failures between": (
        replace(TWO, replies={1: UNAUTHORIZED, 2: limited(), 3: UNAUTHORIZED}),
        "all a a a all",
        "failed 3 False, not_sent 0 None",
        "O1 O2",
        "sign-in was refused twice",
    ),
    "sign-in refused for the first time at the fifth attempt": (
        replace(TWO, replies={**{n: limited() for n in range(1, 5)}, 5: UNAUTHORIZED}),
        "all a a a a a b all",
        f"failed 5 False, {DONE}",
        "O1 N2",
        None,
    ),
    "live is too old at each look between attempts": (
        replace(TWO, replies={1: limited(70)}, deeds={"put a": [Slow(61)]}),
        "all a all all all all all",
        "failed 1 False, not_sent 0 None",
        "O1 O2",
        "live values were read 5 times",
    ),
    "somebody frees and takes names between attempts: the others are judged by the same look": (
        replace(
            TWO, replies={1: limited(70)}, deeds={"put a": [Edit("b", {"name": "N2"}), Edit("a", {"name": "Theirs"})]}
        ),
        "all a all",
        "conflict 1 None, adopted 0 None",
        "O1 N2",
        None,
    ),
}


@pytest.mark.parametrize(("scene", "requests", "outcomes", "entries", "stopped"), ROWS.values(), ids=list(ROWS))
def test_rows(scene: Scene, requests: str, outcomes: str, entries: str, stopped: str | None) -> None:
    played = play(scene)
    assert played.requests == requests
    assert ", ".join(played.outcomes.values()) == outcomes
    assert " ".join(played.entries.values()) == entries
    assert (stopped or "") in (played.stopped or "")
    assert (stopped is None) == (played.stopped is None)


@pytest.mark.parametrize(
    ("reply", "bodies"),
    [
        (limited(70), [{"name": "N1", "description": "E"}, {"description": "E"}]),
        (maybe(lands=False, wait=70), [{"name": "N1", "description": "E"}] * 2),
    ],
    ids=["cannot have landed: what live has by now is left out", "may have landed: one body is in doubt, not two"],
)
def test_somebody_else_did_half_of_it_between_attempts(reply: Reply, bodies: list[dict[str, str]]) -> None:
    played = play(replace(BOTH, replies={1: reply}, deeds=SAME))
    assert [event.carried for event in played.clock.events if event.word == "put"] == bodies
    assert played.outcomes == {"a": "updated 2 True"}
    assert played.store.applied.lists["a"].texts == {"name": "N1", "description": "E"}


@pytest.mark.parametrize(
    ("jitter", "told", "slept"),
    [(0.0, None, ["0.5", "1", "2", "4"]), (1.0, None, ["1", "2", "4", "8"]), (0.0, 3.0, ["3", "3", "3", "4"])],
)
def test_back_off_doubles_and_is_never_shorter_than_told(jitter: float, told: float | None, slept: list[str]) -> None:
    played = play(replace(SCENE, jitter=jitter, replies={n: limited(told) for n in range(1, 6)}))
    assert [event.about for event in played.clock.events if event.word == "sleep"] == slept


def test_the_error_says_what_happened_and_how_often() -> None:
    (outcome,) = play(replace(SCENE, replies={n: limited() for n in range(1, 6)})).final
    assert outcome.error == "HTTP 429 (after 5 PUTs)"
    (outcome,) = play(replace(SCENE, replies={1: maybe(lands=False, again=False)})).final
    assert outcome.error == "HTTP 503 (after 1 PUT)"

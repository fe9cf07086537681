"""What a PUT came to, by reading it back: sent fields, unsent ones, late writes, and lists that hide."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reconciler.model.put_answers import Rejected
from tests.execute.scene import Delete, Edit, Fail, Scene, named, play
from tests.fakes import Reply, maybe

REFUSED = Reply(Rejected("HTTP 400"), lands=False)
ONE = Scene(named("N1"), named("O1"))
TWO = Scene(named("N1", "N2"), named("O1", "O2"))
DONE = "updated 1 True"
STOPPED = "unverified 1 False, not_sent 0 None"

Row = tuple[Scene, str, str, str, str | None]
"""A scene; its requests, outcomes, state, and the last words of the first error."""

ROWS: dict[str, Row] = {
    "shows at once": (ONE, "all a all", DONE, "N1", None),
    "shows after a second": (replace(ONE, replies={1: Reply(late=0.9)}), "all a all all", DONE, "N1", None),
    "shows after two": (replace(ONE, replies={1: Reply(late=2)}), "all a all all all", DONE, "N1", None),
    "does not show": (
        replace(ONE, replies={1: Reply(late=2.1)}),
        "all a all all all",
        "unverified 1 False",
        "O1?N1",
        "name was sent as 'N1', the API shows 'O1'",
    ),
    "the first shows late, and the second is sent": (
        replace(TWO, replies={1: Reply(late=2)}),
        "all a all all all b all",
        f"{DONE}, {DONE}",
        "N1 N2",
        None,
    ),
    "the first does not show, and the second is not sent": (
        replace(TWO, replies={1: Reply(late=9)}),
        "all a all all all",
        STOPPED,
        "O1?N1 O2",
        "the API shows 'O1'",
    ),
    "a second read that fails leaves what the first showed": (
        replace(ONE, replies={1: Reply(late=2)}, deeds={"read all #3": [Fail(1)]}),
        "all a all all",
        "unverified 1 False",
        "O1?N1",
        "the API shows 'O1'",
    ),
    "and proves nothing of what may yet show": (
        replace(ONE, replies={1: maybe(lands=True, again=False, late=2)}, deeds={"read all #3": [Fail(1)]}),
        "all a all all",
        "in_doubt 1 False",
        "O1?N1",
        "HTTP 503 (after 1 PUT); name was sent as 'N1', the API shows 'O1'",
    ),
    "stored otherwise": (
        replace(TWO, alters=str.lower),
        "all a all b all",
        "unverified 1 False, unverified 1 False",
        "N1~n1 N2~n2",
        "the API shows 'n1'",
    ),
    "stored as something else": (
        replace(TWO, alters=lambda text: text + "!"),
        "all a all all all",
        STOPPED,
        "O1?N1 O2",
        "the API shows 'N1!'",
    ),
    "the unsent field is wiped": (
        replace(TWO, wipes=True),
        "all a all all all",
        STOPPED,
        "N1 O2",
        "description was not sent but changed, to ''",
    ),
    "somebody else renames the list after": (
        replace(TWO, deeds={"landed a": [Edit("a", {"name": "Theirs"})]}),
        "all a all all all",
        STOPPED,
        "O1?N1 O2",
        "the API shows 'Theirs'",
    ),
    "somebody deletes the list": (
        replace(ONE, deeds={"landed a": [Delete("a")]}),
        "all a all (a) all (a) all (a)",
        "unverified 1 False",
        "O1?N1",
        "the API no longer shows the list",
    ),
    "in doubt and deleted": (
        replace(ONE, replies={1: maybe(lands=True, again=False)}, deeds={"landed a": [Delete("a")]}),
        "all a all (a) all (a) all (a)",
        "in_doubt 1 False",
        "O1?N1",
        "the API no longer shows the list",
    ),
    "in doubt, and stored otherwise": (
        replace(ONE, replies={1: maybe(lands=True, again=False)}, alters=str.lower),
        "all a all",
        "unverified 1 False",
        "N1~n1",
        "the API shows 'n1'",
    ),
    "in doubt, shows after two seconds": (
        replace(ONE, replies={1: maybe(lands=True, again=False, late=2)}),
        "all a all all all",
        DONE,
        "N1",
        None,
    ),
    "in doubt, and before the first acknowledged one": (
        replace(TWO, replies={1: maybe(lands=False, again=False)}),
        "all a b all all all",
        f"failed 1 False, {DONE}",
        "O1 N2",
        "HTTP 503 (after 1 PUT)",
    ),
    "refused, and somebody else did it": (
        replace(ONE, replies={1: REFUSED}, deeds={"put a": [Edit("a", {"name": "N1"})]}),
        "all a all",
        DONE,
        "N1",
        None,
    ),
    "refused, and somebody else's name": (
        replace(ONE, replies={1: REFUSED}, deeds={"put a": [Edit("a", {"name": "Theirs"})]}),
        "all a all",
        "failed 1 False",
        "O1",
        "HTTP 400",
    ),
    "a hidden list": (replace(ONE, hidden="a"), "all (a) a all (a)", DONE, "N1", None),
    "hidden lists are read alone when due": (
        replace(TWO, hidden="ab"),
        "all (a) (b) a all (a) b all (a) (b)",
        f"{DONE}, {DONE}",
        "N1 N2",
        None,
    ),
    "a hidden list that shows late is read alone again": (
        replace(ONE, hidden="a", replies={1: Reply(late=2)}),
        "all (a) a all (a) all (a) all (a)",
        DONE,
        "N1",
        None,
    ),
}


@pytest.mark.parametrize(("scene", "requests", "outcomes", "entries", "error"), ROWS.values(), ids=list(ROWS))
def test_rows(scene: Scene, requests: str, outcomes: str, entries: str, error: str | None) -> None:
    played = play(scene)
    assert played.requests == requests
    assert ", ".join(played.outcomes.values()) == outcomes
    assert " ".join(played.entries.values()) == entries
    said = played.final[0].error
    assert said == error if said is None or error is None else said.endswith(error)


def test_what_undoes_a_run_starts_from_what_the_last_read_showed() -> None:
    scene = Scene(
        {"a": {"name": "N1", "description": "D"}, "b": {"description": "E"}},
        {"a": {"name": "O1", "description": "Drifted"}, "b": {"name": "O2", "description": "D"}},
        {"a": {"name": "O1", "description": "D"}, "b": {"description": "D"}},
        replies={2: REFUSED},
        alters=str.lower,
    )
    (plan,) = play(scene).undo
    (change,) = plan.environments[0].updates
    assert (change.key, change.cause, change.fields) == ("a", "undo", ("name",))
    assert change.before == {"name": "n1", "description": "Drifted"}
    assert change.after == {"name": "O1", "description": "Drifted"}


def test_what_was_acknowledged_and_never_read_can_be_undone_too() -> None:
    (plan,) = play(replace(ONE, deeds={"read all #2": [Fail(9)]})).undo
    (change,) = plan.environments[0].updates
    assert (change.before["name"], change.after["name"]) == ("N1", "O1")

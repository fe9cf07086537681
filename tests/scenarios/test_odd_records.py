"""One odd record does not make an account unreadable: it is named, and only a change that needs it is blocked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.server import Sandbox
from tests.faults.between import Between, Pair
from tests.program import Workplace, some_lists, workplace

ODD = {
    "a null name": {"name": None},
    "a number for a description": {"description": 5},
    "half an emoji": {"name": "Sale \ud83d"},
    "campaigns of another shape": {"campaignInUse": {"id": 1}},
    "an odd campaign": {"campaignInUse": [None, 7, {"name": ["x"]}]},
}


def spoiling(list_id: str, changes: dict[str, object], sandbox: Sandbox) -> Between:
    """Return a proxy before the sandbox that changes the record of one list in every answer."""

    def spoil(pair: Pair) -> bool:
        pair.far.sendall(pair.asked())
        head, _, body = pair.answered().partition(b"\r\n\r\n")
        document = json.loads(body)
        if isinstance(data := document.get("data"), list):
            document["data"] = [record | changes if record["_id"] == list_id else record for record in data]
        body = json.dumps(document).encode()
        head = re.sub(rb"(?i)(content-length: *)\d+", rb"\g<1>%d" % len(body), head)
        pair.near.sendall(head + b"\r\n\r\n" + body)
        return True

    proxy = Between(sandbox.url)
    proxy.ways = dict.fromkeys(range(1, 200), spoil)
    return proxy


@pytest.fixture
def lists() -> list[ContactList]:
    return some_lists(4)


@pytest.fixture
def place(tmp_path: Path, lists: list[ContactList]) -> Iterator[Workplace]:
    with workplace(tmp_path, lists, measured=False) as place:
        yield place


@pytest.mark.parametrize("changes", ODD.values(), ids=list(ODD))
def test_an_undeclared_odd_list_stops_nothing(
    place: Workplace, lists: list[ContactList], changes: dict[str, object]
) -> None:
    with spoiling(lists[3].id, changes, place.sandbox) as proxy:
        place.url = proxy.url
        place.declare(lists[:3], a={"name": "New 1"}, b={"name": "New 2"})
        applied = place.run("apply", "--yes", "--json")
        assert applied.code in (0, 3), applied.err
        outcomes = {each["key"]: each["outcome"] for each in json.loads(applied.out)["environments"][0]["outcomes"]}
        assert set(outcomes.values()) <= {"updated", "adopted", "blocked"}
        for verb in (["drift"], ["import"], ["accept"], ["doctor"], ["plan", "--refresh"]):
            ran = place.run(*verb)
            assert ran.code == 0, (verb, ran.err)
        odd = "campaignInUse" not in changes
        assert (f"left out: the API's record of list {lists[3].id}" in place.run("drift").err) is odd


@pytest.mark.parametrize("changes", [ODD["a null name"], ODD["a number for a description"]])
def test_a_declared_odd_list_is_blocked_only_if_it_changes(
    place: Workplace, lists: list[ContactList], changes: dict[str, object]
) -> None:
    with spoiling(lists[3].id, {}, place.sandbox) as proxy:
        place.url = proxy.url
        place.declare(lists)
        assert place.run("apply", "--yes").code == 0
        proxy.ways = spoiling(lists[3].id, changes, place.sandbox).ways
        plan = json.loads(place.run("plan", "--refresh", "--json").out)["environments"][0]
        assert plan["changes"] == []
        assert f"the API's record of {lists[3].id} is left out" in plan["warnings"][0]
        place.declare(lists, a={"name": "New 1"}, d={"name": "New 4"})
        ran = place.run("apply", "--yes", "--json")
        assert ran.code == 3, ran.err
        outcomes = {each["key"]: each for each in json.loads(ran.out)["environments"][0]["outcomes"]}
        assert (outcomes["a"]["outcome"], outcomes["d"]["outcome"]) == ("updated", "blocked")
        assert outcomes["d"]["guard"] == "unreadable"
        assert outcomes["d"]["error"].startswith("the API's record of")
        drift = json.loads(place.run("drift", "--json").out)["environments"][0]
        assert drift["missing"][0]["reason"].startswith("its record cannot be understood: ")

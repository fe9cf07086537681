"""Names are names: brackets and stars in them mean themselves, in every command that takes a pattern."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.accounts import ContactList
from tests.program import Workplace, some_lists, workplace

LISTS = [
    *some_lists(2),
    ContactList("cl-0000011-0000", {"name": "[dev] Foo"}),
    ContactList("cl-0000012-0000", {"name": "d Foo"}),
    ContactList("cl-0000013-0000", {"name": "VIP *"}),
    ContactList("cl-0000014-0000", {"name": "VIP one"}),
]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Workplace]:
    with workplace(tmp_path, LISTS, measured=False) as place:
        place.declare(LISTS[:2])
        yield place


@pytest.mark.parametrize(
    ("pattern", "brought"),
    [("[dev] *", ["[dev] Foo"]), ("[dev] Foo", ["[dev] Foo"]), ("VIP *", ["VIP *"]), ("VIP o*", ["VIP one"])],
)
def test_import(place: Workplace, pattern: str, brought: list[str]) -> None:
    ran = place.run("import", "--dry-run", pattern)
    assert ran.code == 0, ran.err
    brought_in = [line.split('"')[1] for line in ran.out.splitlines() if line.startswith("  + ")]
    assert brought_in == brought
    assert ("'VIP *' means only the list of that name: write 'VIP **' for a pattern" in ran.err) == (pattern == "VIP *")


@pytest.mark.parametrize(
    ("patterns", "left"),
    [
        (["[dev] Foo"], ["VIP *", "VIP one", "d Foo"]),
        (["[dev] *"], ["VIP *", "VIP one", "d Foo"]),
        (["VIP *"], ["VIP one", "[dev] Foo", "d Foo"]),
        (["VIP ?*", "d*"], ["[dev] Foo"]),
    ],
)
def test_ignore_undeclared(place: Workplace, patterns: list[str], left: list[str]) -> None:
    manifest = place.folder / "lists.yaml"
    policy = f"policy: {{ignore_undeclared: {json.dumps(patterns)}}}"
    manifest.write_text(manifest.read_text().replace("policy: {}", policy))
    found = json.loads(place.run("drift", "--undeclared", "--json").out)["environments"][0]
    assert sorted(each["name"] for each in found["undeclared"]) == sorted(left)
    warned = "policy.ignore_undeclared: 'VIP *' means only the list of that name: write 'VIP **' for a pattern"
    assert found.get("warnings", []) == ([warned] if "VIP *" in patterns else [])


@pytest.mark.parametrize("verb", [["plan"], ["plan", "--refresh"], ["apply", "--yes"]], ids=" ".join)
def test_each_only_that_fits_nothing_is_told(place: Workplace, verb: list[str]) -> None:
    ran = place.run(*verb, "--only", "a", "--only", "nope", "--only", "no*")
    assert ran.code == 0, ran.err
    told = [line for line in ran.err.splitlines() if line.startswith("warning: --only")]
    assert told == ["warning: --only nope: no list has such a key", "warning: --only no*: no list has such a key"]


def test_a_key_that_is_only_in_the_state_is_one(place: Workplace) -> None:
    assert place.run("apply", "--yes").code == 0
    place.declare(LISTS[:1])
    ran = place.run("plan", "--only", "b")
    assert ("--only" in ran.err, "forget" in ran.out) == (False, True)


def test_each_key_that_accept_does_not_know_is_told(place: Workplace) -> None:
    ran = place.run("accept", "a", "nope", "no*")
    assert ran.code == 1
    assert "the manifest has no list 'nope', 'no*' in prod" in ran.err

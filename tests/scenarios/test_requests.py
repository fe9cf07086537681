"""How many requests each command sends: the same for three lists as for hundreds, and never one more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox.accounts import ContactList
from tests.program import Workplace, some_lists, workplace

NOTHING = [["validate"], ["plan"], ["state", "list"], ["environments"], ["schema"], ["export", "--csv", "-"]]
ONE = [
    ["plan", "--refresh"],
    ["drift"],
    ["accept"],
    ["import"],
    ["doctor"],
    ["apply", "--yes"],
    ["export", "--csv", "-", "--live"],
]


def declare(place: Workplace, lists: list[ContactList], *, changed: int = 0) -> None:
    """Declare the lists, the descriptions of the first few `changed`."""
    entries = (
        f"  list-{number}: {{id: {known.id}, name: {known.name}, "
        f"description: {'New text' if number < changed else known.texts['description']}}}\n"
        for number, known in enumerate(lists)
    )
    place.manifest("".join(entries), policy="{max_changes: 100%}")


@pytest.fixture(scope="module", params=[3, 300])
def lists(request: pytest.FixtureRequest) -> list[ContactList]:
    """Few lists, and many."""
    return some_lists(request.param)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, lists: list[ContactList]) -> Iterator[Workplace]:
    """All of them recorded in the state."""
    folder: Path = tmp_path_factory.mktemp("place")
    with workplace(folder, lists) as made:
        declare(made, lists)
        assert made.run("apply", "--yes").code == 0
        yield made


def sent(place: Workplace, *arguments: str) -> int:
    """Return how many requests a command sends."""
    place.sandbox.world.log.clear()
    assert place.run(*arguments).code == 0
    return len(place.sandbox.world.log.entries)


@pytest.mark.parametrize("command", NOTHING, ids=" ".join)
def test_what_needs_no_request(place: Workplace, command: list[str]) -> None:
    assert sent(place, *command) == 0


@pytest.mark.parametrize("command", ONE, ids=" ".join)
def test_what_reads_the_account_once(place: Workplace, command: list[str]) -> None:
    assert sent(place, *command) == 1


@pytest.mark.parametrize(("changes", "requests"), [(1, 1 + 2), (2, 2 + 3), (3, 3 + 3)])
def test_an_apply_sends_its_changes_and_three_reads_at_most(
    place: Workplace, lists: list[ContactList], changes: int, requests: int
) -> None:
    declare(place, lists, changed=changes)
    assert sent(place, "apply", "--yes") == requests
    declare(place, lists)
    assert sent(place, "apply", "--yes") == requests

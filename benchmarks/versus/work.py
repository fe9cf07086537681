"""What every tool is given to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.demo import lists

Verb: TypeAlias = Literal["check", "bring"]


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is asked for: `changed` descriptions differ from live; `limit` is the server's, per minute, 0 for none."""

    key: str
    verb: Verb
    changed: int
    limit: int = 0
    runs: int = 1


@dataclass(frozen=True, slots=True)
class Work:
    """The lists as they are live, and as they are wanted, by the same ids in the same order."""

    live: tuple[ContactList, ...]
    wanted: tuple[ContactList, ...]

    @property
    def edited_elsewhere(self) -> ContactList:
        """The first list as somebody else would leave it."""
        return self.live[0].with_texts({"description": "Edited in the console."})


def work(count: int, changed: int) -> Work:
    """Return `count` lists of which `changed`, spread evenly, are wanted with another description."""
    live = lists(count)
    picked = {number * count // changed for number in range(changed)}
    return Work(live, tuple(_edited(known) if at in picked else known for at, known in enumerate(live)))


def scenarios(changed: int, limited: int, runs: int) -> Sequence[Scenario]:
    """Return what is measured: without a limit `runs` times, and within the API's limit once."""
    return (
        Scenario("check", "check", changed=0, runs=runs),
        Scenario("bring", "bring", changed=changed, runs=runs),
        Scenario("limited", "bring", changed=limited, limit=60),
    )


def _edited(known: ContactList) -> ContactList:
    return known.with_texts({"description": f"{known.texts['description']} Reviewed.".strip()})

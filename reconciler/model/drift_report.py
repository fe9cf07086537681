"""What `drift` found: per list and field the three sides, and who moved; lists that are missing, lists not declared.

Who moved, since the last apply:

    live    somebody changed the list elsewhere
    file    the manifest was edited and is not applied yet; the list was not changed elsewhere
    both    each of them, to different texts
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.model.changes import Asked
from reconciler.model.fields import Field
from reconciler.model.lists import Campaign, LastSave, LiveList, Source, Standing, Target

Mover: TypeAlias = Literal["live", "file", "both"]


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """One managed field whose live text is not the desired one; `applied` is None if the state has none."""

    field: Field
    desired: str
    applied: str | None
    live: str
    moved: Mover


@dataclass(frozen=True, slots=True)
class ListDrift:
    """One declared list with such fields, and its live name; `doubtful` if its last PUT was never confirmed.

    `last_save` is None unless it was asked for.
    """

    key: str
    id: str
    fields: tuple[FieldDrift, ...]
    campaigns: tuple[Campaign, ...]
    source: Source
    doubtful: bool = False
    name: str = ""
    last_save: LastSave | None = None

    @property
    def moved(self) -> Mover:
        """Who moved in the list as a whole."""
        movers = {each.moved for each in self.fields}
        return next(iter(movers)) if len(movers) == 1 else "both"

    @property
    def drifted(self) -> bool:
        """Whether live left what was applied: an edit of the manifest alone is no drift."""
        return self.moved != "file"

    @property
    def never_applied(self) -> bool:
        """Whether the state holds none of the texts that differ, so that it is not known who changed them."""
        return self.moved == "file" and all(each.applied is None for each in self.fields)


@dataclass(frozen=True, slots=True)
class Missing:
    """A declared list that the account does not have; `reason` is what the API answered, `name` its last known name."""

    key: str
    id: str
    reason: str
    source: Source
    name: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentDrift:
    """What was found in one environment.

    `lists` holds the drifted ones and those that only the manifest moved; `undeclared` the live lists that no
    environment of the account declares, less those that `policy.ignore_undeclared` leaves to others, which `ignored`
    counts. `unnamed` counts undeclared ones that are not at hand, as in a report read back from a document that only
    counts them. `declared` counts all declared lists. `warnings` concern the environment.
    """

    name: str
    target: Target
    lineage: str
    serial: int
    declared: int
    lists: tuple[ListDrift, ...] = ()
    missing: tuple[Missing, ...] = ()
    undeclared: tuple[LiveList, ...] = ()
    unnamed: int = 0
    ignored: int = 0
    requests: int = 0
    warnings: tuple[str, ...] = ()
    standing: Standing = field(default_factory=Standing, compare=False)

    @property
    def drifted(self) -> tuple[ListDrift, ...]:
        """The lists whose live values left what was applied."""
        return tuple(each for each in self.lists if each.drifted)

    @property
    def pending(self) -> tuple[ListDrift, ...]:
        """The lists that were edited in the manifest only, and await an apply."""
        return tuple(each for each in self.lists if not each.drifted)

    @property
    def in_order(self) -> bool:
        """Whether nothing drifted and nothing is missing; undeclared lists are no drift."""
        return not self.drifted and not self.missing


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What a `drift` run found, environments in the order of the manifest; the head as in a plan."""

    tool: str
    created_at: str
    files: Mapping[str, str]
    environments: tuple[EnvironmentDrift, ...] = field(default_factory=tuple)
    failed: Mapping[str, str] = field(default_factory=dict)
    asked: Asked = field(default_factory=Asked, compare=False)

    @property
    def in_order(self) -> bool:
        """Whether every environment that was asked for is known to be in order."""
        return not self.failed and all(found.in_order for found in self.environments)

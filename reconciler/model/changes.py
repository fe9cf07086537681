"""What a plan says: one change a list, drift apart.

Update    a PUT with `fields`            Check    not in the state: apply reads the list first (offline only)
Adopt     record it, no PUT              Blocked  a guard or a missing list stops it
Forget    drop it from the state
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias, TypedDict, cast

from reconciler.model.fields import Field
from reconciler.model.lists import Standing
from reconciler.model.texts import Texts, only_fields

if TYPE_CHECKING:
    from reconciler.model.lists import Campaign, LastSave, Source, Target

Action: TypeAlias = Literal["update", "adopt", "forget", "check", "blocked"]
Cause: TypeAlias = Literal["new", "edit", "drift", "conflict", "retry", "missing", "removed", "undo"]
Guard: TypeAlias = Literal[
    "wrong_id",
    "conflict",
    "missing",
    "unreadable",
    "protect",
    "rename_in_use",
    "name_taken",
    "rename_cycle",
    "unreviewed",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class Block:
    """Why a change is not made: the guard, its reason with names and numbers, and what lifts it."""

    guard: Guard
    reason: str
    lift: str


class CommonFields(TypedDict):
    """What every change has."""

    key: str
    id: str
    cause: Cause
    before: Texts
    after: Texts
    source: Source | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """`before` holds what is known of the managed fields (live where read, else applied), `after` all of them."""

    key: str
    id: str
    cause: Cause
    before: Texts
    after: Texts
    source: Source | None
    warnings: tuple[str, ...] = ()

    @property
    def common(self) -> CommonFields:
        """What it hands on to the change that takes its place."""
        return cast("CommonFields", {name: getattr(self, name) for name in CommonFields.__annotations__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Update(_Change):
    """A PUT that carries `fields` of `after`, sent once the changes of the keys in `waits_for` are made."""

    action: ClassVar[Action] = "update"
    fields: tuple[Field, ...]
    waits_for: tuple[str, ...] = ()

    @property
    def body(self) -> dict[Field, str]:
        """What the PUT carries."""
        return only_fields(self.after, self.fields)


# Without fields of their own, the next three are dataclasses by what they inherit: making each one costs every start.
class Adopt(_Change):
    """Live is as desired: recorded in the state, nothing is sent."""

    __slots__ = ()

    action: ClassVar[Action] = "adopt"


class Forget(_Change):
    """No longer declared: dropped from the state, the list itself is left alone."""

    __slots__ = ()

    action: ClassVar[Action] = "forget"


class Check(_Change):
    """Not in the state and live was not read: apply reads the list first."""

    __slots__ = ()

    action: ClassVar[Action] = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked(_Change):
    """A change of `fields` that `block` stops."""

    action: ClassVar[Action] = "blocked"
    fields: tuple[Field, ...]
    block: Block


Change: TypeAlias = Update | Adopt | Forget | Check | Blocked


@dataclass(frozen=True, slots=True)
class Drift:
    """Managed `fields` in which live differs from applied, and which this plan leaves alone."""

    key: str
    id: str
    fields: tuple[Field, ...]
    applied: Texts
    live: Texts
    source: Source


@dataclass(frozen=True, slots=True)
class EnvironmentPlan:
    """The plan of one environment; `changes` in the order in which they are made.

    `unchanged` counts the lists without change and without drift. `lineage` and `serial` name the state that was
    compared. `warnings` concern the environment, or a list apart from its change. `requests` and `seconds`
    forecast what applying it takes at the environment's `requests_per_minute`. `campaigns` names, by the id of a
    list that is changed or drifted, the campaigns that use it, where live was read, and `names` what it is called,
    live or else as last applied; no part of what the plan does. Nor are `last_saves`, by the id of a list that was
    changed elsewhere, if they were asked for.
    `over_max_changes`: an apply refuses it unless --allow-mass-change names the number of its updates. `as_declared`
    holds the keys of the lists without change and without drift, `read_alone` the ids of those that *read all* left
    out; both are empty in a saved plan, and so is `standing`.
    """

    name: str
    target: Target
    lineage: str
    serial: int
    changes: tuple[Change, ...]
    drift: tuple[Drift, ...] = ()
    unchanged: int = 0
    warnings: tuple[str, ...] = ()
    requests: int = 0
    seconds: int = 0
    campaigns: Mapping[str, tuple[Campaign, ...]] = field(default_factory=dict, compare=False)
    names: Mapping[str, str] = field(default_factory=dict, compare=False)
    last_saves: Mapping[str, LastSave] = field(default_factory=dict, compare=False)
    over_max_changes: bool = field(default=False, compare=False)
    as_declared: frozenset[str] = field(default=frozenset(), compare=False)
    read_alone: frozenset[str] = field(default=frozenset(), compare=False)
    standing: Standing = field(default_factory=Standing, compare=False)

    @property
    def updates(self) -> tuple[Update, ...]:
        """The changes that send a PUT."""
        return tuple(change for change in self.changes if isinstance(change, Update))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was given beside its environments, as a command that goes on from it must be given, too.

    `file` is the manifest as it was named, `only` holds globs of keys, `out` names the file that the plan was saved in.
    `shard` is the part of the accounts that was meant, such as 2/5, "" if all were.
    """

    file: str = ""
    only: tuple[str, ...] = ()
    revert_drift: bool = False
    out: str = ""
    shard: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do, environments in the order of the manifest.

    `created_at` is RFC 3339 in UTC; `files` maps each manifest file to the SHA-256 of its bytes, in hex. `failed` says
    of other environments that were asked for why they are not here, `refused` why an apply did not carry it out.
    """

    tool: str
    created_at: str
    refreshed: bool
    files: Mapping[str, str]
    environments: tuple[EnvironmentPlan, ...] = field(default_factory=tuple)
    failed: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    asked: Asked = field(default_factory=Asked, compare=False)

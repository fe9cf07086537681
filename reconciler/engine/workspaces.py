"""What the engine works on: environments, the selected part of their lists, and the metadata of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.changes import Asked
from reconciler.model.lists import Desired, Target
from reconciler.model.patterns import matches
from reconciler.protocols import StateStore


@dataclass(frozen=True, slots=True)
class Workspace:
    """One environment: what is desired of it, where its state is kept, and how fast it may be asked."""

    desired: Desired
    store: StateStore
    requests_per_minute: int

    @property
    def name(self) -> str:
        """The environment's name."""
        return self.desired.environment

    @property
    def target(self) -> Target:
        """Whom its requests go to."""
        return self.desired.target

    def ids(self, selection: Selection) -> list[str]:
        """Return the ids of the declared lists in selection."""
        return [wanted.id for wanted in self.desired.lists.values() if selection.covers(wanted.key)]


@dataclass(frozen=True, slots=True)
class PlanMetadata:
    """What a plan says of its making: program version, time (RFC 3339, UTC), manifest files and their SHA-256."""

    tool: str
    created_at: str
    files: Mapping[str, str]
    asked: Asked = field(default_factory=Asked)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which part of the environments, and whether drift is set back: `only` holds patterns of keys, none for all.

    Of `who` lists at most that were changed elsewhere is asked who saved them, in each environment.
    """

    only: tuple[str, ...] = ()
    revert_drift: bool = False
    who: int = 0

    def covers(self, key: str) -> bool:
        """Tell whether a list is in selection."""
        return not self.only or any(matches(pattern, key) for pattern in self.only)

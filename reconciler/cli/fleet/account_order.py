"""What a worker is told of one account: its part of the manifest, read and checked, and what to do.

Credentials are not in it: the worker takes them from its own environment variables, whose prefix is named here.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal, TypeAlias

from pydantic import TypeAdapter

from reconciler import __version__
from reconciler.cli.fleet.tagged_plan import TaggedPlan
from reconciler.engine.workspaces import PlanMetadata, Selection
from reconciler.manifest import Environment
from reconciler.protocols import LockInfo

Work: TypeAlias = Literal["plan", "drift", "prepare", "apply"]
VERSION = f"reconciler {__version__}, Python {'.'.join(platform.python_version_tuple()[:2])}"
"""What must be the same here and on each worker."""


@dataclass(frozen=True, slots=True)
class StatePlace:
    """Where the state of these environments is: as in the manifest, whose path this is; `owners` names it in states.

    `manifest` has no folder if it is not on the worker's machine.
    """

    url: str
    manifest: str
    owners: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ApplyOrder:
    """What only an apply is told: what to follow, who does it, why a freeze is broken, and until when.

    `until` is in seconds since the epoch, and `reserve` are those that the end of a run may take. The command has sent
    `sent` requests to the account already, the last of them `ago` seconds ago: they count for its rate limit.
    """

    holder: LockInfo
    saved: tuple[TaggedPlan, ...] = ()
    break_freeze: str = ""
    until: float | None = None
    reserve: float = 0.0
    sent: int = 0
    ago: float = 0.0


@dataclass(frozen=True, slots=True)
class AccountOrder:
    """What to do about the environments of one account, which come one after the other.

    `declared` holds all ids that the manifest declares in the account. `run` is the same for all orders of a command.
    """

    run: str
    work: Work
    environments: tuple[Environment, ...]
    state: StatePlace
    metadata: PlanMetadata
    selection: Selection
    refresh: bool = True
    declared: frozenset[str] = field(default_factory=frozenset)
    timeout: float | None = None
    apply: ApplyOrder | None = None


def encode_order(order: AccountOrder) -> bytes:
    """Return an order as JSON."""
    return _adapter().dump_json(order)


def decode_order(content: bytes) -> AccountOrder:
    """Return the order that `encode_order` made this of."""
    return _adapter().validate_json(content)


@cache
def _adapter() -> TypeAdapter[AccountOrder]:
    from zoneinfo import ZoneInfo  # noqa: F401 - types that pydantic looks for

    from reconciler.model.lists import Campaign, LastSave, Source, Target  # noqa: F401 - likewise

    return TypeAdapter(AccountOrder)

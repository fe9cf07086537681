"""What `compare` found: two environments side by side, in what they declare, what was last applied, or what is live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from reconciler.model.changes import Asked
from reconciler.model.fields import Field
from reconciler.model.lists import Source

Basis: TypeAlias = Literal["manifest", "state", "live"]


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One managed field that differs; None if an environment does not manage it.

    `overridden_in` names the environments whose override says the text, `not_declared_in` those in which the text is
    not what the manifest declares.
    """

    field: Field
    before: str | None
    after: str | None
    overridden_in: tuple[str, ...] = ()
    not_declared_in: tuple[str, ...] = ()

    @property
    def on_purpose(self) -> bool:
        """Whether the manifest wants them to differ: an override says so, and both are as declared."""
        return bool(self.overridden_in) and not self.not_declared_in


@dataclass(frozen=True, slots=True)
class ListComparison:
    """One list that differs in some `fields`, or that one environment lacks: `only_in` names the other one.

    `reason` says why it is lacking; `fields` then holds its texts. `has_id`: the environment that lacks it declares it.
    `source` is None if neither declares the list.
    """

    key: str
    fields: tuple[FieldComparison, ...]
    source: Source | None
    only_in: str = ""
    reason: str = ""
    has_id: bool = True

    @property
    def on_purpose(self) -> bool:
        """Whether the manifest wants all that differs."""
        return not self.only_in and all(each.on_purpose for each in self.fields)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The environments `before` and `after`, compared on a `basis`; the head as in a plan.

    Lists that are in none of the two are neither in `lists` nor among those that are `alike`.
    """

    tool: str
    created_at: str
    files: Mapping[str, str]
    basis: Basis
    before: str
    after: str
    lists: tuple[ListComparison, ...] = ()
    alike: int = 0
    requests: int = 0
    warnings: tuple[str, ...] = ()
    asked: Asked = field(default_factory=Asked, compare=False)

    @property
    def different(self) -> tuple[ListComparison, ...]:
        """The lists that both have, with a difference that the manifest does not want."""
        return tuple(each for each in self.lists if not each.only_in and not each.on_purpose)

    @property
    def on_purpose(self) -> tuple[ListComparison, ...]:
        """The lists that differ only as the overrides of the manifest say."""
        return tuple(each for each in self.lists if each.on_purpose)

    def only_in(self, environment: str) -> tuple[ListComparison, ...]:
        """Return the lists that only this environment has."""
        return tuple(each for each in self.lists if each.only_in == environment)

    @property
    def in_order(self) -> bool:
        """Whether the two differ only as the overrides of the manifest say."""
        return len(self.on_purpose) == len(self.lists)

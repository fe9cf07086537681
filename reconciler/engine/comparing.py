"""Two environments side by side: what each has of every list, made comparable, and where they differ.

A name counts without the `name_format` of its environment, so that "[dev] VIP" here and "VIP" there are alike.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from reconciler.engine.per_account import all_of, side_by_side
from reconciler.engine.workspaces import PlanMetadata, Selection
from reconciler.execute.snapshot import read_live
from reconciler.model.comparison import Basis, Comparison, FieldComparison, ListComparison
from reconciler.model.differences import Difference, differences
from reconciler.model.fields import FIELDS, NAME
from reconciler.model.lists import Applied, Desired, DoubtfulList, Live
from reconciler.model.texts import Texts, only_fields
from reconciler.planning.blocks import gone
from reconciler.protocols import Reader


@dataclass(frozen=True, slots=True)
class Side:
    """What one environment has: `texts` by key, and why it lacks lists that it declares.

    `unformat_name` returns a name without the environment's `name_format`, None if it does not fit.
    """

    desired: Desired
    unformat_name: Callable[[str], str | None]
    texts: Mapping[str, Texts]
    reasons: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The environment."""
        return self.desired.environment

    def comparable(self, selection: Selection) -> dict[str, dict[str, object]]:
        """Return the selected texts as they compare."""
        return {key: self._comparable(texts) for key, texts in self.texts.items() if selection.covers(key)}

    def _comparable(self, texts: Texts) -> dict[str, object]:
        return {name: (self.unformat_name(text) or text) if name == NAME else text for name, text in texts.items()}

    def is_declared(self, key: str, name: str) -> bool:
        """Tell whether a text is as the manifest declares it, if that says anything of it."""
        wanted = self.desired.lists.get(key)
        return wanted is None or name not in wanted.texts or wanted.texts[name] == self.texts[key].get(name)


def of_manifest(desired: Desired, unformat_name: Callable[[str], str | None]) -> Side:
    """Return what an environment declares."""
    return Side(desired, unformat_name, {key: wanted.texts for key, wanted in desired.lists.items()})


def of_state(desired: Desired, unformat_name: Callable[[str], str | None], applied: Applied) -> Side:
    """Return what was last applied; of a list in doubt, what was known before its last PUT."""
    texts = {key: known.texts for key, known in applied.lists.items()}
    reasons = {
        key: f"declared in {desired.environment}, but never applied" for key in desired.lists if key not in texts
    }
    in_doubt = [key for key, known in applied.lists.items() if isinstance(known, DoubtfulList)]
    warnings = [] if applied.serial else [f"there is no state of {desired.environment} yet"]
    if in_doubt:
        warnings.append(f"in doubt in {desired.environment}, compared as before the last write: {', '.join(in_doubt)}")
    return Side(desired, unformat_name, texts, reasons, tuple(warnings))


def of_live(
    desired: Desired, unformat_name: Callable[[str], str | None], live: Live, managed: Mapping[str, Collection[str]]
) -> Side:
    """Return what the account holds of the declared lists, in the fields that are `managed` in either environment."""
    texts: dict[str, Texts] = {}
    reasons: dict[str, str] = {}
    for key, wanted in desired.lists.items():
        if found := live.lists.get(wanted.id):
            texts[key] = only_fields(found.texts, tuple(managed[key]))
        elif odd := live.odd.get(wanted.id):
            reasons[key] = f"its record in {desired.environment} cannot be read: {odd.reason}"
        else:
            absent = live.absent.get(wanted.id)
            reasons[key] = gone(wanted.id, absent.reason if absent else "")
    return Side(desired, unformat_name, texts, reasons)


def managed_fields(environments: Sequence[Desired]) -> dict[str, set[str]]:
    """Return, by key, the fields that any of the environments manages."""
    managed: dict[str, set[str]] = {}
    for desired in environments:
        for key, wanted in desired.lists.items():
            managed.setdefault(key, set()).update(wanted.texts)
    return managed


def read_accounts(environments: Sequence[Desired], readers: Mapping[str, Reader], selection: Selection) -> list[Live]:
    """Read the account of each environment, one that they share once. Raises what went wrong."""
    first = {desired.target.account: desired for desired in reversed(environments)}

    def read(desired: Desired) -> Live:
        ids = [
            wanted.id
            for other in environments
            if other.target.account == desired.target.account
            for wanted in other.lists.values()
            if selection.covers(wanted.key)
        ]
        return read_live(readers[desired.environment], ids)

    read_from = list(first.values())
    found = side_by_side(read_from, read)
    lives = dict(zip(first, all_of((desired.environment for desired in read_from), found), strict=True))
    return [lives[desired.target.account] for desired in environments]


def compare(
    before: Side, after: Side, basis: Basis, metadata: PlanMetadata, selection: Selection, *, requests: int = 0
) -> Comparison:
    """Return in which of the selected lists the two differ, and how."""
    sides = (before, after)
    documents = [side.comparable(selection) for side in sides]
    by_key = groupby(differences(*documents), key=lambda each: each.path[0])
    lists = tuple(_list(key, list(found), sides) for key, found in by_key)
    both = len(documents[0].keys() & documents[1].keys())
    return Comparison(
        metadata.tool,
        metadata.created_at,
        metadata.files,
        basis,
        before.name,
        after.name,
        lists,
        alike=both - sum(not each.only_in for each in lists),
        requests=requests,
        warnings=(*before.warnings, *after.warnings),
        asked=metadata.asked,
    )


def _list(key: str, found: Sequence[Difference], sides: tuple[Side, Side]) -> ListComparison:
    declared = [wanted for side in sides if (wanted := side.desired.lists.get(key))]
    source = declared[0].source if declared else None
    if len(found[0].path) > 1:
        names = {each.path[1] for each in found}
        return ListComparison(key, tuple(_field(key, name, sides) for name in FIELDS if name in names), source)
    has, lacks = sides if found[0].after is None else sides[::-1]
    return ListComparison(
        key,
        tuple(_texts(key, sides)),
        source,
        only_in=has.name,
        reason=lacks.reasons.get(key, f"it has no id in {lacks.name}"),
        has_id=key in lacks.desired.lists,
    )


def _field(key: str, name: str, sides: tuple[Side, Side]) -> FieldComparison:
    before, after = sides
    wanted = {side.name: side.desired.lists.get(key) for side in sides}
    return FieldComparison(
        name,
        before.texts[key].get(name),
        after.texts[key].get(name),
        tuple(where for where, of in wanted.items() if of and name in of.overridden),
        tuple(side.name for side in sides if not side.is_declared(key, name)),
    )


def _texts(key: str, sides: tuple[Side, Side]) -> Iterator[FieldComparison]:
    before, after = (side.texts.get(key, {}) for side in sides)
    for name in FIELDS:
        if name in before or name in after:
            yield FieldComparison(name, before.get(name), after.get(name))

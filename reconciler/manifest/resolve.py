"""Resolve the lists of a manifest for each environment: ids, overrides and `name_format` applied.

Rules that need more than one value are checked here. Each problem names the place where the value is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from reconciler.manifest.flaws import Flaw, Kind
from reconciler.manifest.messages import MOST_NAMED, first_names, quote
from reconciler.manifest.models import EnvironmentEntry, ListEntry
from reconciler.manifest.own_rules import missing_faults, name_fault
from reconciler.manifest.reading import MappingValue, Place, Reading
from reconciler.manifest.rules import length_fault, text_fault
from reconciler.manifest.targets import target
from reconciler.manifest.values import AS_WRITTEN, format_name, unformat_name
from reconciler.model.fields import FIELDS, MANAGED, NAME
from reconciler.model.invisible import as_seen
from reconciler.model.lists import DesiredList, Policy
from reconciler.model.texts import Texts

Entries = Iterable[tuple[Reading, str, int, ListEntry]]
"""Each list with its file, its key, and the line of the key."""


def resolve(
    entries: Entries, environments: Mapping[str, EnvironmentEntry], policies: Mapping[str, Policy]
) -> dict[str, dict[str, DesiredList]]:
    """Return the lists of each environment by key. Problems are added to the readings.

    An environment that is not in `policies` has no rules of its own.
    """
    accounts: dict[tuple[str, str], dict[str, tuple[str, DesiredList]]] = {}
    sides = {
        name: _Side(name, of.name_format, accounts.setdefault(target(of).account, {}))
        for name, of in environments.items()
    }
    ruled = {name: policy for name, policy in policies.items() if policy.name_pattern or policy.required}
    for reading, key, line, fields in entries:
        entry = _Entry(reading, key, line, fields, fields.texts)
        _check_texts(entry)
        _resolve_entry(entry, sides)
        _check_own_rules(entry, sides, ruled)
    return {name: side.lists for name, side in sides.items()}


@dataclass(slots=True)
class _Side:
    """One environment while lists are added: who has which name, and which id of its account (with the environment)."""

    name: str
    name_format: str
    ids: dict[str, tuple[str, DesiredList]]
    names: dict[str, DesiredList] = field(default_factory=dict)
    lists: dict[str, DesiredList] = field(default_factory=dict)


class _Entry(NamedTuple):
    reading: Reading
    key: str
    line: int
    fields: ListEntry
    texts: Texts

    def blame(self, steps: Place, flaw: Flaw, *, at_key: bool = False) -> None:
        self.reading.blame(("lists", self.key, *steps), flaw, at_key=at_key)


def _resolve_entry(entry: _Entry, sides: Mapping[str, _Side]) -> None:
    ids = entry.fields.id
    if isinstance(ids, dict):
        _check_environments(entry, ids, sides)
        for name, list_id in ids.items():
            if name in sides:
                _add_list(entry, sides[name], list_id, ("id", name))
        return
    if len(sides) > 1:
        each = first_names([f"{name}: cl-…" for name in islice(sides, MOST_NAMED + 1)], len(sides))
        message = (
            f"there are {len(sides)} environments but only one id: write one for each that has the list, {{{each}}}, "
            "or remove the new environment and let `reconciler environments add` write it and change every id"
        )
        entry.blame(("id",), Flaw(Kind.ONE_ID, message))
        return
    for side in sides.values():
        _check_environments(entry, (side.name,), sides)
        _add_list(entry, side, ids, ("id",))


def _check_environments(entry: _Entry, ids: Collection[str], sides: Mapping[str, _Side]) -> None:
    """Check that `id`, `overrides` and `previously` name environments that exist and in which the list has an id."""
    previously = entry.fields.previously
    named: dict[str, Iterable[str]] = {
        "id": ids,
        "overrides": entry.fields.overrides,
        "previously": previously if isinstance(previously, dict) else (),
    }
    for field_name, environments in named.items():
        for name in environments:
            place = (field_name, name)
            if name not in sides:
                known = first_names(list(islice(sides, MOST_NAMED + 1)), len(sides))
                message = f"the manifest has no environment {quote(name)}: it has {known}"
                entry.blame(place, Flaw(Kind.NO_SUCH_ENVIRONMENT, message), at_key=True)
            elif name not in ids:
                message = f"the list has no id in {quote(name)}: add one there, or remove this"
                entry.blame(place, Flaw(Kind.NO_ID_THERE, message), at_key=True)


def _add_list(entry: _Entry, side: _Side, list_id: str, id_place: Place) -> None:
    """Add the list to an environment; check that its id and its name are not taken there."""
    fields = entry.fields
    override = fields.overrides[side.name].texts if side.name in fields.overrides else {}
    texts = entry.texts  # one value for all environments in which nothing else is said: there may be a thousand
    if override or side.name_format != AS_WRITTEN:
        own = {**texts, NAME: format_name(side.name_format, texts[NAME])} if NAME in texts else texts
        texts = {name: text for name in FIELDS if (text := override.get(name, own.get(name))) is not None}
    if not texts:
        where = f" in {side.name}" if id_place[1:] else ""
        nothing = f"has no {' or '.join(FIELDS)}{where}, so there is nothing to manage: add one"
        entry.blame((), Flaw(Kind.NOTHING_MANAGED, nothing), at_key=True)
    previously = fields.previously
    wanted = DesiredList(
        key=entry.key,
        id=list_id,
        texts=texts,
        file=entry.reading.source.file,
        line=entry.line,
        previously=previously.get(side.name) if isinstance(previously, dict) else previously,
        protect=fields.protect,
        overridden=tuple(override),
    )
    if NAME in texts:
        _check_name(entry, side, wanted, overridden=NAME in override)
    if holder := side.ids.get(list_id):
        message = f"{list_id} is also the id of {holder[1].key} in {holder[0]} ({_source(holder[1])})"
        entry.blame(id_place, Flaw(Kind.ID_TWICE, f"{message}: an id belongs to one list, correct one of them"))
    else:
        side.ids[list_id] = (side.name, wanted)
    side.lists[entry.key] = wanted


def _check_name(entry: _Entry, side: _Side, wanted: DesiredList, *, overridden: bool) -> None:
    """Check what depends on the environment: the length of the name after `name_format`, and that names differ."""
    name, own = wanted.texts[NAME], entry.texts.get(NAME, "")
    place: Place = ("overrides", side.name, NAME) if overridden else (NAME,)
    row = MANAGED[NAME]
    if name != own and not overridden and not length_fault(row, own) and (fault := length_fault(row, name)):
        entry.blame(place, Flaw(fault.kind, f"{fault} (with the name_format of {side.name})"))
    holder = side.names.setdefault(as_seen(name) or name, wanted)
    if holder is not wanted:
        known = f"{holder.key} ({_source(holder)})"
        alike = holder.texts[NAME].casefold() == name.casefold()
        ignoring = "case" if alike else "what cannot be seen (Unicode normalisation, invisible characters)"
        message = f"{quote(name)} is also the name of {known} in {side.name}, ignoring {ignoring}: names must differ"
        entry.blame(place, Flaw(Kind.EQUAL_NAMES, message))


def _check_own_rules(entry: _Entry, sides: Mapping[str, _Side], policies: Mapping[str, Policy]) -> None:
    """Check what the policies ask of a list; what several environments ask alike is one problem."""
    found: dict[tuple[Place, Flaw], list[str]] = {}
    for name, policy in policies.items():
        if wanted := sides[name].lists.get(entry.key):
            for place, fault in _rule_faults(entry, sides[name], policy, wanted):
                found.setdefault((place, fault), []).append(name)
    for (place, fault), names in found.items():
        where = f" (in {first_names(names, len(names))})" if len(sides) > 1 else ""
        entry.blame(place, Flaw(fault.kind, f"{fault}{where}"), at_key=not place)


def _rule_faults(entry: _Entry, side: _Side, policy: Policy, wanted: DesiredList) -> Iterator[tuple[Place, Flaw]]:
    name = wanted.texts.get(NAME)
    if name and (fault := name_fault(policy, side.name_format, name)):
        override = entry.fields.overrides.get(side.name)
        place = ("overrides", side.name, NAME) if override and NAME in override.texts else (NAME,)
        yield place, Flaw(fault.kind, f"{quote(unformat_name(side.name_format, name) or name)} {fault}")
    written = entry.reading.lists[entry.key]
    own = written.own_keys if isinstance(written, MappingValue) else ()
    yield from (((), fault) for fault in missing_faults(policy, {*wanted.texts, *own}))


def _source(wanted: DesiredList) -> str:
    return f"{wanted.file}:{wanted.line}"


def _check_texts(entry: _Entry) -> None:
    """Check each text as it is written: the list's own, and those of its overrides."""
    fields = entry.fields
    _check_each(entry, (), entry.texts)
    for name, override in fields.overrides.items():
        _check_each(entry, ("overrides", name), override.texts)
    previously = fields.previously
    each = previously.items() if isinstance(previously, dict) else [("", previously)]
    for name, text in each:
        if not text:
            place = ("previously", name) if name else ("previously",)
            message = "is empty, and no list has that name: write the live name, or leave the key out"
            entry.blame(place, Flaw(Kind.EMPTY_TEXT, message))


def _check_each(entry: _Entry, place: Place, texts: Texts) -> None:
    for name, text in texts.items():
        if fault := text_fault(name, text):
            entry.blame((*place, name), fault)

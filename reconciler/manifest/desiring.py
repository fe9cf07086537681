"""From entries to what is desired of each environment, with the rules that need more than one value.

An entry is taken once its types are right. What is wrong with it then is blamed on the place where it is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.manifest.reading import Place, Reading
from reconciler.manifest.rules import description_fault, length_fault, name_fault
from reconciler.manifest.settings import Settings
from reconciler.manifest.shape import ListEntry, Override
from reconciler.manifest.values import AS_WRITTEN
from reconciler.manifest.wording import quoted
from reconciler.model.lists import DesiredList, Source
from reconciler.model.texts import Field

Entries = Iterable[tuple[Reading, str, int, ListEntry]]
"""Each list with the file it stands in, its key, and the line of that."""


def desire(entries: Entries, environments: Mapping[str, Settings]) -> dict[str, dict[str, DesiredList]]:
    """Return the lists of each environment, by key; what is wrong becomes problems of the readings."""
    accounts: dict[tuple[str, str], dict[str, str]] = {}
    sides = {
        name: _Side(name, of.name_format, accounts.setdefault(of.target.account, {}))
        for name, of in environments.items()
    }
    for reading, key, line, entry in entries:
        _desire(_Entry(reading, key, entry), Source(reading.source.file, line), sides)
    return {name: side.lists for name, side in sides.items()}


@dataclass(slots=True)
class _Side:
    """One environment while its lists come in: who has which id of its account, and which name (case folded)."""

    name: str
    name_format: str
    ids: dict[str, str]
    names: dict[str, str] = field(default_factory=dict)
    lists: dict[str, DesiredList] = field(default_factory=dict)

    def formatted(self, name: str) -> str:
        """Return a name as this environment writes it."""
        return name if self.name_format == AS_WRITTEN else self.name_format.replace(AS_WRITTEN, name)


@dataclass(frozen=True, slots=True)
class _Entry:
    reading: Reading
    key: str
    fields: ListEntry

    def blame(self, steps: Place, message: str, *, at_key: bool = False) -> None:
        self.reading.blame(("lists", self.key, *steps), message, at_key=at_key)


def _desire(entry: _Entry, source: Source, sides: Mapping[str, _Side]) -> None:
    fields = entry.fields
    _check_texts(entry)
    ids, one_each = fields["id"], isinstance(fields["id"], dict)
    if not isinstance(ids, dict):
        if len(sides) > 1:
            each = ", ".join(f"{name}: cl-…" for name in sides)
            entry.blame(("id",), f"one id, but {len(sides)} environments: ids differ between them, write {{{each}}}")
            return
        ids = dict.fromkeys(sides, ids)
    _check_environments(entry, ids, sides)
    for name, list_id in ids.items():
        if side := sides.get(name):
            _place(entry, source, side, list_id, ("id", name) if one_each else ("id",))


def _check_environments(entry: _Entry, ids: Mapping[str, str], sides: Mapping[str, _Side]) -> None:
    """What is said per environment must be said of one that there is, and that the list is in."""
    fields = entry.fields
    previously = fields.get("previously", "")
    named: dict[str, Iterable[str]] = {
        "id": ids,
        "overrides": fields.get("overrides", {}),
        "previously": previously if isinstance(previously, dict) else (),
    }
    for field_name, environments in named.items():
        for name in environments:
            place = (field_name, name)
            if name not in sides:
                known = ", ".join(sides)
                entry.blame(place, f"the manifest has no environment {quoted(name)}: it has {known}", at_key=True)
            elif name not in ids:
                entry.blame(place, f"the list has no id in {quoted(name)}: add one there, or remove this", at_key=True)


def _place(entry: _Entry, source: Source, side: _Side, list_id: str, id_place: Place) -> None:
    """Put the list into its environment, after looking whether its id or its name is taken there."""
    fields = entry.fields
    override = fields.get("overrides", {}).get(side.name, {})
    texts: dict[Field, str] = {}
    if "name" in override or "name" in fields:
        texts["name"] = override["name"] if "name" in override else side.formatted(fields["name"])
        _check_name(entry, side, texts["name"], overridden="name" in override, source=source)
    if "description" in override or "description" in fields:
        texts["description"] = override["description"] if "description" in override else fields["description"]
    if not texts:
        where = f" in {side.name}" if id_place[1:] else ""
        entry.blame((), f"has neither name nor description{where}, so there is nothing to manage: add one", at_key=True)
    me = f"{entry.key} in {side.name} ({source.file}:{source.line})"
    holder = side.ids.setdefault(list_id, me)
    if holder is not me:
        entry.blame(id_place, f"{list_id} is the id of {holder} too: an id belongs to one list, correct one of them")
    previously = fields.get("previously")
    side.lists[entry.key] = DesiredList(
        key=entry.key,
        id=list_id,
        texts=texts,
        source=source,
        previously=previously.get(side.name) if isinstance(previously, dict) else previously,
        protect=fields.get("protect", False),
    )


def _check_name(entry: _Entry, side: _Side, name: str, *, overridden: bool, source: Source) -> None:
    """Check what only holds within an environment: the length after `name_format`, and that names differ."""
    place: Place = ("overrides", side.name, "name") if overridden else ("name",)
    own = entry.fields.get("name", "")
    if not overridden and not length_fault("name", own) and (fault := length_fault("name", name)):
        entry.blame(place, f"{fault} (as {side.name} writes it, by its name_format)")
    me = f"{entry.key} ({source.file}:{source.line})"
    holder = side.names.setdefault(name.casefold(), me)
    if holder is not me:
        message = f"{quoted(name)} is the name of {holder} too, ignoring case, in {side.name}: names must differ"
        entry.blame(place, message)


def _check_texts(entry: _Entry) -> None:
    """Check each text as it is written: the list's own, and those of its overrides."""
    fields = entry.fields
    written: list[tuple[Place, ListEntry | Override]] = [((), fields)]
    written += [(("overrides", name), override) for name, override in fields.get("overrides", {}).items()]
    for place, texts in written:
        if "name" in texts and (fault := name_fault(texts["name"])):
            entry.blame((*place, "name"), fault)
        if "description" in texts and (fault := description_fault(texts["description"])):
            entry.blame((*place, "description"), fault)
    previously = fields.get("previously", {})
    each = previously.items() if isinstance(previously, dict) else [("", previously)]
    for name, text in each:
        if not text:
            place = ("previously", name) if name else ("previously",)
            entry.blame(place, "is empty, and no list has that name: write the live name, or leave the key out")

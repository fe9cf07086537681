"""Live lists that nobody declares, made into lists of the manifest: one key a name, one id an environment.

A name is brought in as the manifest would write it, without the `name_format` of its environment; where it does not fit
that, as an override. What the manifest's rules refuse is left as a comment that says why, and is changed by nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.manifest.drafting import Declared, Draft, declared
from reconciler.manifest.naming import key_from
from reconciler.manifest.quoting import double_quoted
from reconciler.manifest.rewriting import NewList, Revision
from reconciler.manifest.rules import description_fault, name_fault
from reconciler.manifest.values import Environment
from reconciler.model.lists import LiveList
from reconciler.model.texts import Field, Texts, narrowed


@dataclass(frozen=True, slots=True)
class Brought:
    """One live list that is declared from now on: as `texts` say, and live as `live` does.

    `new` where its key is, too.
    """

    environment: str
    key: str
    id: str
    texts: Texts
    live: Texts
    new: bool


@dataclass(slots=True)
class Imports:
    """What an import comes to: the lists that are declared now, and those left as comments, in words."""

    brought: list[Brought] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def take_in(draft: Draft, undeclared: Mapping[str, Sequence[LiveList]], into: str) -> tuple[Imports, Declared]:
    """Declare `undeclared` lists, by environment, in `draft`; return what that is, and what is declared then.

    A list that was left as a comment before is passed over.
    """
    imports = Imports()
    groups: dict[str, dict[str, LiveList]] = {}
    for environment, found in _acceptable(draft, undeclared, imports):
        groups.setdefault(_base(environment, found), {})[environment.desired.environment] = found
    known = draft.own_names()
    after = {name: dict(lists) for name, lists in declared(draft.manifest).items()}
    new: list[NewList] = []
    taken = set(draft.keys())
    for base, lists in groups.items():
        key = known.get(base)
        joined = {} if key is None else _joined(draft, key, base, lists)
        if joined and key is not None:
            _join(draft, key, joined)
            imports.brought += [_brought(name, key, each, draft.own(key), new=False) for name, each in joined.items()]
        if rest := {name: each for name, each in lists.items() if name not in joined}:
            key = key_from(base, next(iter(rest.values())).id, taken)
            taken.add(key)
            new.append(_new_list(draft, key, base, rest))
            imports.brought += [_brought(name, key, each, _managed(new[-1]), new=True) for name, each in rest.items()]
    for each in imports.brought:
        after[each.environment][each.key] = (each.id, each.texts)
    draft.add(new, imports.refused, into)
    return imports, after


def _acceptable(
    draft: Draft, undeclared: Mapping[str, Sequence[LiveList]], imports: Imports
) -> Iterator[tuple[Environment, LiveList]]:
    """Yield the lists that the rules allow; the others are noted, once."""
    for name, lists in undeclared.items():
        environment = draft.manifest.environments[name]
        names = {
            wanted.texts["name"].casefold() for wanted in environment.desired.lists.values() if "name" in wanted.texts
        }
        for found in lists:
            text = found.texts["name"]
            fault = name_fault(text)
            if not fault and text.casefold() in names:
                fault = "another list of this environment has that name, ignoring case: names must differ"
            if not fault:
                names.add(text.casefold())
                yield environment, found
            elif not draft.mentions(found.id):
                imports.refused.append(f"not imported from {name}: {found.id}, {double_quoted(text)}: its name {fault}")


def _base(environment: Environment, found: LiveList) -> str:
    """Return the name as the manifest would write it; one that does not fit the `name_format` stays as it is."""
    base = environment.unwritten(found.texts["name"])
    return base if base and not name_fault(base) else found.texts["name"]


def _joined(draft: Draft, key: str, base: str, lists: Mapping[str, LiveList]) -> dict[str, LiveList]:
    """Return those lists that only lack an id under a key that is there."""
    return {
        name: found
        for name, found in lists.items()
        if key not in draft.manifest.environments[name].desired.lists
        and draft.manifest.environments[name].written(base) == found.texts["name"]
        and len(draft.manifest.environments) > 1
    }


def _join(draft: Draft, key: str, joined: Mapping[str, LiveList]) -> None:
    own = draft.own(key).get("description")
    overrides: dict[str, Texts] = {
        name: {"description": found.texts["description"]}
        for name, found in joined.items()
        if own not in (None, found.texts["description"]) and not _refused(found)
    }
    draft.revise(key, Revision(overrides=overrides, ids={name: found.id for name, found in joined.items()}))


def _new_list(draft: Draft, key: str, base: str, lists: Mapping[str, LiveList]) -> NewList:
    environments = draft.manifest.environments
    fits = {name for name, found in lists.items() if environments[name].written(base) == found.texts["name"]}
    overrides: dict[str, dict[Field, str]] = {
        name: {"name": found.texts["name"]} for name, found in lists.items() if name not in fits
    }
    texts: dict[Field, str] = {"name": base} if fits else {}
    faults = {name: description_fault(found.texts["description"]) for name, found in lists.items()}
    notes = tuple(f"description of {name} not imported: it {fault}" for name, fault in faults.items() if fault)
    if not notes:
        texts["description"] = next(iter(lists.values())).texts["description"]
        for name, found in lists.items():
            if found.texts["description"] != texts["description"]:
                overrides.setdefault(name, {})["description"] = found.texts["description"]
    ids = {name: found.id for name, found in lists.items()}
    return NewList(key, ids if len(environments) > 1 else next(iter(ids.values())), texts, overrides, notes)


def _managed(new: NewList) -> Texts:
    """Return texts for the fields that a new list manages."""
    return {"name": ""} if new.notes else {"name": "", "description": ""}


def _brought(environment: str, key: str, found: LiveList, own: Texts, *, new: bool) -> Brought:
    """Say what is declared of a list: its live texts, of the fields that are managed, where the rules allow them."""
    live = narrowed(found.texts, own)
    texts: dict[Field, str] = dict(live)
    if "description" in live and _refused(found):
        texts["description"] = own["description"]
    return Brought(environment, key, found.id, texts, live, new)


def _refused(found: LiveList) -> bool:
    return description_fault(found.texts["description"]) is not None

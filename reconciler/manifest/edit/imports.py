"""Import live lists that are not declared: lists of one name get one key, with an id for each environment.

A name is written without the `name_format` of its environment, or as an override if it does not fit that. A list that
the manifest's rules refuse becomes a comment that says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import EditError
from reconciler.manifest.edit.draft import Declared, Draft, declarations
from reconciler.manifest.edit.keys import key_from
from reconciler.manifest.edit.list_text import NewList, Revision
from reconciler.manifest.edit.quoting import double_quoted
from reconciler.manifest.own_rules import name_fault
from reconciler.manifest.rules import text_fault
from reconciler.manifest.values import Environment
from reconciler.model.fields import MANAGED, NAME, TABLE, Field
from reconciler.model.identifiers import is_list_id
from reconciler.model.invisible import as_seen
from reconciler.model.lists import LiveList
from reconciler.model.texts import Texts

_NOTHING: Texts = {}


@dataclass(frozen=True, slots=True)
class ImportedList:
    """A live list that is declared from now on with its live texts; `new` if its key is new."""

    environment: str
    key: str
    id: str
    texts: Texts
    new: bool


@dataclass(slots=True)
class Imports:
    """The result of an import: lists that are now declared, and in words those left as comments, and remarks."""

    imported: list[ImportedList] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """The live lists, by environment, that become one list of the manifest, which is named `base`."""

    base: str
    lists: dict[str, LiveList]


def import_lists(
    draft: Draft, undeclared: Mapping[str, Sequence[LiveList]], into: str, own: Texts = _NOTHING
) -> tuple[Imports, Declared]:
    """Declare `undeclared` lists, by environment, in `draft`; return the imports, and all that is then declared.

    A new key gets the `own` keys of the user (`x-`). A list that an earlier import left as a comment is skipped.
    Raises EditError if a policy requires more keys of the user's own for a new list.
    """
    imports = Imports()
    known = draft.own_names() if len(draft.manifest.environments) > 1 else {}
    new: list[NewList] = []
    taken = set(draft.keys())
    for group in _groups(draft, _acceptable(draft, undeclared, imports)):
        key = known.get(group.base)
        if key is not None:
            _join(draft, key, group, imports)
        if group.lists:
            key = key_from(group.base, next(iter(group.lists.values())).id, taken)
            taken.add(key)
            _check_own_keys(draft, group, own)
            new.append(_new_list(draft, key, group, own))
            managed = {NAME, *new[-1].texts}
            imports.imported += [
                _imported_list(name, key, found, managed, new=True) for name, found in group.lists.items()
            ]
            imports.remarks += [f"{key}: {note}" for note in new[-1].notes]
    after = {name: dict(lists) for name, lists in declarations(draft.manifest).items()}
    for each in imports.imported:
        after[each.environment][each.key] = (each.id, each.texts)
    draft.add(new, imports.refused, into)
    draft.remove_notes({each.id for each in imports.imported})
    return imports, after


def _check_own_keys(draft: Draft, group: _Group, own: Texts) -> None:
    policies = (draft.manifest.environments[name].desired.policy for name in group.lists)
    required = dict.fromkeys(name for policy in policies for name in policy.required if name not in MANAGED)
    if missing := [name for name in required if not own.get(name)]:
        given = " ".join(f"--own {name}=TEXT" for name in missing)
        raise EditError(
            f"policy.required asks for {', '.join(missing)} in new lists, which the account does not know. "
            f"Nothing was written: give it for all of them ({given}), and change it where it differs"
        )


def _acceptable(
    draft: Draft, undeclared: Mapping[str, Sequence[LiveList]], imports: Imports
) -> Iterator[tuple[Environment, LiveList]]:
    """Yield the lists that the rules allow; note the others, once."""
    for name, lists in undeclared.items():
        environment = draft.manifest.environments[name]
        texts = [wanted.texts for wanted in environment.desired.lists.values()]
        names = {as_seen(each[NAME]): each[NAME] for each in texts if NAME in each}
        for found in lists:
            fault = _fault(found, names, environment)
            if fault is None:
                names[as_seen(found.texts[NAME])] = found.texts[NAME]
                yield environment, found
            else:
                _refuse(draft, imports, name, found, fault)


def _fault(found: LiveList, names: Mapping[str, str], environment: Environment) -> str | None:
    if not is_list_id(found.id):
        return "a manifest cannot hold such an id"
    if other := names.get(as_seen(found.texts[NAME])):
        same = f"another list of this environment is called {double_quoted(other)}, which counts as the same name"
        return f"{same}: rename one of them, then import again"
    policy = environment.desired.policy
    required = (NAME, *(row.name for row in TABLE if row.name in policy.required))
    faults = (_named_fault(field, found.texts[field]) for field in required)
    if fault := next(filter(None, faults), None):
        return fault
    refused = name_fault(policy, environment.name_format, found.texts[NAME])
    return f"its {MANAGED[NAME].label} {refused}" if refused else None


def _named_fault(field: Field, text: str) -> str | None:
    fault = text_fault(field, text)
    return f"its {MANAGED[field].label} {fault}" if fault else None


def _refuse(draft: Draft, imports: Imports, environment: str, found: LiveList, why: str) -> None:
    shown = found.id if is_list_id(found.id) else double_quoted(found.id)
    if not draft.mentions(shown):
        imports.refused.append(f"not imported from {environment}: {shown}, {double_quoted(found.texts[NAME])}: {why}")


def _groups(draft: Draft, found: Iterator[tuple[Environment, LiveList]]) -> Iterable[_Group]:
    """Group lists by name, one for each environment; names that fit the `name_format` come first."""
    groups: dict[tuple[str, str], _Group] = {}
    fitting = sorted(found, key=lambda each: _base(*each) is None)
    for environment, live in fitting:
        name = environment.name
        base = _base(environment, live) or live.texts[NAME]
        group = groups.setdefault((base, ""), _Group(base, {}))
        if name in group.lists:
            group = groups.setdefault((base, live.id), _Group(base, {}))
        group.lists[name] = live
    order = list(draft.manifest.environments)
    for group in groups.values():
        group.lists = dict(sorted(group.lists.items(), key=lambda each: order.index(each[0])))
    return groups.values()


def _base(environment: Environment, found: LiveList) -> str | None:
    """Return the name as the manifest would write it; None for one that does not fit the `name_format`."""
    base = environment.unformat_name(found.texts[NAME])
    return base if base and not text_fault(NAME, base) else None


def _join(draft: Draft, key: str, group: _Group, imports: Imports) -> None:
    """Add the ids of a group to a declared list that has none there, and remove those lists from the group.

    A list is refused if one of its texts would have to be an override and the rules refuse it.
    """
    own = draft.own_texts(key)
    ids: dict[str, str] = {}
    overrides: dict[str, Texts] = {}
    for name, found in tuple(group.lists.items()):
        environment = draft.manifest.environments[name]
        if key in environment.desired.lists or environment.format_name(group.base) != found.texts[NAME]:
            continue
        del group.lists[name]
        differing = {
            field: text for field, text in found.texts.items() if field != NAME and own.get(field, text) != text
        }
        if fault := next(filter(None, (_named_fault(field, text) for field, text in differing.items())), None):
            _refuse(draft, imports, name, found, fault)
            continue
        if differing:
            overrides[name] = differing
        ids[name] = found.id
        imports.imported.append(_imported_list(name, key, found, set(own), new=False))
    if ids:
        draft.revise(key, Revision(overrides=overrides, ids=ids))


def _new_list(draft: Draft, key: str, group: _Group, own: Texts) -> NewList:
    environments, base, lists = draft.manifest.environments, group.base, group.lists
    fits = {name for name, found in lists.items() if environments[name].format_name(base) == found.texts[NAME]}
    overrides: dict[str, dict[Field, str]] = {
        name: {NAME: found.texts[NAME]} for name, found in lists.items() if name not in fits
    }
    texts: dict[Field, str] = {NAME: base} if fits else {}
    notes: list[str] = []
    for row in (row for row in TABLE if row.name != NAME):
        live = {name: found.texts[row.name] for name, found in lists.items()}
        faults = {name: fault for name, text in live.items() if (fault := text_fault(row.name, text))}
        notes += [f"{row.label} of {name} not imported: it {fault}" for name, fault in faults.items()]
        if not faults:
            texts[row.name] = next(iter(live.values()))
            for name, text in live.items():
                if text != texts[row.name]:
                    overrides.setdefault(name, {})[row.name] = text
    ids = {name: found.id for name, found in lists.items()}
    return NewList(key, ids if len(environments) > 1 else next(iter(ids.values())), texts, overrides, own, tuple(notes))


def _imported_list(environment: str, key: str, found: LiveList, managed: Collection[str], *, new: bool) -> ImportedList:
    """Return what is declared of a list: the live texts of its managed fields."""
    texts: Texts = {field: text for field, text in found.texts.items() if field in managed}
    return ImportedList(environment, key, found.id, texts, new)

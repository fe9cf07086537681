"""Accept drift: write the live texts of lists into the manifest.

an override of that field is there          it is rewritten
the list's own text is this environment's   it is rewritten, less the `name_format`
other environments share it                 rewritten if all of them accept the same, else this one gets an override
the live name does not fit `name_format`    this environment gets an override
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from reconciler.manifest.edit.draft import Declared, Draft, declarations
from reconciler.manifest.edit.list_text import Revision
from reconciler.manifest.flaws import Flaw
from reconciler.manifest.own_rules import name_fault
from reconciler.manifest.rules import text_fault
from reconciler.model.fields import NAME, Field
from reconciler.model.invisible import as_seen


@dataclass(frozen=True, slots=True)
class Wanted:
    """One field of one list that is to be declared with its live text."""

    environment: str
    key: str
    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Refused:
    """A wanted text that the manifest's rules do not allow, and why."""

    wanted: Wanted
    why: str


def accept_texts(draft: Draft, wanted: Sequence[Wanted]) -> tuple[list[Wanted], list[Refused], Declared]:
    """Declare `wanted` in `draft`. Return what was accepted, what the rules refuse, and all that is then declared."""
    refused = list(_find_refused(draft, wanted))
    why = {each.wanted for each in refused}
    accepted = [each for each in wanted if each not in why]
    for key, of_list in _by_key(accepted).items():
        draft.revise(key, _revision(draft, key, of_list))
    after = {name: dict(lists) for name, lists in declarations(draft.manifest).items()}
    for each in accepted:
        list_id, texts = after[each.environment][each.key]
        after[each.environment][each.key] = (list_id, {**texts, each.field: each.text})
    return accepted, refused, after


def find_overrides(draft: Draft, accepted: Sequence[Wanted]) -> set[Wanted]:
    """Return what stands in an override, so that other environments keep the list's own text."""
    revisions = {key: _revision(draft, key, of_list) for key, of_list in _by_key(accepted).items()}
    return {each for each in accepted if each.field in revisions[each.key].overrides.get(each.environment, {})}


def _by_key(wanted: Sequence[Wanted]) -> dict[str, list[Wanted]]:
    by_key: dict[str, list[Wanted]] = {}
    for each in wanted:
        by_key.setdefault(each.key, []).append(each)
    return by_key


def _find_refused(draft: Draft, wanted: Sequence[Wanted]) -> Iterator[Refused]:
    """Yield texts that break a rule; then names that two lists would have, until no name is left that is taken."""
    left = []
    for each in wanted:
        if fault := text_fault(each.field, each.text) or _name_fault(draft, each):
            yield Refused(each, str(fault))
        else:
            left.append(each)
    while taken := _find_taken(draft, left):
        left = [each for each in left if each not in taken]
        yield from (
            Refused(each, "is also the name of another list in this environment, ignoring case") for each in taken
        )


def _name_fault(draft: Draft, wanted: Wanted) -> Flaw | None:
    if wanted.field != NAME:
        return None
    environment = draft.manifest.environments[wanted.environment]
    return name_fault(environment.desired.policy, environment.name_format, wanted.text)


def _find_taken(draft: Draft, wanted: Sequence[Wanted]) -> list[Wanted]:
    """Return the names that another list of the environment would have, too, once all of `wanted` is declared."""
    renamed = {(each.environment, each.key): each.text for each in wanted if each.field == NAME}
    holders = Counter(
        (environment, as_seen(name))
        for environment, of in draft.manifest.environments.items()
        for key, listed in of.desired.lists.items()
        if (name := renamed.get((environment, key), listed.texts.get(NAME)))
    )
    return [each for each in wanted if each.field == NAME and holders[each.environment, as_seen(each.text)] > 1]


def _revision(draft: Draft, key: str, wanted: Sequence[Wanted]) -> Revision:
    texts: dict[Field, str] = {}
    overrides: dict[str, dict[Field, str]] = {}
    own = {(each.environment, each.field): _own(draft, each) for each in wanted}
    for each in wanted:
        new = own[each.environment, each.field]
        if new is not None and all(own.get((name, each.field)) == new for name in _sharers(draft, key, each.field)):
            texts[each.field] = new
        else:
            overrides.setdefault(each.environment, {})[each.field] = each.text
    return Revision(texts, overrides)


def _own(draft: Draft, wanted: Wanted) -> str | None:
    """Return the text for the list itself; None if it has to be an override."""
    if wanted.field in draft.override_texts(wanted.key, wanted.environment):
        return None
    if wanted.field != NAME:
        return wanted.text
    own = draft.manifest.environments[wanted.environment].unformat_name(wanted.text)
    return own if own is not None and not text_fault(NAME, own) else None


def _sharers(draft: Draft, key: str, field: Field) -> Iterator[str]:
    """Yield the environments that take the field from the list itself."""
    for name, environment in draft.manifest.environments.items():
        if key in environment.desired.lists and field not in draft.override_texts(key, name):
            yield name

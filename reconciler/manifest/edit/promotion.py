"""Promote lists from one environment to another: find keys without an id there, and their ids by the live name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from reconciler.manifest.edit.draft import Declared, Draft, declarations
from reconciler.manifest.edit.list_text import Revision
from reconciler.manifest.edit.quoting import double_quoted
from reconciler.manifest.own_rules import missing_faults, name_fault
from reconciler.manifest.rules import text_fault
from reconciler.manifest.values import Environment
from reconciler.model.fields import NAME
from reconciler.model.invisible import as_seen
from reconciler.model.lists import LiveList, Source
from reconciler.model.texts import Texts


@dataclass(frozen=True, slots=True)
class Candidate:
    """A list without an id in the environment to promote to.

    `texts` are the texts it would have there; `fault` says why it cannot be promoted.
    """

    key: str
    texts: Texts
    source: Source
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The live list that was found for a candidate, or `why` there is none."""

    candidate: Candidate
    live: LiveList | None = None
    why: str = ""


def candidates(draft: Draft, before: str, after: str) -> Iterator[Candidate]:
    """Yield the lists that have an id in the environment `before` and none in `after`."""
    environments = draft.manifest.environments
    there = environments[after].desired
    account = there.target.account
    of_account = {name: each for name, each in environments.items() if each.target.account == account}
    for key, wanted in environments[before].desired.lists.items():
        if key not in there.lists:
            own = dict(draft.own_texts(key))
            if NAME in own:
                own[NAME] = environments[after].format_name(own[NAME])
            fault = _fault(own, after, of_account) or _own_rule_fault(environments[after], own, draft.own_keys(key))
            yield Candidate(key, own, wanted.source, fault)


def _fault(texts: Texts, after: str, of_account: Mapping[str, Environment]) -> str | None:
    if NAME not in texts:
        return "it has no name outside its overrides: nothing to look for"
    if fault := text_fault(NAME, texts[NAME]):
        return f"its name there {fault}"
    name = as_seen(texts[NAME])
    for at, environment in of_account.items():
        declared = environment.desired.lists.values()
        holder = next((each.key for each in declared if as_seen(each.texts.get(NAME, "")) == name), None)
        if holder and at == after:
            return f"{holder} has that name there, ignoring case"
        if holder:
            return (
                f"{at}, which is the same account as {after}, declares the list of that name, as {holder}: if that is "
                f"not meant, correct the account_id of {after}"
            )
    return None


def _own_rule_fault(environment: Environment, texts: Texts, own_keys: set[str]) -> str | None:
    policy = environment.desired.policy
    if fault := name_fault(policy, environment.name_format, texts[NAME]):
        return f"its name there {fault}"
    missing = next(missing_faults(policy, {*texts, *own_keys}), None)
    return f"it {missing}" if missing else None


def matches(wanted: Iterable[Candidate], live: Iterable[LiveList]) -> Iterator[Match]:
    """Yield a match for each candidate: its name is looked up among the `live` lists that are not declared."""
    by_name: dict[str, list[LiveList]] = {}
    for found in live:
        by_name.setdefault(as_seen(found.texts[NAME]), []).append(found)
    every = tuple(wanted)
    names = Counter(as_seen(candidate.texts.get(NAME, "")) for candidate in every)
    for candidate in every:
        if candidate.fault:
            yield Match(candidate, why=candidate.fault)
            continue
        if names[as_seen(candidate.texts[NAME])] > 1:
            yield Match(candidate, why="another key without an id there would have the same name")
            continue
        yield _match(candidate, by_name.get(as_seen(candidate.texts[NAME]), []))


def _match(candidate: Candidate, alike: Sequence[LiveList]) -> Match:
    """Return the one list that has the candidate's name, of those whose names a reader takes for it."""
    name = candidate.texts[NAME]
    named = [found for found in alike if found.texts[NAME] == name]
    if len(named) == 1:
        return Match(candidate, named[0])
    if named:
        return Match(candidate, why=f"{len(named)} lists have that name: {', '.join(each.id for each in named)}")
    if not alike:
        return Match(
            candidate,
            why="no list has that name there: make it in the console, or rename the one meant, and run this again",
        )
    those = ", ".join(f"{each.id} {double_quoted(each.texts[NAME])}" for each in alike)
    differs = _difference(alike[0].texts[NAME], name)
    why = f"its name there differs {differs}: {those}. Rename it in the console, then run this again"
    return Match(candidate, why=why)


def _difference(one: str, other: str) -> str:
    if one.lower() == other.lower():
        return "in upper and lower case"
    if one.casefold() == other.casefold():
        return "in letters that count as the same, such as ß and ss"
    return "in what cannot be seen (Unicode normalisation, invisible characters)"


def add_ids(draft: Draft, after: str, found: Iterable[Match]) -> Declared:
    """Add the ids that were found to `draft`; return all that is then declared."""
    declares: dict[str, Mapping[str, tuple[str, Texts]]] = dict(declarations(draft.manifest))
    added = {}
    for match in found:
        if match.live:
            draft.revise(match.candidate.key, Revision(ids={after: match.live.id}))
            added[match.candidate.key] = (match.live.id, match.candidate.texts)
    declares[after] = {**declares[after], **added}
    return declares

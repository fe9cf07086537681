"""Names across lists: who holds which, which renames must wait for which, and which can never be made.

The API probably refuses a second list of one name, ignoring case; if it does not, producers that name the list
would fill the wrong one. So a rename goes ahead only once no other list holds its new name:

    the holder keeps the name                     blocked, name_taken
    another rename of this plan gives it up       waits for that one; if that one is blocked, name_taken
    the renames wait for each other in a circle   blocked, rename_cycle
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, TypeGuard

from reconciler.model.changes import Block, Change, Update
from reconciler.model.fields import NAME
from reconciler.model.invisible import as_seen
from reconciler.model.lists import Applied, Desired, DoubtfulList, Live
from reconciler.model.texts import as_drawn, unseen_difference
from reconciler.planning.blocks import block_change

_MOST_NAMED = 5


@dataclass(frozen=True)
class Names:
    """Who holds which name now: ids by name (case folded), of the names that renames take; how to speak of an id."""

    holders: Mapping[str, Collection[str]]
    desired: Desired
    applied: Applied

    @cached_property
    def spoken(self) -> Mapping[str, str]:
        """The keys of lists, by id."""
        spoken = {known.id: f"{known.key} (no longer declared)" for known in self.applied.lists.values()}
        return spoken | {wanted.id: wanted.key for wanted in self.desired.lists.values()}

    def speak_of(self, list_id: str) -> str:
        """Return the key of a list, or that it is undeclared."""
        return self.spoken.get(list_id, f"the undeclared list {list_id}")


def find_holders(changes: Iterable[Change], desired: Desired, applied: Applied, live: Live | None) -> Names:
    """Return who holds, in the account or as far as the state knows, or declares, the names that `changes` take."""
    taken = {as_seen(change.after[NAME]) for change in changes if _is_rename(change)}
    holders: dict[str, set[str]] = {}
    for name, list_id in _pairs(desired, applied, live) if taken else ():
        if (folded := as_seen(name)) in taken:
            holders.setdefault(folded, set()).add(list_id)
    return Names(holders, desired, applied)


def _pairs(desired: Desired, applied: Applied, live: Live | None) -> Iterator[tuple[str, str]]:
    """Yield the names that are declared, and those held in the account, or without `live` by the state."""
    for wanted in desired.lists.values():
        if NAME in wanted.texts:
            yield wanted.texts[NAME], wanted.id
    yield from _recorded_names(applied) if live is None else _live(live)


def _live(live: Live) -> Iterator[tuple[str, str]]:
    for found in live.lists.values():
        yield found.texts[NAME], found.id
    for odd in live.odd.values():
        if odd.name is not None:
            yield odd.name, odd.id


def _recorded_names(applied: Applied) -> Iterator[tuple[str, str]]:
    for known in applied.lists.values():
        if NAME in known.texts:
            yield known.texts[NAME], known.id
        if isinstance(known, DoubtfulList) and NAME in known.intended:
            yield known.intended[NAME], known.id


def _is_rename(change: Change) -> TypeGuard[Update]:
    return isinstance(change, Update) and NAME in change.fields


def order_renames(changes: tuple[Change, ...], names: Names) -> tuple[Change, ...]:
    """Block renames that cannot be made, and return all changes in an order in which the others can."""
    blocks: dict[str, Block] = {}
    while True:
        renames = {change.id: change for change in changes if _is_rename(change) and change.key not in blocks}
        found = _block_kept_names(renames, names) or _circles(renames, names) or _claimed_twice(renames)
        if not found:
            break
        blocks |= found
    waits = {rename.key: _waits(rename, renames, names) for rename in renames.values()}
    return _order([_place(change, blocks, waits) for change in changes])


def warn_of_look_alikes(changes: tuple[Change, ...], names: Names, live: Live | None) -> tuple[Change, ...]:
    """Return the changes, each rename with a warning if most fonts draw its new name as the name of another list."""
    if not any(map(_is_rename, changes)):
        return changes
    sides = names.applied.lists if live is None else live.lists
    every = (*sides.values(), *names.desired.lists.values())
    by_id = {each.id: each.texts[NAME] for each in every if NAME in each.texts}
    drawn: dict[str, list[str]] = {}
    for list_id, name in by_id.items():
        drawn.setdefault(as_drawn(name), []).append(list_id)
    return tuple(
        replace(change, warnings=(*change.warnings, *_look_alikes(change, drawn, by_id, names)))
        if _is_rename(change)
        else change
        for change in changes
    )


def _look_alikes(
    change: Update, drawn: Mapping[str, Collection[str]], by_id: Mapping[str, str], names: Names
) -> Iterator[str]:
    name = change.after[NAME]
    for other in drawn.get(as_drawn(name), ()):
        if other != change.id and (unseen := unseen_difference(by_id[other], name)):
            warning = f"the name looks like that of {names.speak_of(other)}, but {unseen}"
            if warning not in change.warnings:
                yield warning


def _block_kept_names(renames: Mapping[str, Update], names: Names) -> dict[str, Block]:
    """Return a block for each rename whose new name some other list keeps."""
    blocks: dict[str, Block] = {}
    for rename in renames.values():
        name = rename.after[NAME]
        keeper = next((other for other in _others(rename, names) if not _gives_up(renames.get(other), name)), None)
        if keeper is not None:
            blocks[rename.key] = _name_taken(name, names.speak_of(keeper))
    return blocks


def _claimed_twice(renames: Mapping[str, Update]) -> dict[str, Block]:
    """Return a block for each rename to a name that another rename, earlier by key, takes too."""
    blocks: dict[str, Block] = {}
    first: dict[str, str] = {}
    for rename in sorted(renames.values(), key=lambda rename: rename.key):
        name = rename.after[NAME]
        claimant = first.setdefault(as_seen(name), rename.key)
        if claimant != rename.key:
            blocks[rename.key] = _name_taken(name, f"{claimant}, renamed to it by this plan,")
    return blocks


def _name_taken(name: str, holder: str) -> Block:
    return Block(
        "name_taken",
        f"{holder} has the name {name!r} (names are compared ignoring case) and keeps it",
        "choose another name, or rename that list first",
    )


def _others(rename: Update, names: Names) -> list[str]:
    """Return the ids, other than its own, that hold the new name of `rename`."""
    return sorted({*names.holders.get(as_seen(rename.after[NAME]), ())} - {rename.id})


def _gives_up(rename: Update | None, name: str) -> bool:
    return rename is not None and as_seen(rename.after[NAME]) != as_seen(name)


def _waits(rename: Update, renames: Mapping[str, Update], names: Names) -> tuple[str, ...]:
    """Return the keys of the renames that give up the name which `rename` takes."""
    return tuple(renames[other].key for other in _others(rename, names) if other in renames)


def _circles(renames: Mapping[str, Update], names: Names) -> dict[str, Block]:
    """Return a block for each rename that, in the end, waits for itself; those of one circle share it."""
    waits = {rename.key: _waits(rename, renames, names) for rename in renames.values()}
    stuck = _subgraph(waits, _never_ready(waits))
    circles = _subgraph(stuck, _never_ready(_reverse(stuck)))
    return {key: block for group in _groups(circles) for key, block in dict.fromkeys(group, _cycle(group)).items()}


Graph: TypeAlias = Mapping[str, Sequence[str]]
"""For each key those that it waits for, or the other way round."""


def _subgraph(graph: Graph, keys: Collection[str]) -> Graph:
    return {key: [other for other in graph[key] if other in keys] for key in graph if key in keys}


def _reverse(graph: Graph) -> Graph:
    other_way: dict[str, list[str]] = {key: [] for key in graph}
    for key, others in graph.items():
        for other in others:
            other_way[other].append(key)
    return other_way


def _never_ready(waits: Graph) -> set[str]:
    """Return the keys that are never ready, if one is ready once those that it waits for were."""
    left = {key: len(others) for key, others in waits.items()}
    followers = _reverse(waits)
    ready = [key for key, number in left.items() if not number]
    for key in ready:  # grows while it is gone through
        for follower in followers[key]:
            left[follower] -= 1
            if not left[follower]:
                ready.append(follower)
    return left.keys() - set(ready)


def _groups(graph: Graph) -> Iterator[list[str]]:
    """Yield the keys that hang together, sorted, group by group."""
    neighbours = {key: {*others} for key, others in graph.items()}
    for key, others in _reverse(graph).items():
        neighbours[key].update(others)
    seen: set[str] = set()
    for start in graph:
        group = [] if start in seen else [start]
        seen.add(start)
        for key in group:  # grows while it is gone through
            group += neighbours[key] - seen
            seen |= neighbours[key]
        if group:
            yield sorted(group)


def _cycle(keys: Sequence[str]) -> Block:
    named = ", ".join(keys[:_MOST_NAMED])
    more = f" and {len(keys) - _MOST_NAMED:,} more" if len(keys) > _MOST_NAMED else ""
    return Block(
        "rename_cycle",
        f"the renames of {named}{more} take one another's names, so that each waits for another",
        "do it in two steps with a temporary name; contact imports that run in between fill the wrong list",
    )


def _place(change: Change, blocks: Mapping[str, Block], waits: Mapping[str, tuple[str, ...]]) -> Change:
    if not isinstance(change, Update):
        return change
    if block := blocks.get(change.key):
        return block_change(change, block)
    others = waits.get(change.key, ())
    return replace(change, waits_for=others, warnings=(*change.warnings, *_handed_on(change, others)))


def _handed_on(change: Update, others: Sequence[str]) -> Iterator[str]:
    """Yield a warning for a rename to a name that `others` give up: who uses it by name does not notice."""
    if others:
        warning = (
            f"until now {', '.join(others)} had the name {change.after[NAME]!r}: contact imports and campaigns that "
            "use that name reach this list from then on"
        )
        if warning not in change.warnings:
            yield warning


def _order(changes: list[Change]) -> tuple[Change, ...]:
    """Return the changes sorted by key, each after those that it waits for."""
    waiting = {change.key: len(change.waits_for) for change in changes if isinstance(change, Update)}
    followers: dict[str, list[Change]] = {}
    for change in changes:
        for other in change.waits_for if isinstance(change, Update) else ():
            followers.setdefault(other, []).append(change)
    by_key = {change.key: change for change in changes}
    ready = [change.key for change in changes if not waiting.get(change.key)]
    heapq.heapify(ready)
    ordered: list[Change] = []
    while ready:
        change = by_key[heapq.heappop(ready)]
        ordered.append(change)
        for follower in followers.get(change.key, ()):
            waiting[follower.key] -= 1
            if not waiting[follower.key]:
                heapq.heappush(ready, follower.key)
    return tuple(ordered)

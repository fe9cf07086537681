"""What a state was at the end of earlier runs, where its store keeps that: copies of the document, or commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.errors import StateError
from reconciler.model.lists import Applied
from reconciler.model.times import timestamp
from reconciler.store.document import Written, parse, parse_stamped

if TYPE_CHECKING:
    from reconciler.store.objects import Objects

_MESSAGE = re.compile(r"\n\n(?P<command>.*)\nby (?P<user>.*) on (?P<host>.*)(?:\nCI job (?P<job>.*))?")


@dataclass(frozen=True, slots=True)
class Saved:
    """A state as it was, and who wrote it when; `written` is None where that is not known."""

    applied: Applied
    written: Written | None


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: its name, when it was made (seconds since the epoch), what it says, and the document in it."""

    name: str
    at: float
    message: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """What one state has and the one before it had otherwise, by key."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    dropped: tuple[str, ...]


def difference(before: Applied | None, after: Applied) -> Difference:
    """Return what changed between two states; before the first there was nothing."""
    old, new = before.lists if before else {}, after.lists
    return Difference(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(key for key in new.keys() & old.keys() if new[key] != old[key])),
        dropped=tuple(sorted(old.keys() - new.keys())),
    )


def keep_copy(objects: Objects, applied: Applied, serial: int, content: bytes) -> None:
    """Keep a copy of a document where there is none yet; what fails is made up for when the next run begins.

    States of another lineage have names of their own: one that starts again at serial 1 does not meet the old ones.
    """
    name = f"{_folder(applied.environment)}/{serial:010d}-{applied.lineage[:8]}.json"
    with suppress(StateError):
        objects.put(name, content, None)


def kept_copies(objects: Objects, environment: str, last: int, serial: int | None) -> Sequence[Saved]:
    """Return the last so many copies, oldest first; or those of one serial."""
    names = objects.names(_folder(environment))
    if serial is not None:
        names = [name for name in names if name.startswith(f"{_folder(environment)}/{serial:010d}-")]
    found = {name: objects.get(name) for name in names[-last:]}
    return [_saved(copy.content, f"{objects}/{name}") for name, copy in found.items() if copy]


def _saved(content: bytes, where: str) -> Saved:
    applied, stamp = parse_stamped(content, where=where)
    return Saved(applied, stamp.written if stamp else None)


def committed(revisions: Sequence[Revision], where: str) -> Sequence[Saved]:
    """Return the states that commits wrote, in the order given."""
    return [Saved(parse(each.content, where=f"{each.name}:{where}"), _author(each)) for each in revisions]


def _author(revision: Revision) -> Written | None:
    said = _MESSAGE.search(revision.message)
    return said and Written(timestamp(revision.at), said["user"], said["host"], said["command"], said["job"] or "")


def _folder(environment: str) -> str:
    return f"{environment}.history"

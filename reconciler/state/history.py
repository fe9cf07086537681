"""What a state was at the end of earlier runs, if its store keeps that: copies of the document, or commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from reconciler.errors import StateError
from reconciler.model.lists import Applied, PastRun
from reconciler.model.times import timestamp
from reconciler.state.document import Written, parse, parse_stamped

if TYPE_CHECKING:
    from reconciler.state.backends.git import Revision
    from reconciler.state.backends.objects import Objects

_EVERY = 1_000_000
_COPY = re.compile(r"\d{10}-[^/]{0,8}(?:-[0-9a-f]{8})?\.json")
_MESSAGE = re.compile(r"\n\n(?P<command>.*)\nby (?P<user>.*) on (?P<host>.*)(?:\nCI job (?P<job>.*))?")


@dataclass(frozen=True, slots=True)
class Saved:
    """A state as it was, who wrote it when, and the serial that it was built on; None if that is not known."""

    applied: Applied
    written: Written | None
    follows: int | None = None


class History(NamedTuple):
    """Earlier states, oldest first; `unread` says of those that cannot be read which and why."""

    saved: tuple[Saved, ...] = ()
    unread: tuple[str, ...] = ()


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


def past_runs(saved: Sequence[Saved], present: Applied) -> list[PastRun]:
    """Return the runs that left these states, newest first; none if they do not lead up to the `present` one."""
    if not saved or saved[-1].applied.serial != present.serial:
        return []
    befores = (None, *(each.applied for each in saved))
    pairs = reversed(list(zip(saved, befores, strict=False)))
    return [_past_run(each.written, before, each.applied) for each, before in pairs if each.written]


def _past_run(written: Written, before: Applied | None, after: Applied) -> PastRun:
    changed = difference(before, after)
    known = before is not None or after.serial == 1  # earlier states may have been cut off
    recorded = frozenset((*changed.added, *changed.changed) if known else ())
    return PastRun(str(written), recorded, before.lists if before else {})


def find_gaps(history: History, present: Applied, *, from_the_first: bool) -> list[str]:
    """Return what is missing or wrong in a history that should lead up to the `present` state.

    `from_the_first`: it should hold the first serial, too. `unlinked_serials` says where a gap is not seen.
    """
    states = [each.applied for each in history.saved]
    found = [f"cannot be read: {unread}" for unread in history.unread]
    if from_the_first and history.saved and (before_all := history.saved[0].follows) and not moved_serials(history):
        found.append(
            f"{serials_are(1, before_all)} missing: removed (a rule of the bucket may do that), or never committed. "
            "To check only the last N: --last N"
        )
    found += filter(None, (_fault(before.applied, after) for before, after in pairwise(history.saved)))
    last = states[-1] if states else replace(present, lineage="", serial=0, lists={})
    if present.lineage and (last.lineage, last.serial, last.lists) != (present.lineage, present.serial, present.lists):
        found.append(
            f"the state is at serial {present.serial}, but the last that is kept is serial {last.serial}, or has other "
            "lists: a run is under way or was cut off (the next one records what it left), a state in a folder is not "
            "committed, or a copy is gone"
        )
    return found


def _fault(before: Applied, saved: Saved) -> str:
    """Return what is wrong with a state after the one before it, "" if nothing is."""
    after, follows = saved.applied, saved.follows
    if after == before:  # put back as it was
        return ""
    if after.lineage != before.lineage:
        return f"serial {after.serial} has lineage {after.lineage}, serial {before.serial} {before.lineage}"
    if after.serial <= before.serial or (follows is not None and follows < before.serial):
        return f"serial {after.serial} comes after serial {before.serial}: written twice, or taken back"
    if follows is not None and follows > before.serial:
        return f"{serials_are(before.serial + 1, follows)} missing"
    return ""


def unlinked_serials(history: History) -> list[int]:
    """Return the serials of the states that may have followed others than those that are kept."""
    befores = [0, *(each.applied.serial for each in history.saved)]
    pairs = zip(befores, history.saved, strict=False)
    return [each.applied.serial for before, each in pairs if each.follows is None and each.applied.serial > before + 1]


def moved_serials(history: History) -> int:
    """Return the last serial that is kept where a state was moved from, by the command that moved it; 0 if none is."""
    first = history.saved[0] if history.saved else None
    moved = first and first.written and first.written.command.startswith("reconciler state migrate ")
    return (first.follows or 0) if first and moved else 0


def serials_are(first: int, last: int) -> str:
    """Return these serials with their verb."""
    return f"serial {first} is" if first == last else f"serials {first} to {last} are"


def keep_copy(objects: Objects, applied: Applied, serial: int, content: bytes, *, new: bool = False) -> None:
    """Keep a copy of a document if there is none yet; what fails is made up for when the next run begins.

    States of another lineage have names of their own: one that starts again at serial 1 does not meet the old ones. A
    `new` document whose serial has a copy already (a state was taken back) gets one, too.
    """
    name = f"{_folder(applied.environment)}/{serial:010d}-{applied.lineage[:8]}"
    with suppress(StateError):
        if objects.put(f"{name}.json", content, None) or not new:
            return
        there = objects.get(f"{name}.json")
        if there and there.content != content:
            objects.put(f"{name}-{uuid4().hex[:8]}.json", content, None)


def copy_names(objects: Objects, environment: str) -> list[str]:
    """Return the names of the copies that there are, oldest first; whatever else lies among them is none."""
    folder = _folder(environment)
    return [name for name in objects.names(folder) if _COPY.fullmatch(name.removeprefix(f"{folder}/"))]


@dataclass(frozen=True, slots=True)
class LastCopy:
    """The copy of the highest serial of a `document` that is not there; of those that can be read, if any can."""

    document: str
    serial: int

    def loss_error(self) -> StateError:
        """Return the error that says so, and how to bring it back."""
        return StateError(
            f"{self.document}: is gone, and there are copies of it. Nothing was changed. Bring the last one back: "
            f"reconciler state pull --serial {self.serial} > FILE, then reconciler state push FILE. Or, to begin anew, "
            "without what is known of the last apply, remove the lock.json beside it, too"
        )


def last_copy(objects: Objects, environment: str) -> LastCopy | None:
    """Return the last copy; None if there is none at all."""
    names = sorted(copy_names(objects, environment), reverse=True)
    if not names:
        return None
    name = next((name for name in names if _is_readable(objects, name)), names[0])
    serial = int(name.removeprefix(f"{_folder(environment)}/").partition("-")[0])
    return LastCopy(f"{objects}/{environment}.state.json", serial)


def _is_readable(objects: Objects, name: str) -> bool:
    found = objects.get(name)
    return found is not None and bool(_read_all([partial(_read_copy, found.content, name)]).saved)


def read_copies(objects: Objects, environment: str, last: int, serial: int | None) -> History:
    """Return the last so many copies, or those of one serial."""
    names = copy_names(objects, environment)
    if serial is not None:
        names = [name for name in names if name.startswith(f"{_folder(environment)}/{serial:010d}-")]
    found = {name: objects.get(name) for name in names[-last:]}
    return _read_all(partial(_read_copy, copy.content, f"{objects}/{name}") for name, copy in found.items() if copy)


def _read_copy(content: bytes, where: str) -> Saved:
    applied, stamp = parse_stamped(content, where=where)
    return Saved(applied, stamp.written, stamp.follows) if stamp else Saved(applied, None)


def read_commits(revisions: Callable[[int], Sequence[Revision]], where: str, last: int, serial: int | None) -> History:
    """Return the states of the last so many commits, oldest first, or those of one serial.

    `revisions` returns so many commits, newest first. Each serial has a commit of its own.
    """
    newest_first = revisions(last if serial is None else _EVERY)
    found = _read_all(partial(_read_commit, each, where) for each in reversed(newest_first))
    return found._replace(saved=tuple(each for each in found.saved if serial in (None, each.applied.serial)))


def _read_commit(revision: Revision, where: str) -> Saved:
    applied = parse(revision.content, where=f"{revision.name}:{where}")
    return Saved(applied, _author(revision), max(applied.serial - 1, 0))


def _read_all(reads: Iterable[Callable[[], Saved]]) -> History:
    """Read them all: one that is damaged does not hide the others."""
    saved: list[Saved] = []
    unread: list[str] = []
    for read in reads:
        try:
            saved.append(read())
        except StateError as error:
            unread.append(str(error))
    return History(tuple(saved), tuple(unread))


def _author(revision: Revision) -> Written | None:
    said = _MESSAGE.search(revision.message)
    return said and Written(timestamp(revision.at), said["user"], said["host"], said["command"], said["job"] or "")


def _folder(environment: str) -> str:
    return f"{environment}.history"

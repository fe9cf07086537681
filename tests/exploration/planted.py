"""Faults as somebody might make them, put into the running program: the search must find each of them.

Each replaces one function or value of the program by another, and says in which story it is to be found.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from reconciler.engine import applying, looking
from reconciler.engine.workspaces import Workspace
from reconciler.execute import attempt, calls, records, run, snapshot, verify
from reconciler.execute.finding import Finding
from reconciler.model import changes, outcomes
from reconciler.model.lists import AppliedList, DoubtfulList, KnownList
from reconciler.planning import build, guard, names
from reconciler.state import disk, journal, leased_store, leased_writer
from reconciler.state.backends import folder_lock, folder_writer, git_branch, object_store
from tests.exploration import bucket, remote, stories
from tests.exploration.process import Process
from tests.exploration.search import Found, search
from tests.exploration.stories import Story
from tests.exploration.world import Place
from tests.state import buckets

MOST = 2
ON_BRANCHES = stories.MACHINES_ON_A_BRANCH


@dataclass(frozen=True)
class Fault:
    """What is wrong, where it is to be found, and what stands in the place of what."""

    said: str
    story: Story
    patches: tuple[tuple[object, str, object], ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Have the fault in the program while the context lasts."""
        with ExitStack() as stack:
            for place, name, value in self.patches:
                stack.enter_context(patch.object(place, name, value))
            yield

    def look(self, place: Place) -> Found:
        """Search for it with as few deviations as will do."""
        found = Found()
        for most in range(MOST + 1):
            found.add(search(self.story, place, most))
            if found.failure is not None:
                break
        return found


def _applied_at_once(self: records.Records, sending: attempt.ChangeAttempt, live: object) -> None:
    del live
    self.settle(sending.change, sending.prior)
    self._writer.flush()


def _send_first(self: run.Run, sending: attempt.ChangeAttempt) -> object:
    list_id, live = sending.change.id, self._snapshot.texts(sending.change.id)
    answer = calls.put(self._remote, sending.change, self._snapshot.good_until(list_id))
    self._records.intend(sending, live)
    self._queue[0] = sending.after_sending(live)
    self._snapshot.note_put(list_id)
    return answer


def _as_if_sent(sending: attempt.ChangeAttempt, live: snapshot.LiveSnapshot) -> Finding:
    del live
    return Finding("sent", (), {**sending.before, **sending.change.body})


_row = build._row_of_known


def _believe_the_intent(wanted: object, known: KnownList, *others: object) -> object:
    if isinstance(known, DoubtfulList):
        known = AppliedList(known.key, known.id, {**known.texts, **known.intended}, known.applied_at)
    return _row(wanted, known, *others)  # type: ignore[arg-type]


_cases = build._cases


def _no_conflict(*sides: object) -> dict[str, str]:
    return {field: case.replace("conflict", "edit") for field, case in _cases(*sides).items()}  # type: ignore[arg-type]


def _remove_first(self: folder_writer.Writer, applied: object) -> None:
    self._journal.remove()
    _settle(self, applied)  # type: ignore[arg-type]


_settle = folder_writer.Writer.settle


def _overwrite_in_place(path: Path, content: bytes, *, aside: object) -> None:
    del aside
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    disk.write(descriptor, content)
    os.fsync(descriptor)
    os.close(descriptor)


def _forget_last(self: attempt.ChangeAttempt, error: str, *, landed: bool) -> attempt.ChangeAttempt:
    del landed
    return replace(self, status=attempt.NotWritten(error))


_swapped = bucket.Bucket._swapped


def _unconditionally(self: bucket.Bucket, name: str, content: bytes, expected: object) -> object:
    del expected
    there = self.objects.get(name)
    return _swapped(self, name, content, None if there is None else buckets._version(there))


_reason_to_end = Process.reason_to_end


def _deaf(self: Process, ahead: float) -> None:
    _reason_to_end(self, ahead)


def _compared_again(workspace: Workspace, saved: object, *sides: Any) -> object:
    del saved
    return looking.compare(workspace, *sides)


_undo = attempt.ChangeAttempt.undo


def _undo_to_the_same(self: attempt.ChangeAttempt, shown: object) -> changes.Update | None:
    undo = _undo(self, shown)  # type: ignore[arg-type]
    return replace(undo, after=undo.before) if undo else None


def _nothing(*_: object, **__: object) -> None: ...


def _never(*_: object, **__: object) -> bool:
    return False


def _always(*_: object) -> bool:
    return True


def _for_ever(*_: object) -> float:
    return float("inf")


def _as_planned(plan: changes.EnvironmentPlan, *_: object) -> changes.EnvironmentPlan:
    return plan


def _in_any_order(found: object, *_: object) -> object:
    return found


_whole: Callable[[changes.Update], object] = lambda self: dict(self.after)  # noqa: E731

_WRITER = leased_writer.LeasedWriter
_SILENT = (_WRITER, "_is_urgent", _never)
FAULTS = (
    Fault("applied before the answer", stories.ONE, ((records.Records, "intend", _applied_at_once),)),
    Fault("the intent is written after the PUT", stories.ONE, ((run.Run, "_send", _send_first),)),
    Fault("the intent is not synced", stories.ONE, ((folder_writer.Writer, "flush", _nothing),)),
    Fault(
        "old values are not read again",
        stories.ONE,
        ((snapshot.LiveSnapshot, "is_stale", _never), (snapshot.LiveSnapshot, "good_until", _for_ever)),
    ),
    Fault("what was read again is not judged", stories.ONE, ((applying, "revalidate", _as_planned),)),
    Fault("an unanswered PUT counts as failed", stories.ONE, ((attempt.ChangeAttempt, "_fail", _forget_last),)),
    Fault("all fields are sent", stories.TWO, ((changes.Update, "body", property(_whole)),)),
    Fault("protected lists are sent", stories.MIXED, ((guard, "_GUARDS", ()),)),
    Fault("renames do not wait", stories.RENAMES, ((names, "order_renames", _in_any_order),)),
    Fault("conflicts are overwritten", stories.ONE, ((build, "_cases", _no_conflict),)),
    Fault("what was sent is not read back", stories.ONE, ((verify, "_finding", _as_if_sent),)),
    Fault("an intent is taken for what is applied", stories.ONE, ((build, "_row_of_known", _believe_the_intent),)),
    Fault("the journal is removed too early", stories.ONE, ((folder_writer.Writer, "settle", _remove_first),)),
    Fault("the document is written in place", stories.ONE, ((disk, "replace", _overwrite_in_place),)),
    Fault("a torn line is damage", stories.ONE, ((journal, "_is_torn", _never),)),
    Fault("the lock is not held", stories.ONE, ((folder_lock, "_acquire", _nothing),)),
    Fault("a lost lease is not noticed", stories.MACHINES, ((object_store.ObjectLease, "check_mine", _nothing),)),
    Fault("whatever is there is replaced", stories.MACHINES, ((bucket.Bucket, "_swapped", _unconditionally),)),
    Fault("a lost lease on a branch is not noticed", ON_BRANCHES, ((git_branch.FilesLease, "check_mine", _nothing),)),
    Fault("a branch is pushed by force", ON_BRANCHES, ((remote.Remote, "is_at_end", _always),)),
    Fault("a lease that is held is taken", stories.MACHINES, ((leased_store.LeasedStore, "_refuse_held", _nothing),)),
    Fault("a held lease on a branch is taken", ON_BRANCHES, ((leased_store.LeasedStore, "_refuse_held", _nothing),)),
    Fault("intents are kept from the branch", stories.ON_A_BRANCH, (_SILENT, (_WRITER, "announce_intents", _nothing))),
    Fault("an intent is not published", stories.IN_OBJECTS, (_SILENT,)),
    Fault("a signal is not heard", stories.TWO, ((Process, "reason_to_end", _deaf),)),
    Fault(
        "a saved plan is made anew",
        stories.SAVED,
        ((applying, "follow_saved_plan", _compared_again),),
    ),
    Fault("undo sets back nothing", stories.UNDO, ((attempt.ChangeAttempt, "undo", _undo_to_the_same),)),
    Fault(
        "doubt is called in order",
        stories.ONE,
        ((outcomes, "IN_ORDER", frozenset({"updated", "adopted", "forgotten", "in_doubt"})),),
    ),
)

"""An apply with every kind of change, and what must be true of it after any fault.

a   another name                   d   as it is                         g   drifted, and left alone
b   another description            e   not in the state yet: adopt
c   the name that `a` gives up     f   no longer declared: forget
"""

from __future__ import annotations

import atexit
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import httpx

from reconciler.errors import ReconcilerError
from reconciler.model.lists import Applied, AppliedList, DoubtfulList, KnownList, Target
from reconciler.model.texts import Texts, holds, only_fields
from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.faults import Fault
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from reconciler.state.backends.branch import Branch
from reconciler.state.backends.folder import FileStore
from reconciler.state.backends.git_branch import BranchStore, names
from tests.exploration.events import Change, Stored
from tests.exploration.evidence import Given
from tests.faults.between import Between
from tests.faults.launcher import Ended, Launcher, Order
from tests.faults.replay import Replay
from tests.faults.tally import Found
from tests.faults.traces import Files
from tests.planning.worlds import desired
from tests.program import Workplace
from tests.state.cas_files import bare, git

KEYS = "abcdefg"
OLD = {key: ContactList(f"cl-{key}", {"name": f"Alpha {key}", "description": f"Text {key}"}) for key in KEYS}
BRANCH = "reconciler-state"
STARTS = ("edited", "first", "doubtful")
PLANNED: dict[str, dict[str, Texts]] = {
    "edited": {"cl-a": {"name": "New a"}, "cl-b": {"description": "New b"}, "cl-c": {"name": "Alpha a"}},
    "first": {"cl-a": {"description": "New a"}, "cl-b": {"description": "New b"}, "cl-c": {"description": "New c"}},
}
PLANNED["doubtful"] = PLANNED["edited"]


class Story:
    """The apply of one start, told again and again: `begin` it, `run` it under orders, look for `falsehoods`."""

    def __init__(
        self,
        start: str,
        place: Workplace,
        launcher: Launcher,
        between: Between | None = None,
        origin: Path | None = None,
    ) -> None:
        self.planned = PLANNED[start]
        self.kills = 0
        self.origin = origin
        self.between = between
        self.faults: Iterable[Fault] = ()
        self.place = place
        self._launcher = launcher
        self._before = place.folder.parent / "before"
        self._folder = place.folder
        target = Target(place.url, STREAM_ID, ACCOUNT_ID)
        self._store: FileStore | BranchStore = FileStore(self._state, "prod", target)
        if origin:
            self._store = BranchStore(Branch(self._folder, BRANCH, names("prod")), "prod", target)
        getattr(self, f"_start_{start}")()
        if self._state.exists():
            shutil.copytree(self._state, self._before)
        self._tip = git(origin, "rev-parse", BRANCH) if origin else ""
        self._served = dict(place.sandbox.world.lists())
        self.replay = Replay(*self._given(), self._store)

    def begin(self) -> None:
        """Set everything back to the start."""
        world = self.place.sandbox.world
        world.faults.clear()
        world.faults.arm(self.faults)
        world.set_account(Account.of(self._served.values()))
        world.log.clear()
        world.writes.clear()
        shutil.rmtree(self._state, ignore_errors=True)
        if self._before.exists():
            shutil.copytree(self._before, self._state)
        if self.origin:
            git(self.origin, "update-ref", f"refs/heads/{BRANCH}", self._tip)
        self.kills = 0
        self.replay.begin()
        if self.between:
            self.between.ways, self.between.requests = {}, 0

    def run(self, order: Order | None = None, *more: str) -> Ended:
        """Apply, under an order to die or none; whoever held a lease is known to be dead."""
        if self.origin:
            order = {**(order or {}), "hardship": "others_are_gone"}
        steps, files = self._folder / "steps", self._files()
        steps.unlink(missing_ok=True)  # who dies early writes none
        ended = self._program("apply", "--yes", "--json", *more, order={**(order or {}), "seen": str(steps)})
        if ended.code < 0:
            self.kills += 1
            self._await_quiet()
        self.replay.hear_run(files, steps, self.origin, self.place.sandbox.world, ended)
        return ended

    def _files(self) -> Files:
        both = (self._state / name for name in ("prod.state.json", "prod.journal.jsonl"))
        document, journal = (path.read_bytes() if path.exists() else None for path in both)
        return Files(document, journal)

    def _given(self) -> tuple[Given, list[Stored], dict[str, Change]]:
        """Return what there is at the beginning, the edit of somebody else, and what is to be changed."""
        lists = self._lists()
        wanted = {key: dict(lists[key].texts) for key in self._declared}
        served = {list_id: found.texts for list_id, found in self._served.items()}
        edits = [Stored("cl-g", {"description": "Theirs"}, by_us=False)] if served["cl-g"] != OLD["g"].texts else []
        given = Given(desired(wanted), {**served, "cl-g": OLD["g"].texts}, self._store.load())
        approved = {
            list_id: Change(only_fields(OLD[list_id[-1]].texts, texts), texts)
            for list_id, texts in self.planned.items()
        }
        return given, edits, approved

    def found(self) -> Found:
        """Return what is lost, and what is false, in the state as the next run would find it."""
        try:
            applied = self._store.load()
        except ReconcilerError as error:
            return Found(lost=(f"the state cannot be read: {error}",))
        return Found(tuple(self._lost(applied)), (*self._false(applied), *self.replay.broken))

    def ended_in_order(self, last: Ended) -> Iterator[str]:
        """Yield what is not as it should be after a last run that nothing disturbed."""
        if last.code:
            yield f"the last run exits {last.code}: {last.err}"
        elif any(each["outcome"] not in {"updated", "adopted", "forgotten"} for each in outcomes(last)):
            yield f"the last run says {outcomes(last)}"
        refreshed = self._program("plan", "--refresh", "--detailed-exitcode", "--json")
        if refreshed.code:
            yield f"plan --refresh exits {refreshed.code}: {refreshed.out}{refreshed.err}"
        else:
            before = len(self.replay.broken)
            self.replay.hear_look(refreshed.out)
            yield from self.replay.broken[before:]
        left = self._left()
        if left not in (["prod.lock", "prod.state.json"], ["prod.state.json"]):
            yield f"the state is kept in {left}"
        if not self.origin and (self._state / "prod.lock").read_text(encoding="utf-8"):
            yield "the lock still has a note"

    def _left(self) -> list[str]:
        if self.origin:
            return git(self.origin, "ls-tree", "--name-only", BRANCH).splitlines()
        return sorted(path.name for path in self._state.iterdir())

    def _lost(self, applied: Applied) -> Iterator[str]:
        """Yield the writes that were acknowledged, of which the state knows nothing."""
        acknowledged: dict[str, Texts] = {}
        for entry in self.place.sandbox.world.log.puts():
            if entry.status == 200:
                acknowledged[entry.call.target] = json.loads(entry.call.body)
        for list_id, body in acknowledged.items():
            known = applied.lists.get(list_id.removeprefix("cl-"))
            if not _knows(known, body):
                yield f"{list_id} was acknowledged {body}, the state says {known}"

    def _false(self, applied: Applied) -> Iterator[str]:
        live = self.place.sandbox.world.lists()
        for known in applied.lists.values():
            texts = live[known.id].texts
            if isinstance(known, AppliedList) and known.key != "g" and not holds(texts, known.texts):
                yield f"{known} is applied, the API has {texts}"
        puts = Counter((entry.call.target, entry.call.body) for entry in self.place.sandbox.world.log.puts())
        for list_id, body in puts:
            if self.planned.get(list_id) != json.loads(body):
                yield f"a PUT of {body!r} to {list_id} is not in the plan"
        repeated = puts.total() - len(puts)
        retried = sum(armed.hits for armed in self.place.sandbox.world.faults.armed)
        retried += len(self.between.ways) if self.between else 0
        if repeated > self.kills + retried:
            yield f"{repeated} PUTs were repeated after {self.kills} kills and {retried} faults"

    def _start_edited(self) -> None:
        self._declare("abcdfg", OLD)
        assert self._program("apply", "--yes").code == 0
        self.place.sandbox.world.edit("cl-g", {"description": "Theirs"})
        self._edit()

    def _start_first(self) -> None:
        self._declare("abcde")

    def _start_doubtful(self) -> None:
        """Leave the journal of a run that was killed while it waited for an answer."""
        self._start_edited()
        steps = self._program("apply", "--yes").steps
        self.place.sandbox.world.set_account(Account.of(OLD.values()))
        self.place.sandbox.world.edit("cl-g", {"description": "Theirs"})
        shutil.rmtree(self._state, ignore_errors=True)
        if self.origin:
            git(self.origin, "update-ref", "-d", f"refs/heads/{BRANCH}")
        self._start_edited()
        order: Order = {"fatal": steps.index("take the answer to a PUT")}
        assert self._program("apply", "--yes", order=order).code < 0
        self._await_quiet()
        assert "prod.journal.jsonl" in self._left()

    def _edit(self) -> None:
        self._declare("abcdeg")

    def _lists(self) -> dict[str, ContactList]:
        """Return the lists as they are to be."""
        return {key: known.with_texts(self.planned.get(known.id, {})) for key, known in OLD.items()}

    def _declare(self, keys: str, lists: Mapping[str, ContactList] | None = None) -> None:
        self._declared = keys
        entries = [
            f"  {key}:\n    id: {known.id}\n    name: {known.name}\n    description: {known.texts['description']}\n"
            for key, known in (lists or self._lists()).items()
            if key in keys
        ]
        self.place.manifest("".join(entries), more=f"state: git+branch://{BRANCH}\n" if self.origin else "")

    def _program(self, *arguments: str, order: Order | None = None) -> Ended:
        return self._launcher.run(self._folder, self.place.variables, *arguments, order=order)

    def _await_quiet(self) -> None:
        """Wait until the sandbox has done all that a dead client had sent it."""
        httpx.get(f"{self.place.sandbox.url}/_sandbox/settings", trust_env=False).raise_for_status()
        while any(entry.answered_at is None for entry in self.place.sandbox.world.log.entries):
            pass

    @property
    def _state(self) -> Path:
        return self._folder / ".reconciler"


@cache
def _launcher() -> Launcher:
    """Return what runs the program for all stories of this process; it ends with it."""
    started = Launcher().__enter__()
    atexit.register(started.__exit__, None, None, None)
    return started


@contextmanager
def story(folder: Path, start: str, *, between: bool = False, on_a_branch: bool = False) -> Iterator[Story]:
    """Serve the lists and load the program for as long as the context lasts.

    With a proxy `between` them or without; the state in a folder, or `on_a_branch` of a repository's remote.
    """
    inside = folder / "place"
    inside.mkdir(parents=True)
    origin = bare(folder) if on_a_branch else None
    if origin:
        git(inside, "init", "--quiet")
        git(inside, "remote", "add", "origin", str(origin))
    with ExitStack() as open_contexts:
        sandbox = open_contexts.enter_context(Sandbox(settings=Settings(limit=0), lists=OLD.values()))
        proxy = open_contexts.enter_context(Between(sandbox.url)) if between else None
        yield Story(
            start,
            Workplace(inside, sandbox, url=proxy.url if proxy else sandbox.url, measured=False),
            _launcher(),
            proxy,
            origin,
        )


def outcomes(ended: Ended) -> list[dict[str, object]]:
    """Return the outcomes of a result document, of the one environment."""
    document = json.loads(ended.out)
    (environment,) = document["environments"]
    each: list[dict[str, object]] = environment["outcomes"]
    return each


def _knows(known: KnownList | None, body: Texts) -> bool:
    match known:
        case AppliedList():
            return holds(known.texts, body)
        case DoubtfulList():
            return dict(known.intended) == body
        case None:
            return False

"""The runs of a story, told as events to the predicates of `tests/exploration`; what does not hold is kept in words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.model.lists import Applied
from reconciler.protocols import StateStore
from reconciler.sandbox.request_log import Logged
from reconciler.sandbox.world import World
from reconciler.state.lease import parse
from tests.exploration.choices import Broken
from tests.exploration.events import Answered, Approved, Came, Change, Ended, Event, Sent, Stored
from tests.exploration.evidence import Evidence, Given, Rules
from tests.exploration.predicates import RULES, one_put_at_a_time_waits_for_its_answer
from tests.faults import launcher
from tests.faults.traces import Files, Trace, steps_of
from tests.state.cas_files import git

_NAMES = "prod.state.json", "prod.journal.jsonl", "prod.lease.json"


class Replay:
    """What is given, and what the runs since `begin` did; `traces` and `events` count all that there ever were."""

    def __init__(self, given: Given, edits: Sequence[Stored], approved: dict[str, Change], store: StateStore) -> None:
        self.broken: tuple[str, ...] = ()
        self.traces = self.events = 0
        self.heard: list[Event] = []
        self.given = given
        self._edits = edits
        self._approved = approved
        self._store = store
        self.begin()

    def begin(self) -> None:
        """Forget all runs."""
        self.broken, self.heard, self._runs = (), [], 0
        self._evidence = Evidence(self.given, RULES)
        self._hear(self._edits)

    def hear_run(self, files: Files, steps: Path, origin: Path | None, world: World, ended: launcher.Ended) -> None:
        """Hear of a run that ended, whose state was kept in `files` at first, or on a branch of `origin`."""
        self.traces += 1
        self._runs += 1
        name = str(self._runs)
        trace = Trace(name, files, self._nothing, lambda commit: _files_of(origin, commit))
        writes = [each for each in world.writes[self._written() :] if each.sent is not None]
        self._hear([Approved(name, self._approved), *trace.events(steps_of(steps), writes)])
        self._hear_end(_end_of(name, ended, self._nothing))
        self.check_sandbox(world.log.entries)

    def hear_look(self, document: str) -> None:
        """Hear what a plan with a look at the account says once all is done."""
        (environment,) = json.loads(document)["environments"]
        named = frozenset(each["key"] for each in (*environment["changes"], *environment["drift"]))
        self._hear_end(Ended("the last look", self._nothing, named=named))

    @property
    def _nothing(self) -> Applied:
        return Applied("prod", self.given.first.target, "", 0, {})

    def _written(self) -> int:
        return sum(isinstance(each, Stored) and each.by_us for each in self.heard)

    def _hear_end(self, ended: Ended) -> None:
        try:
            self._hear([ended._replace(state=self._store.load())])
        except ReconcilerError as error:
            self.broken += (f"the state cannot be read: {error}",)

    def _hear(self, events: Iterable[Event]) -> None:
        try:
            for event in events:
                self.events += 1
                self.heard.append(event)
                self._evidence.take(event)
        except Broken as error:
            self.broken += (str(error),)

    def check_sandbox(self, entries: Iterable[Logged]) -> None:
        """Ask the sandbox whether two PUTs waited for their answers at once, and for PUTs that no trace has."""
        seen = Evidence(self.given, Rules((one_put_at_a_time_waits_for_its_answer,), ()))
        events: list[tuple[float, Event]] = []
        sent = [(each.list_id, each.body) for each in self.heard if isinstance(each, Sent)]
        for entry in entries:
            if entry.call.kind == "put" and entry.answered_at is not None:
                body = json.loads(entry.call.body)
                if (entry.call.target, body) not in sent:
                    self.broken += (f"the sandbox saw a PUT of {body} to {entry.call.target}, no trace did",)
                events.append((entry.at, Sent("any", entry.call.target, body, entry.at, locked=True)))
                events.append((entry.answered_at, Answered("any", "unknown")))
        try:
            for _, event in sorted(events, key=lambda each: each[0]):
                seen.take(event)
        except Broken as error:
            self.broken += (f"the sandbox: {error}",)


def _end_of(name: str, ended: launcher.Ended, state: Applied) -> Ended:
    if ended.code < 0 or not ended.out.startswith("{"):  # who is killed may have written half of it
        return Ended(name, state, error=ended.err if ended.code > 0 else "")
    (environment,) = json.loads(ended.out)["environments"]
    came = {each["key"]: Came(each["id"], each["outcome"], each["attempts"]) for each in environment["outcomes"]}
    return Ended(name, state, came, in_order=ended.code == 0)


def _files_of(origin: Path | None, commit: str) -> Files:
    assert origin
    there = git(origin, "ls-tree", "--name-only", commit).splitlines()
    document, journal, lease = (
        git(origin, "show", f"{commit}:{name}").encode() if name in there else None for name in _NAMES
    )
    return Files(document, journal, lease is not None and parse(lease, where="") is not None)

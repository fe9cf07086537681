"""Fakes of the seams in `protocols`: time, an API with an account in memory, and a state store that forgets nothing.

They share one `Log`, so that a test can ask what happened before what, and may let something happen at any line of it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from reconciler.errors import LockedError, RemoteError, StateError, StoppedError
from reconciler.model.fields import Field
from reconciler.model.lists import Absent, Applied, AppliedList, DoubtfulList, KnownList, Live, LiveList, PastRun
from reconciler.model.put_answers import Acknowledged, PutAnswer, Unsent, Unsettled
from reconciler.model.texts import Texts
from reconciler.protocols import LockInfo, StateWriter

START = 1_800_000_000.0


@dataclass(frozen=True)
class Event:
    """One thing that happened at `at` (seconds of the clock): a word for it, whom it is about, and what it carried."""

    at: float
    word: str
    about: str = ""
    carried: Texts | KnownList | float | None = None

    def __str__(self) -> str:
        return f"{self.word} {self.about}".strip()


class FakeClock:
    """Time, and whether to stop, as the real one: it passes when somebody sleeps, or the test says so."""

    def __init__(self, deadline: float | None = None) -> None:
        self.passed = 0.0
        self.events: list[Event] = []
        self.signalled = False
        self.deadline = deadline
        self._due: list[tuple[float, Callable[[], None]]] = []
        self._at_line: dict[str, list[Callable[[], None]]] = {}

    def now(self) -> float:
        return START + self.passed

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        if self.signalled:
            raise StoppedError(2)
        if seconds > 0:
            self.happened("sleep", f"{seconds:g}")
            if self.signalled:
                raise StoppedError(2)
        self.let_pass(seconds)

    def reason_to_end(self, ahead: float) -> str | None:
        if self.signalled:
            return "stopped by SIGINT"
        late = self.deadline is not None and self.passed + ahead > self.deadline
        return "the deadline is near" if late else None

    def last_wait(self, seconds: float) -> None:
        self.happened("last wait", f"{seconds:g}")
        self.let_pass(seconds)

    def let_pass(self, seconds: float) -> None:
        """Let time pass, and what was due in it happen."""
        end = self.passed + seconds
        while due := sorted((each for each in self._due if each[0] <= end), key=lambda each: each[0])[:1]:
            self._due.remove(due[0])
            self.passed = max(self.passed, due[0][0])
            due[0][1]()
        self.passed = max(self.passed, end)

    def later(self, seconds: float, deed: Callable[[], None]) -> None:
        """Have something happen in so many seconds."""
        self._due.append((self.passed + seconds, deed))

    def at_line(self, line: str, deed: Callable[[], None]) -> None:
        """Have something happen right after the log says `line`: `put a`, or `put a #2` for the second time."""
        self._at_line.setdefault(line, []).append(deed)

    def happened(self, word: str, about: str = "", carried: Texts | KnownList | float | None = None) -> None:
        """Write one line of the log."""
        self.events.append(Event(self.passed, word, about, carried))
        line = str(self.events[-1])
        times = sum(str(event) == line for event in self.events)
        words = sum(event.word == word for event in self.events)
        for name in {line if times == 1 else "", f"{line} #{times}", f"{word} #{words}"}:
            for deed in self._at_line.pop(name, ()):
                deed()


@dataclass
class FakeAccount:
    """The lists of an account, by id. `hidden` ones are left out by *read all*; `wipes`, `alters`: as PUTs store."""

    clock: FakeClock
    lists: dict[str, LiveList]
    hidden: Collection[str] = ()
    wipes: bool = False
    alters: Callable[[str], str] = str
    hands: dict[tuple[str, Field], str] = field(default_factory=dict)
    """Who wrote a field last: `we` or `they`."""

    def written(self, list_id: str, body: Texts) -> None:
        """Store a PUT."""
        found = self.lists.get(list_id)
        if found is None:
            return
        stored: Texts = {field: self.alters(text) for field, text in body.items()}
        kept: Texts = dict.fromkeys(found.texts, "") if self.wipes else found.texts
        self._set(found, {**kept, **stored}, "we", body)
        self.clock.happened("landed", list_id.removeprefix("cl-"), body)

    def edited(self, list_id: str, texts: Texts) -> None:
        """Be somebody else."""
        found = self.lists.get(list_id)
        if found is not None:
            self._set(found, {**found.texts, **texts}, "they", texts)

    def _set(self, found: LiveList, texts: Texts, who: str, fields: Texts) -> None:
        self.lists[found.id] = replace(found, texts=texts)
        self.hands |= {(found.id, field): who for field in fields}


@dataclass(frozen=True)
class Reply:
    """What the API does with one PUT: its answer, and whether the write lands, so many seconds late, or never."""

    answer: PutAnswer = Acknowledged()  # noqa: RUF009  # a frozen value
    lands: bool = True
    late: float = 0.0


def maybe(*, lands: bool, again: bool = True, wait: float | None = None, late: float = 0.0) -> Reply:
    """A time-out or a 503: nobody knows."""
    return Reply(Unsettled("HTTP 503", landed=True, again=again, wait=wait), lands, late)


def limited(wait: float | None = None) -> Reply:
    """A rate-limit answer: it cannot have landed."""
    return Reply(Unsettled("HTTP 429", landed=False, again=True, wait=wait), lands=False)


class FakeRemote:
    """The API of a FakeAccount: `replies` by number of the PUT (from 1), all others acknowledged and stored.

    `hold` fills the rate limit, `fail` breaks the next reads, `read_seconds` makes each of them slow.
    """

    def __init__(self, account: FakeAccount, clock: FakeClock, replies: Mapping[int, Reply] | None = None) -> None:
        self.account = account
        self.requests = 0
        self.read_seconds = 0.0
        self._clock = clock
        self._replies = replies or {}
        self._puts = 0
        self._failing = 0
        self._free_at = 0.0

    def hold(self, seconds: float) -> None:
        """Fill the rate limit for so many seconds."""
        self._free_at = self._clock.passed + seconds

    def fail(self, reads: int) -> None:
        """Break so many of the reads to come."""
        self._failing = reads

    def delay(self, places: int) -> float:
        assert places in {1, 2, 3}
        return max(0.0, self._free_at - self._clock.passed)

    def read_all(self) -> Live:
        self._ask("read", "all")
        return Live({key: found for key, found in self.account.lists.items() if key not in self.account.hidden})

    def read(self, list_id: str) -> LiveList | Absent:
        self._ask("read", list_id.removeprefix("cl-"))
        return self.account.lists.get(list_id) or Absent(list_id, "HTTP 404: not found")

    def put(self, list_id: str, body: Texts, by: float) -> PutAnswer:
        self._wait()
        if self._clock.passed > by:
            return Unsent()
        self._puts += 1
        self.requests += 1
        self._clock.happened("put", list_id.removeprefix("cl-"), dict(body))
        reply = self._replies.get(self._puts, Reply())
        if reply.lands and reply.late:
            self._clock.later(reply.late, lambda: self.account.written(list_id, body))
        elif reply.lands:
            self.account.written(list_id, body)
        return reply.answer

    def _ask(self, word: str, about: str) -> None:
        self._wait()
        self.requests += 1
        self._clock.happened(word, about)
        self._clock.let_pass(self.read_seconds)
        if self._failing:
            self._failing -= 1
            raise RemoteError("HTTP 500")

    def _wait(self) -> None:
        if wait := self.delay(1):
            self._clock.sleep(wait)


class FakeStore:
    """A state in memory. Every record is a line of the log: `doubt a`, `applied a`, `dropped a`; so is a `flush`.

    The records numbered in `breaking` (from 1) raise StateError, and the flushes in `undurable`; so does the end of the
    lock, with `unfolding`.
    """

    place = "here"
    paths: Sequence[Path] = ()

    def __init__(
        self,
        applied: Applied,
        clock: FakeClock,
        breaking: Collection[int] = (),
        *,
        undurable: Collection[int] = (),
        unfolding: bool = False,
    ) -> None:
        self.applied = applied
        self.holder: LockInfo | None = None
        self.taken_over = False
        self._clock = clock
        self._breaking = breaking
        self._undurable = undurable
        self._unfolding = unfolding
        self._records = 0
        self._flushes = 0
        self._unsynced = False

    def load(self) -> Applied:
        return self.applied

    def later(self, applied: Applied) -> None:
        del applied

    def last_runs(self, applied: Applied, most: int) -> Sequence[PastRun]:
        del applied, most
        return ()

    @contextmanager
    def lock(self, holder: LockInfo) -> Iterator[StateWriter]:
        if self.holder is not None:
            raise LockedError(f"{self.holder.user} writes")
        self.holder = holder
        self._clock.happened("lock", self.applied.environment)
        try:
            yield self
            if self._unfolding:
                raise StateError("the journal stays")
        finally:
            self._clock.happened("unlock", self.applied.environment)
            self.holder = None

    def entry(self, key: str) -> KnownList | None:
        """Return one entry."""
        return self.applied.lists.get(key)

    def announce_intents(self, entries: Mapping[str, DoubtfulList]) -> None:
        self._clock.happened("announced", " ".join(entries))

    def flush(self) -> None:
        if self._unsynced:
            self._flushes += 1
            if self._flushes in self._undurable:
                raise StateError("the disk is broken")
            self._clock.happened("flush")
        self._unsynced = False

    def check_lease(self) -> None:
        if self.taken_over:
            raise LockedError("somebody else writes")

    def record(self, key: str, entry: KnownList | None) -> None:
        assert self.holder is not None
        self._records += 1
        if self._records in self._breaking:
            raise StateError("the disk is full")
        kept = {other: known for other, known in self.applied.lists.items() if other != key}
        self.applied = replace(self.applied, lists=kept if entry is None else {**kept, key: entry})
        word = "dropped" if entry is None else "applied" if isinstance(entry, AppliedList) else "doubt"
        self._clock.happened(word, key, entry)
        self._unsynced = True

    def replace(self, applied: Applied) -> None:
        self.applied = applied

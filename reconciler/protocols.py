"""The seams: what the engine needs of the API, of a state store and of time, and may assume of them.

Implementations live in `api` and `state`; the real `Clock` and `Stop` in `cli`. Nothing here does anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from reconciler.model.lists import (
        Absent,
        Applied,
        DoubtfulList,
        KnownList,
        LaterState,
        Live,
        LiveList,
        OddList,
        PastRun,
    )
    from reconciler.model.put_answers import PutAnswer
    from reconciler.model.texts import Texts


class Clock(Protocol):
    """Time, so that tests can let it pass."""

    def now(self) -> float:
        """Return the seconds since the epoch (UTC); may jump."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back, the same in all processes of the machine; they go on while it sleeps."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait `seconds`. Raises StoppedError at once if a signal has stopped the run, or does."""
        ...


class Stop(Protocol):
    """Whether the run must come to its end: a signal came, or its time is up."""

    def reason_to_end(self, ahead: float) -> str | None:
        """Return why nothing more may be sent if the next request only goes out in `ahead` seconds, else None."""
        ...

    def last_wait(self, seconds: float) -> None:
        """Wait a few seconds, also if a signal has stopped the run: for the read that verifies what was sent."""
        ...


class Reader(Protocol):
    """The API as `plan` and `drift` see it: it cannot write."""

    def read_all(self) -> Live:
        """Return every list of the account by one request (`Live.absent` empty).

        Retries by itself. Raises SignInError on 401, RemoteError when the API cannot be read.
        """
        ...

    def read(self, list_id: str) -> LiveList | OddList | Absent:
        """Return one list, or that there is none, or that it is odd; retries and raises as `read_all`."""
        ...

    @property
    def requests(self) -> int:
        """How many HTTP requests were sent so far, retries included."""
        ...


class Remote(Reader, Protocol):
    """The API as `apply` sees it."""

    def put(self, list_id: str, body: Texts, by: float) -> PutAnswer:
        """Make **one** attempt to write `body`, waiting for the rate limit first; an answer is never raised.

        After `by`, by the clock's `monotonic`, nothing is sent any more.
        Raises StoppedError if that wait is cut short: nothing was sent then.
        """
        ...

    def delay(self, places: int) -> float:
        """Return the seconds until the rate limit lets `places` requests go back to back; 0.0 when now."""
        ...


@dataclass(frozen=True, slots=True)
class LockInfo:
    """Who writes a state: shown when a lock is in the way. `since` is RFC 3339 in UTC; `job` a CI job's URL or ""."""

    pid: int
    host: str
    user: str
    command: str
    since: str
    job: str = ""


class StateWriter(Protocol):
    """A locked state. What was recorded outlives this process when `record` returns, this machine when `flush` does."""

    @property
    def applied(self) -> Applied:
        """The state with everything recorded so far."""
        ...

    def entry(self, key: str) -> KnownList | None:
        """Return the entry of `key` in that state, without the work that showing all of it may be."""
        ...

    def announce_intents(self, entries: Mapping[str, DoubtfulList]) -> None:
        """Learn, before the first PUT of a run, which doubts are to come, so that they can be shared at once.

        Whatever of it is not recorded in the end does not count. Raises StateError.
        """
        ...

    def flush(self) -> None:
        """Make durable what was recorded. Raises StateError: no PUT may be sent then."""
        ...

    def check_lease(self) -> None:
        """Raise StateError or LockedError if the right to write may be gone: no PUT may be sent then."""
        ...

    def record(self, key: str, entry: KnownList | None) -> None:
        """Set the entry of `key`, or drop it (None). Raises StateError, and nothing was recorded."""
        ...

    def replace(self, applied: Applied) -> None:
        """Put `applied` in the place of the whole state, its serial raised above both; for repairs only."""
        ...


class StateStore(Protocol):
    """The last-applied state of one environment."""

    @property
    def place(self) -> str:
        """Where it is, in words."""
        ...

    @property
    def paths(self) -> Sequence[Path]:
        """The files beside the manifest that hold it, the document first; none if it is elsewhere."""
        ...

    def load(self) -> Applied:
        """Return the state, an interrupted run's journal included; writes nothing, takes no lock.

        Raises StateDamagedError for content that this program does not write, ForeignStateError for the state of
        another target or environment, StateError if it cannot be read. No state at all is an empty one.
        """
        ...

    def later(self, applied: Applied) -> LaterState | None:
        """Return what the history of the state knows that came after `applied`, which is what it holds now.

        None if there is nothing later, or no history to ask. Never raises.
        """
        ...

    def last_runs(self, applied: Applied, most: int) -> Sequence[PastRun]:
        """Return the runs that led to `applied`, which is what the store holds now, newest first.

        Empty if the store does not keep them. Never raises.
        """
        ...

    def lock(self, holder: LockInfo) -> AbstractContextManager[StateWriter]:
        """Hold the only right to write until the context ends, which folds the journal into the document.

        Raises LockedError, naming the holder, if another has it; else as `load`.
        """
        ...

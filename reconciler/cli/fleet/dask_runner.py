"""Orders carried out by Dask: a task each, which is a reference to our function, and bytes in and out.

Workers must have the same version of this program; nothing of it travels. Who can reach a Dask scheduler can run
anything on its workers: docs/fleet.md says how to keep it closed.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

from reconciler.cli.fleet.account_order import VERSION
from reconciler.cli.fleet.account_task import run_account, stop_accounts
from reconciler.cli.fleet.task_runner import TICK, Lost, Signals
from reconciler.errors import FleetError, ReconcilerError, StoppedError
from reconciler.uptime import uptime

if TYPE_CHECKING:
    from distributed import Client, Future, Security

_Came = TypeVar("_Came")
_log = logging.getLogger(__name__)
_PATIENCE = 10.0  # seconds for a scheduler to answer
_PAUSE = 0.2  # seconds between two tries to reach a scheduler
_FOR_WORKERS = 60.0  # seconds for a first worker to be there
_COUNTED = 5.0  # seconds between two looks at how many workers there are
_AHEAD = 2  # orders for each that can be worked on
_NOT_BEGUN = (ImportError, AttributeError)  # a worker that does not have the function


class DaskRunner:
    """A TaskRunner on a scheduler; `run` is the same for all orders of a command."""

    def __init__(self, client: Client, run: str) -> None:
        self._client = client
        self._run = run
        self._futures: dict[str, Future[bytes]] = {}
        self._keys: dict[str, str] = {}
        self._ended: SimpleQueue[str] = SimpleQueue()
        self._stopping: Thread | None = None
        self._room = 0
        self._workers: frozenset[str] | None = None
        self._counting: Thread | None = None
        self._counted = float("-inf")

    def room(self) -> int:
        """Return how many orders may be under way: as many as the workers have threads, and as many again."""
        self._look_for_workers()
        return self._room

    def begin(self, name: str, order: bytes) -> None:
        """Submit a task."""
        if self._client.status != "running":
            raise FleetError("the scheduler is gone: it does not answer any more")
        # A key of its own for each: for one that it knows, a scheduler answers what came of it before.
        self._keys[name] = f"{name} {uuid4().hex[:12]}"
        future = self._client.submit(run_account, VERSION, order, key=self._keys[name], pure=False)
        self._futures[name] = future
        future.add_done_callback(lambda _: self._ended.put(name))

    def wait(self, seconds: float) -> tuple[str, bytes | ReconcilerError | Lost] | None:
        """Return what came of a task."""
        self._look_for_workers()
        try:
            name = self._ended.get(timeout=seconds)
        except Empty:
            return None
        future = self._futures.pop(name)
        try:
            return name, bytes(future.result())
        except _NOT_BEGUN as error:
            return name, FleetError(f"a worker cannot run {VERSION} ({error}): install it there, the same version")
        except Exception as error:  # noqa: BLE001  Dask has no tree of errors
            return name, Lost(_in_words(error))
        finally:
            future.release()

    def was_repeated(self, name: str) -> bool:
        """Tell by the scheduler's log whether a task was given to a worker more than once; True if that is unknown."""
        try:
            scheduler = self._client.scheduler
            story = self._client.sync(scheduler.get_story, keys_or_stimuli=[self._keys[name]]) if scheduler else ()
        except Exception:  # noqa: BLE001  likewise
            return True
        return [transition[2] for transition in story].count("processing") != 1

    def stop(self, signal: int) -> None:
        """Tell all workers; those that join later are told by the next call. One that hangs keeps nobody waiting."""
        if self._client.status == "running" and not (self._stopping and self._stopping.is_alive()):
            self._stopping = Thread(target=self._tell_to_stop, args=(signal,), daemon=True)
            self._stopping.start()

    def _look_for_workers(self) -> None:
        """Count the workers now and then. A scheduler that hangs keeps nobody waiting."""
        if uptime() - self._counted > _COUNTED and not (self._counting and self._counting.is_alive()):
            self._counted = uptime()
            self._counting = Thread(target=self._count_workers, daemon=True)
            self._counting.start()
            self._counting.join(TICK)

    def _count_workers(self) -> None:
        with suppress(Exception):  # a scheduler that is gone is told by what was under way
            threads = self._client.nthreads()
            before, self._workers = self._workers, frozenset(threads)
            self._room = _AHEAD * sum(threads.values())
            for gone in sorted((before or frozenset()) - self._workers):
                _log.warning("worker %s is gone: others take up its accounts, as soon as its leases have ended", gone)
            if before != self._workers == frozenset():
                _log.warning("no worker is there at the moment: waiting until one comes back")

    def _tell_to_stop(self, signal: int) -> None:
        with suppress(Exception):  # likewise
            self._client.run(stop_accounts, self._run, signal, on_error="ignore")


def _in_words(error: Exception) -> str:
    kind = type(error).__name__
    if kind == "KilledWorker":
        return "each worker that took up this account was lost"
    return "the connection to the scheduler was lost" if "Cancelled" in kind else f"{kind}: {error}"


@contextmanager
def connected(
    address: str,
    seconds: float | None,
    signals: Signals,
    security: Security | None = None,
    lacking: Callable[[], str] = lambda: "Start some with: dask worker ADDRESS --nthreads 64",
) -> Iterator[Client]:
    """Connect to a scheduler that has a worker. Raises FleetError, and StoppedError after a signal.

    `lacking` says what to do if there is no worker.
    """
    patience = seconds or _PATIENCE
    try:
        _in_time(lambda: _check_reachable(address, patience), 2 * patience, signals)
        quiet()
        from distributed import Client

        client = _in_time(
            lambda: Client(address, timeout=patience, set_as_default=False, security=security), 2 * patience, signals
        )
    except (FleetError, StoppedError):
        raise
    except Exception as error:
        raise _no_scheduler(address, str(error)) from error
    try:
        for_workers = seconds or _FOR_WORKERS
        try:
            _in_time(lambda: client.wait_for_workers(1, timeout=for_workers), 2 * for_workers, signals)
        except TimeoutError as error:
            raise FleetError(
                f"--dask {address}: the scheduler has no workers. Nothing was sent. {lacking()}"
            ) from error
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=_PATIENCE)


def _in_time(work: Callable[[], _Came], seconds: float, signals: Signals) -> _Came:
    """Return what comes of it, unless a signal comes first.

    Dask itself hears no signal, and waits for ever for the first word of what only listens.
    """
    ended: SimpleQueue[_Came | Exception] = SimpleQueue()

    def tell() -> None:
        try:
            ended.put(work())
        except Exception as error:  # noqa: BLE001  raised below
            ended.put(error)

    Thread(target=tell, daemon=True).start()
    until = uptime() + seconds
    while uptime() < until:
        if signals.signal is not None:
            raise StoppedError(signals.signal)
        with suppress(Empty):
            came = ended.get(timeout=TICK)
            if isinstance(came, Exception):
                raise came
            return came
    raise TimeoutError("it listens, but says nothing")


def _check_reachable(address: str, seconds: float) -> None:
    """Wait until somebody listens there, as a scheduler that was just started; Dask would not say why it failed."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    until = uptime() + seconds
    while True:
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=seconds).close()
        except (OSError, OverflowError) as error:
            if uptime() + _PAUSE > until:
                why = (error.strerror if isinstance(error, OSError) else "") or str(error)
                raise _no_scheduler(address, why) from error
            time.sleep(_PAUSE)
        else:
            return


def _no_scheduler(address: str, why: str) -> FleetError:
    tls = "" if address.startswith("tls://") else ", and does it begin with tls:// if the scheduler uses TLS"
    return FleetError(
        f"--dask {address}: no scheduler answers there ({' '.join(why.split())[:300]}). Nothing was sent. Is it "
        f"running (`dask scheduler`), and is its address right{tls}?"
    )


def quiet() -> None:
    """Let Dask log nothing: what matters is said in this program's words."""
    import dask

    dask.config.set({"logging": {"distributed": "critical", "distributed.client": "critical"}})
    for name in ("distributed", "distributed.client", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)

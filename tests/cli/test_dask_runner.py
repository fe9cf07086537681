"""What a Dask client does and says, as orders and answers of a fleet; the real one is in test_dask.py."""

from __future__ import annotations

import argparse
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from logging.handlers import BufferingHandler
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import cast

import pytest

from reconciler.cli.fleet import dask_runner, local_workers, opening
from reconciler.cli.fleet.dask_runner import DaskRunner
from reconciler.cli.fleet.task_runner import Lost
from reconciler.cli.wiring import Chosen
from reconciler.engine.workspaces import PlanMetadata
from reconciler.errors import FleetError, StoppedError, UsageError
from reconciler.manifest import Manifest
from tests.cli.fleets import Signalled


class KilledWorker(Exception):  # noqa: N818 - as Dask names it
    """Named as Dask's own."""


class CancelledError(Exception):
    """Likewise."""


@dataclass
class FakeFuture:
    came: bytes | Exception
    released: bool = False

    def add_done_callback(self, tell: Callable[[object], None]) -> None:
        tell(self)

    def result(self) -> bytes:
        if isinstance(self.came, Exception):
            raise self.came
        return self.came

    def release(self) -> None:
        self.released = True


@dataclass
class FakeClient:
    """A client whose tasks end at once: `came` holds what comes of each."""

    came: list[bytes | Exception] = field(default_factory=list)
    status: str = "running"
    threads: dict[str, int] = field(default_factory=lambda: {"a": 4, "b": 2})
    story: list[tuple[str, str, str]] = field(default_factory=lambda: [("key", "waiting", "processing")])
    keys: list[str] = field(default_factory=list)
    told: list[tuple[object, ...]] = field(default_factory=list)
    scheduler: object = field(default_factory=lambda: SimpleNamespace(get_story=None))

    def submit(self, *_: object, key: str, pure: bool) -> FakeFuture:
        assert not pure
        self.keys.append(key)
        return FakeFuture(self.came.pop(0))

    def nthreads(self) -> dict[str, int]:
        return self.threads

    def sync(self, _: object, keys_or_stimuli: list[str]) -> list[tuple[str, str, str]]:
        if self.status != "running":
            raise OSError
        assert keys_or_stimuli == self.keys[-1:]
        return self.story

    def run(self, *told: object, on_error: str) -> None:
        assert on_error == "ignore"
        self.told.append(told)


def runner(client: FakeClient) -> DaskRunner:
    return DaskRunner(client, "run")  # type: ignore[arg-type]


def test_as_many_orders_are_under_way_as_there_are_threads_and_as_many_again() -> None:
    assert runner(FakeClient()).room() == 12


def test_a_fleet_without_workers_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_runner, "_COUNTED", 0.0)
    said = BufferingHandler(10)
    monkeypatch.setattr(dask_runner._log, "handlers", [said])
    alone = runner(FakeClient(threads={}))
    assert [alone.room(), alone.room()] == [0, 0]
    assert ["no worker is there" in record.getMessage() for record in said.buffer] == [True]


def test_workers_that_go_are_named_while_their_accounts_are_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_runner, "_COUNTED", 0.0)
    said = BufferingHandler(10)
    monkeypatch.setattr(dask_runner._log, "handlers", [said])
    client = FakeClient()
    left = runner(client)
    assert left.room() == 12
    client.threads = {"b": 2}
    assert [left.wait(0), left.wait(0)] == [None, None]
    assert left.room() == 4
    assert [record.getMessage().split(":")[0] for record in said.buffer] == ["worker a is gone"]


def test_a_scheduler_that_hangs_holds_up_no_look_at_signals() -> None:
    hanging = Event()
    client = FakeClient()
    client.nthreads = lambda: {"late": 1 + hanging.wait(60)}  # type: ignore[method-assign]
    held = runner(client)
    assert (held.room(), held.wait(0), held.room()) == (0, None, 0)
    hanging.set()


def test_a_name_that_is_looked_up_for_ever_ends_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """How long the system looks for a host, no option of a connection bounds."""
    hanging = Event()
    monkeypatch.setattr(dask_runner, "_check_reachable", lambda *_: hanging.wait(60))
    with (
        pytest.raises(FleetError, match="no scheduler answers there"),
        dask_runner.connected("tcp://h.test:1", 0.1, Signalled()),
    ):
        pytest.fail("connected")
    hanging.set()


def test_the_same_account_never_has_the_same_key_twice() -> None:
    """For a key that it knows, a scheduler answers what came of it before."""
    client = FakeClient([b"planned", b"applied"])
    by = runner(client)
    for number, came in enumerate((b"planned", b"applied"), 1):
        by.begin("account", b"order")
        assert by.wait(0) == ("account", came)
        assert len(set(client.keys)) == number
    assert by.wait(0) is None


@pytest.mark.parametrize(
    ("error", "came"),
    [
        (KilledWorker(), Lost("each worker that took up this account was lost")),
        (CancelledError(), Lost("the connection to the scheduler was lost")),
        (ValueError("odd"), Lost("ValueError: odd")),
    ],
)
def test_what_does_not_come_back_is_lost(error: Exception, came: Lost) -> None:
    by = runner(FakeClient([error]))
    by.begin("account", b"order")
    assert by.wait(0) == ("account", came)


def test_a_worker_without_the_program_did_nothing() -> None:
    by = runner(FakeClient([ModuleNotFoundError("No module named 'reconciler'")]))
    by.begin("account", b"order")
    _, came = by.wait(0) or ("", b"")
    assert isinstance(came, FleetError)
    assert "install it there" in str(came)


def test_nothing_is_handed_to_a_scheduler_that_is_gone() -> None:
    by = runner(FakeClient(status="connecting"))
    with pytest.raises(FleetError, match="scheduler is gone"):
        by.begin("account", b"order")
    by.stop(2)


def test_an_order_that_two_workers_had_may_have_been_begun_twice() -> None:
    client = FakeClient([b"", b""])
    by = runner(client)
    by.begin("account", b"order")
    assert not by.was_repeated("account")
    client.story *= 2
    assert by.was_repeated("account")
    client.status = "closed"
    assert by.was_repeated("account")


def test_all_workers_are_told_to_stop() -> None:
    client = FakeClient()
    by = runner(client)
    by.stop(15)
    assert by._stopping
    by._stopping.join()
    assert [told[1:] for told in client.told] == [("run", 15)]


def refused(state: str, address: str) -> str:
    chosen = Chosen(Manifest(Path("lists.yaml"), {}, state, {}), (), ())
    options = argparse.Namespace(dask=address, timeout=0.2)
    with (
        pytest.raises((UsageError, FleetError)) as error,
        opening.open_fleet(chosen, PlanMetadata("0", "", {}), options, Signalled()),
    ):
        pass
    return str(error.value)


def test_a_state_in_a_folder_is_for_one_machine() -> None:
    assert "is a folder, which the workers do not have" in refused(".reconciler", "tcp://scheduler:8786")


def test_what_is_not_installed_is_said_with_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_spec", lambda name: cast("object", None) if name == "distributed" else name)
    assert "needs distributed" in refused("s3://bucket/lists", "tcp://scheduler:8786")
    assert "with the extra fleet (docs/install.md)" in refused("s3://bucket/lists", "local:2")


def test_a_signal_ends_the_wait_for_a_scheduler() -> None:
    opened = dask_runner.connected("tcp://127.0.0.1:1", 60.0, Signalled(signal.SIGINT))
    with pytest.raises(StoppedError, match="SIGINT") as error, opened:
        pass
    assert error.value.exit_code == 130


def test_workers_that_do_not_end_go_with_all_that_they_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_workers, "_GRACE", 0.1)
    hold = ["sh", "-c", "trap '' TERM; sleep 600 & echo begun; wait"]
    with subprocess.Popen(hold, start_new_session=True, stdout=subprocess.PIPE) as workers:
        assert workers.stdout
        assert workers.stdout.readline() == b"begun\n"
        local_workers._end(workers)
        assert workers.stdout.read() == b""  # nobody holds it open any more
    assert workers.returncode == -signal.SIGKILL

"""`--dask` with a real scheduler, real workers, S3 by moto, and workers that are killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.sandbox.faults import Delay, Status
from reconciler.sandbox.server import CLIENT_ID, CLIENT_SECRET
from reconciler.state.backends.clouds import bucket
from tests.cli.dask_cluster import DaskCluster, dask_cluster, ended, recorded
from tests.cli.fleets import Accounts, accounts
from tests.state.servers import in_place

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
STATE = "s3://bucket/lists"
GIT_NAMES = ("-c", "user.name=Tests", "-c", "user.email=tests@example.com")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Accounts]:
    with accounts(tmp_path, 3) as made:
        made.declare(state=f"{STATE}/{tmp_path.name.replace('_', '-')}")
        yield made


@pytest.fixture
def cluster(tmp_path: Path, place: Accounts, s3_server: Mapping[str, str]) -> Iterator[DaskCluster]:
    secrets = {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET}
    with dask_cluster(tmp_path, {**s3_server, **secrets}) as made:
        yield made


def outcomes(document: Mapping[str, object]) -> list[list[str]]:
    environments = json.loads(json.dumps(document))["environments"]
    return [[outcome["outcome"] for outcome in each["outcomes"]] for each in environments]


def test_processes_of_this_machine_do_what_one_process_does(place: Accounts, cluster: DaskCluster) -> None:
    (cluster.folder / "distributed.py").write_text("raise SystemExit('what lies in a checkout is not run')")
    ran = cluster.run("apply", "--yes", "--all-envs", "--json", "--dask", "local:2", "--undo-out", "undo.json")
    assert ran.code == 0, ran.err
    assert outcomes(ran.document) == [["updated"] * 3] * 3
    assert [len(sandbox.world.writes) for sandbox in place.sandboxes] == [3, 3, 3]
    again = cluster.run("plan", "--all-envs", "--refresh", "--detailed-exitcode")
    assert again.code == 0, again.out
    back = cluster.run("apply", "undo.json", "--yes", "--json", "--dask", "local:1")
    assert back.code == 0, back.err
    assert outcomes(back.document) == [["updated"] * 3] * 3


def wait_until(happened: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def documents(variables: Mapping[str, str], folder: Path) -> list[list[str]]:
    """Return the status of each list in the states, as the store has them."""
    with in_place(variables):
        objects = bucket(f"{STATE}/{folder.name.replace('_', '-')}", os.environ)
        found = [objects.get(f"e{number}.state.json") for number in range(3)]
    return [[each["status"] for each in json.loads(one.content)["lists"].values()] for one in found if one]


def test_a_worker_that_is_killed_costs_nothing_but_time(place: Accounts, cluster: DaskCluster) -> None:
    """It dies with a PUT on its way, which even lands after its death; its accounts are taken up by another."""
    cluster.start_scheduler()
    first = cluster.start_worker()
    world = place.sandboxes[0].world
    world.faults.arm([Delay(call="put", at=2, seconds=5)])
    command = ["apply", "--yes", "--all-envs", "--json", "--undo-out", "undo.json", "--dask", cluster.address]
    with cluster.start(*command) as running:
        wait_until(lambda: len(world.log.puts()) == 2)
        first.kill()
        cluster.start_worker()
        ran = ended(running)
    assert ran.code == 0, ran.err
    assert {kind for each in outcomes(ran.document) for kind in each} <= {"updated", "adopted"}
    assert "is gone: others take up its accounts, as soon as its leases have ended" in ran.err
    assert documents(cluster.variables, cluster.folder) == [["applied"] * 3] * 3
    undo = json.loads((cluster.folder / "undo.json").read_text())
    assert [len(each["changes"]) for each in undo["environments"]] == [3, 3, 3]
    assert [write.list_id for write in world.writes] == [f"cl-{number:07x}-0000" for number in (1, 2, 3)]


def test_a_worker_that_was_cut_off_writes_nothing_any_more(place: Accounts, cluster: DaskCluster) -> None:
    """It stands still until the scheduler gives its account to another; when it goes on, its lease is gone."""
    cluster.variables["DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL"] = "3s"
    cluster.start_scheduler()
    first = cluster.start_worker()
    world = place.sandboxes[0].world
    world.faults.arm([Delay(call="put", seconds=10, when="after")])
    with cluster.start("apply", "--yes", "--env", "e0", "--json", "--dask", cluster.address) as running:
        wait_until(world.log.puts)
        first.send_signal(signal.SIGSTOP)
        cluster.start_worker()
        ran = ended(running)
    assert ran.code == 0, ran.err
    sent = len(world.log.puts())
    first.send_signal(signal.SIGCONT)
    assert first.wait(60) is not None
    assert len(world.log.puts()) == sent == 3


def test_an_interrupt_stops_what_is_under_way_in_order(place: Accounts, cluster: DaskCluster) -> None:
    cluster.start_scheduler()
    cluster.start_worker(threads=1)
    world = place.sandboxes[0].world
    world.faults.arm([Delay(call="put", seconds=8)])
    with cluster.start("apply", "--yes", "--all-envs", "--json", "--dask", cluster.address) as running:
        wait_until(world.log.puts)
        running.send_signal(signal.SIGINT)
        ran = ended(running)
    assert ran.code == 130, ran.err
    assert outcomes(ran.document) == [["updated", "not_sent", "not_sent"], ["not_sent"] * 3, ["not_sent"] * 3]
    assert documents(cluster.variables, cluster.folder)[0] == ["applied"]


def test_a_scheduler_that_goes_away_leaves_a_truthful_result(place: Accounts, cluster: DaskCluster) -> None:
    cluster.start_scheduler()
    cluster.start_worker(threads=1)
    world = place.sandboxes[0].world
    world.faults.arm([Delay(call="put", at=2, seconds=5)])
    with cluster.start("apply", "--yes", "--all-envs", "--json", "--dask", cluster.address) as running:
        wait_until(lambda: len(world.log.puts()) == 2)
        assert cluster.scheduler
        cluster.scheduler.kill()
        ran = ended(running)
    assert ran.code == 3, ran.err
    # One account for the thread, and one ahead, were handed over.
    assert outcomes(ran.document) == [["in_doubt"] * 3, ["in_doubt"] * 3, ["not_sent"] * 3]
    assert "scheduler" in ran.out
    for worker in cluster.workers:
        worker.wait(60)
    again = cluster.run("apply", "--yes", "--all-envs", "--json")
    assert again.code == 0, again.err
    assert documents(cluster.variables, cluster.folder) == [["applied"] * 3] * 3


def test_a_branch_holds_the_states_of_workers_in_a_clone(place: Accounts, cluster: DaskCluster, tmp_path: Path) -> None:
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *GIT_NAMES, *command], cwd=tmp_path, check=True)
    place.declare(state="git+branch://states")
    ran = cluster.run("apply", "--yes", "--all-envs", "--json", "--dask", "local:2")
    assert ran.code == 0, ran.err
    assert outcomes(ran.document) == [["updated"] * 3] * 3
    again = cluster.run("plan", "--all-envs", "--detailed-exitcode", "--dask", "local:1")
    assert again.code == 0, again.out + again.err


def test_nothing_secret_is_on_the_wire_or_in_a_log(place: Accounts, cluster: DaskCluster) -> None:
    cluster.start_scheduler()
    place.sandboxes[2].world.faults.arm([Status(call="read_all", status=401, times=0)])
    with recorded(cluster.port) as wire:
        behind = f"tcp://127.0.0.1:{wire.port}"
        cluster.start_worker(address=behind)
        ran = cluster.run("apply", "--yes", "--env", "e0", "--env", "e1", "--json", "--dask", behind)
        assert ran.code == 0, ran.err
        failing = cluster.run("plan", "--refresh", "--env", "e2", "--dask", behind)
        assert failing.code == 1
    said = b"".join(wire.seen) + cluster.logs() + (ran.out + ran.err + failing.out + failing.err).encode()
    assert b"Alpha 1" in said
    secrets = [CLIENT_ID, CLIENT_SECRET, cluster.variables["AWS_SECRET_ACCESS_KEY"], "eyJ"]
    assert [secret for secret in secrets if secret.encode() in said] == []


def test_what_cannot_be_used_is_said_before_anything_is_sent(place: Accounts, cluster: DaskCluster) -> None:
    plan = ["plan", "--refresh", "--all-envs", "--dask", cluster.address, "--timeout"]
    nobody = cluster.run(*plan, "3")
    assert (nobody.code, "no scheduler answers" in nobody.err) == (1, True), nobody.err
    with socket.create_server(("127.0.0.1", cluster.port)):
        silent = cluster.run(*plan, "3")
        assert (silent.code, "it listens, but says nothing" in silent.err) == (1, True), silent.err
    cluster.start_scheduler()
    idle = cluster.run(*plan, "10")
    assert (idle.code, "has no workers" in idle.err) == (1, True), idle.err
    greeted = cluster.logs().count(b"Receive client")
    with cluster.start("plan", "--all-envs", "--dask", cluster.address) as waiting:
        wait_until(lambda: cluster.logs().count(b"Receive client") > greeted)
        waiting.send_signal(signal.SIGINT)
        stopped = ended(waiting)
    assert (stopped.code, "stopped by SIGINT" in stopped.err) == (130, True), stopped.err
    other = cluster.start_worker(VERSION_OF_TEST="reconciler 0.0.1, Python 3.11")
    outdated = cluster.run(*plan, "60")
    assert (outdated.code, "install the same" in outdated.err) == (1, True), outdated.err
    other.kill()
    other.wait()
    cluster.start_worker(KORE_CLIENT_ID="")
    unknown = cluster.run("apply", "--yes", "--all-envs", "--dask", cluster.address)
    assert (unknown.code, "on the worker" in unknown.err) == (1, True), unknown.err
    place.declare(state=".reconciler")
    folder = cluster.run(*plan, "60")
    assert (folder.code, "is a folder" in folder.err) == (1, True), folder.err
    assert not any(sandbox.world.writes for sandbox in place.sandboxes)

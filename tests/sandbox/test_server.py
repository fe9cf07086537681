"""The server as a context: quick to come, quick to go, and nothing left."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.errors import UsageError
from reconciler.sandbox.accounts import Account, ContactList
from reconciler.sandbox.faults import Delay, Fault, Hang
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings
from tests.sandbox.client import LISTS, client_of, eventually

KILLED = """
import http.client, os, sys, json, signal
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.request("PUT", sys.argv[2], b'{"name": "New"}', json.loads(sys.argv[3]))
os.kill(os.getpid(), signal.SIGKILL)
"""


def held() -> set[object]:
    """Return the threads and the open files of this process; those of earlier tests may go at any time."""
    return {*threading.enumerate(), *Path("/dev/fd").iterdir()}


def test_it_comes_and_goes_quickly_and_leaves_nothing() -> None:
    with Sandbox(lists=LISTS) as sandbox:
        client_of(sandbox).read_all()
    before, times = held(), []
    for _ in range(10):
        start = time.monotonic()
        with Sandbox(lists=LISTS) as sandbox:
            client_of(sandbox).read_all()
        times.append(time.monotonic() - start)
    assert min(times) < 1
    assert held() <= before


def test_it_goes_quickly_with_requests_in_work_and_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    faults: list[Fault] = [
        Hang(call="put"),
        Delay(call="read", seconds=60),
        Delay(call="read", seconds=60, when="after", at=2),
    ]
    with ThreadPoolExecutor() as pool, Sandbox(lists=LISTS, faults=faults) as sandbox:
        client = client_of(sandbox)
        waiting = [
            pool.submit(client.put, "cl-1", name="New"),
            pool.submit(client.read_all),
            pool.submit(client.read_all),
        ]
        while len(sandbox.world.log.entries) < 3:
            time.sleep(0.005)
        start = time.monotonic()
        sandbox.__exit__(None, None, None)
        assert time.monotonic() - start < 50
        assert all(isinstance(each.exception(), ConnectionError) for each in waiting)
        sandbox.__enter__()
    assert capfd.readouterr() == ("", "")


def test_a_port_that_is_taken_is_an_error_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(UsageError) as caught, Sandbox(port=port):
            pass
        expected = f"port {port} on 127.0.0.1 cannot be used: Address already in use; give another, or 0 for a free one"
        assert str(caught.value) == expected


def test_a_port_can_be_used_again_at_once() -> None:
    with Sandbox(lists=LISTS) as sandbox:
        client_of(sandbox).read_all()
    with Sandbox(lists=LISTS, port=sandbox.port) as again:
        assert again.url == sandbox.url == f"http://127.0.0.1:{sandbox.port}"
        assert client_of(again).read_all().status == 200


def test_many_sandboxes_serve_side_by_side() -> None:
    with Sandbox(lists=LISTS) as one, Sandbox() as other:
        assert (len(client_of(one).read_all().lists), len(client_of(other).read_all().lists)) == (2, 0)


def test_many_accounts_have_lists_and_streams_of_their_own() -> None:
    accounts = [
        Account.of([ContactList("cl-1", {"name": f"List {n}"})], f"a{n}", (f"st-{n}", "st-all")) for n in range(300)
    ]
    with Sandbox(accounts=accounts) as sandbox:
        for n in (0, 7, 299):
            assert client_of(sandbox, f"a{n}", f"st-{n}").put("cl-1", name=f"New {n}").status == 200
            assert client_of(sandbox, f"a{n}", "st-all").read("cl-1").data["name"] == f"New {n}"
        assert client_of(sandbox, "a1", "st-7").read("cl-1").status == 401
        assert sandbox.world.lists("a1")["cl-1"].name == "List 1"


def test_writes_at_one_time_all_land() -> None:
    lists = [ContactList(f"cl-{n}", {"name": f"List {n}"}) for n in range(40)]
    with Sandbox(settings=Settings(limit=0), lists=lists) as sandbox, ThreadPoolExecutor(8) as pool:
        client = client_of(sandbox)
        answers = pool.map(lambda n: client.put(f"cl-{n}", name=f"New {n}").status, range(40))
        assert set(answers) == {200}
        assert {each.name for each in sandbox.world.lists().values()} == {f"New {n}" for n in range(40)}
        assert len(sandbox.world.writes) == len(sandbox.world.log.puts()) == 40


def test_a_client_killed_in_the_middle_does_no_harm() -> None:
    with Sandbox(settings=Settings(latency=0.1), lists=LISTS) as sandbox:
        client = client_of(sandbox)
        arguments = [str(sandbox.port), client.path("cl-1"), json.dumps(client.headers())]
        killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
        assert killed.returncode == -9
        assert eventually(lambda: [entry.status for entry in sandbox.world.log.entries] == [200])
        assert client.read("cl-1").data["name"] == "New"
        assert [entry.status for entry in sandbox.world.log.entries] == [200, 200]

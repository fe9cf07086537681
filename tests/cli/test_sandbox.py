"""`reconciler sandbox` as a process: what it prints, keeps, refuses, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from reconciler.cli.app import run
from tests.sandbox.client import Client

PROGRAM = (sys.executable, "-m", "reconciler", "sandbox")
WITHOUT_EXTRA = """
import sys
sys.modules["uvicorn"] = None
from reconciler.__main__ import main
sys.exit(main())
"""
REFUSED = [
    (["--set", "lmit=3"], "setting lmit: unknown; did you mean limit?"),
    (["--accounts", "0"], "argument --accounts: must be an integer from 1 to 9; got '0'"),
    (["--lists", "1001"], "argument --lists: must be an integer from 0 to 1,000; got '1001'"),
    (["--lists", "-1"], "argument --lists: must be an integer from 0 to 1,000; got '-1'"),
    (["--port", "1", "--data", "."], "--data .: cannot be read: Is a directory; give another file"),
    (["--port", "0", "--data", "none/lists.json"], "--data none/lists.json: cannot be written: No such file"),
    (["--port", "0", "--manifest", "."], "--manifest .: File exists; it is only written where there is none yet"),
    (["--port", "65536"], "argument --port: must be an integer from 0 to 65,535; got '65536'"),
]


def finished(arguments: Sequence[str], cwd: Path, program: Sequence[str] = PROGRAM) -> subprocess.CompletedProcess[str]:
    command = [*program, *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


@contextmanager
def running(cwd: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A sandbox on a free port, and the four lines it says."""
    command = [*PROGRAM, "--port", "0", *arguments]
    with subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process, [process.stdout.readline().rstrip("\n") for _ in range(4)]
        finally:
            process.terminate()
            process.wait(60)


def client(lines: list[str]) -> Client:
    return Client(int(lines[0].partition(" with ")[0].rpartition(":")[2]))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGHUP, 129), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_says_where_it_is_serves_and_ends_in_order(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with running(tmp_path, "--lists", "7") as (process, lines):
        sandbox = client(lines)
        assert lines == [
            f"Sandbox at http://127.0.0.1:{sandbox.port} with 7 contact lists; stop it with Ctrl-C",
            "stream_id st-5a4db0c5-0000-4000-8000-000000000001, account_id 5a4db0c50000000000000001",
            "export KORE_CLIENT_ID=cs-5a4db0c5-0000-4000-8000-000000000002",
            "export KORE_CLIENT_SECRET=sandbox-only-this-secret-opens-nothing-but-a-sandbox-on-loopback-0001",
        ]
        assert len(sandbox.read_all().lists) == 7
        process.send_signal(number)
        assert process.wait(60) == code
        assert process.stderr
        assert process.stderr.read() == ""
    assert list(tmp_path.iterdir()) == []


def test_several_accounts_are_named_and_kept(tmp_path: Path) -> None:
    with running(tmp_path, "--lists", "3", "--accounts", "2", "--data", "lists.json") as (_, lines):
        assert lines[0].endswith(" with 6 contact lists in 2 accounts; stop it with Ctrl-C")
        assert lines[2] == "stream_id st-5a4db0c5-0000-4000-8000-000000000002, account_id 5a4db0c50000000000000002"
    assert (tmp_path / "lists.json").read_text(encoding="utf-8").count('"name"') == 6


def test_switches_are_set(tmp_path: Path) -> None:
    with running(tmp_path, "--set", "limit=1", "--set", "check_token=off") as (_, lines):
        assert [client(lines).read_all().status for _ in range(2)] == [200, 429]


def test_the_data_file_outlives_a_kill(tmp_path: Path) -> None:
    with running(tmp_path, "--data", "lists.json", "--lists", "3") as (process, lines):
        first = str(client(lines).read_all().lists[0]["_id"])
        assert client(lines).put(first, name="New").status == 200
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
    with running(tmp_path, "--data", "lists.json", "--lists", "9") as (_, lines):
        assert client(lines).read_all().lists[0]["name"] == "New"
        assert len(client(lines).read_all().lists) == 3
    assert [each.name for each in tmp_path.iterdir()] == ["lists.json"]


def test_the_manifest_is_written_once_and_fits(tmp_path: Path) -> None:
    with running(tmp_path, "--manifest", "lists.yaml", "--lists", "3") as (_, lines):
        manifest = yaml.safe_load((tmp_path / "lists.yaml").read_text(encoding="utf-8"))
        assert manifest["environments"]["sandbox"]["host"] == f"http://127.0.0.1:{client(lines).port}"
        live = {each["_id"]: each["name"] for each in client(lines).read_all().lists}
        assert {each["id"]: each["name"] for each in manifest["lists"].values()} == live
    before = (tmp_path / "lists.yaml").read_bytes()
    again = finished(["--port", "0", "--manifest", "lists.yaml"], tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert "--manifest lists.yaml: File exists" in again.stderr
    assert (tmp_path / "lists.yaml").read_bytes() == before


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_cannot_be_meant_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["sandbox", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, err.startswith(f"error: {message}")) == ("", True), err


def test_without_its_extra_it_says_how_to_get_it(tmp_path: Path) -> None:
    program = (sys.executable, "-c", WITHOUT_EXTRA, "sandbox")
    ended = finished(["--port", "0"], tmp_path, program)
    assert ended.returncode == 1
    assert (
        ended.stderr
        == "error: the sandbox needs uvicorn: install again with the extra sandbox (docs/install.md) [USAGE]\n"
    )
    assert finished(["--settings"], tmp_path, program).returncode == 0


def test_the_switches_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sandbox", "--settings"]) == 0
    out, err = capsys.readouterr()
    assert (out[:9], err) == ("limit=60 ", "")

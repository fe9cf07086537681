"""The figures of docs/fleet.md are those that `make bench-fleet` kept, and the bench still runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.fleet import figures
from benchmarks.fleet.processes import Watch
from tests.program import REPOSITORY, UNMEASURED


def test_the_tables_are_made_of_what_was_measured() -> None:
    page = figures.PAGE.read_text(encoding="utf-8")
    kept = json.loads(figures.KEPT.read_text(encoding="utf-8"))
    assert figures.page_with(page, kept) == page
    assert {way["truth"]["limit_answers"] for way in kept["applies"].values()} == {0}


@pytest.mark.slow
def test_a_small_fleet_is_measured() -> None:
    command = [sys.executable, "-m", "benchmarks.fleet", "--accounts", "20", "--lists", "3", "--here"]
    command += ["--only", "applies", "--only", "objects"]
    ran = subprocess.run(command, cwd=REPOSITORY, env=UNMEASURED, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "4 workers, 5 % of them killed" in ran.stdout


def test_what_a_process_and_its_children_take_is_seen() -> None:
    work = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'bytearray(90_000_000); input()'])"
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, env=UNMEASURED) as running:
        watch = Watch(running.pid)
        while not any(taken.memory > 90 for taken in watch.of("other")):
            assert running.poll() is None
        running.communicate(b"\n")
        watch.stop()
    (command,) = watch.of("command")
    assert 0 < command.memory < 90

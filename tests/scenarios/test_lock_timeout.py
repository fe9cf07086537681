"""`apply --lock-timeout`: another run's lock is waited for, by the real program."""

from __future__ import annotations

import subprocess
from pathlib import Path

from reconciler.model.lists import Target
from reconciler.protocols import LockInfo
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID
from reconciler.state.backends.folder import FileStore
from tests.program import PROGRAM, some_lists, workplace

OTHER = LockInfo(7, "h", "u", "c", "2026-11-22T10:00:00Z")


def test_an_apply_waits_for_the_lock_of_another_run(tmp_path: Path) -> None:
    with workplace(tmp_path, some_lists(1)) as place:
        place.declare(some_lists(1), a={"description": "New"})
        store = FileStore(tmp_path / ".reconciler", "prod", Target(place.url, STREAM_ID, ACCOUNT_ID))
        command = [*PROGRAM, "apply", "--yes", "--lock-timeout", "5"]
        with store.lock(OTHER):
            started = subprocess.Popen(command, cwd=tmp_path, env=place.variables, stderr=subprocess.PIPE, text=True)
            assert started.stderr
            said = started.stderr.readline()
        with started:
            started.communicate(timeout=90)
        assert (started.returncode, len(place.sandbox.world.writes)) == (0, 1)
        assert said.startswith("waiting at most 5 s: ")
        assert "locked by process 7" in said
        with store.lock(OTHER):
            ran = place.run("apply", "--yes", "--lock-timeout", "0.1")
        assert (ran.code, len(place.sandbox.world.writes)) == (4, 1)
        assert place.run("apply", "--yes", "--lock-timeout", "1", "--dask", "local:1").code == 1

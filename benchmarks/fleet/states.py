"""Where the state of a fleet is kept: requests to a bucket, and writers that contend for one branch."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from benchmarks import places
from benchmarks.fleet.accounts import edit, write_fleet
from benchmarks.fleet.applies import VARIABLES, double

BUCKET = "fleet"
_COMMANDS: Mapping[str, list[str]] = {
    "plan": ["plan"],
    "apply, nothing to change": ["apply", "--yes"],
    "apply, 1 change": ["apply", "--yes"],
    "drift": ["drift"],
    "state history": ["state", "history"],
}
WRITERS = (1, 2, 4, 8, 16)


def objects(binaries: Path) -> dict[str, Any]:
    """Return the requests to the bucket of each command for one environment, by how many environments it holds."""
    found: dict[str, Any] = {}
    for number in (1, 200):
        with double(2, 0.0) as url, _bucket() as (address, variables):
            (folder,) = write_fleet(places.FOLDER / "objects", url, number, 2, number)
            _keep_state_at(folder, f"s3://{BUCKET}/lists")
            variables |= {**os.environ, **VARIABLES, **variables}
            _run([binaries / "reconciler", "apply", "--yes", "--all-envs"], folder, variables)
            _asked(address)
            for turn, (name, words) in enumerate(_COMMANDS.items()):
                if name == "apply, 1 change":
                    edit(folder, turn)
                    _keep_state_at(folder, f"s3://{BUCKET}/lists")
                _run([binaries / "reconciler", *words, "--env", "env-0"], folder, variables)
                found.setdefault(name, {})[str(number)] = _asked(address)
    return found


def branch(binaries: Path) -> dict[str, Any]:
    """Return what so many writers at a time take, each with a clone and an account of its own, on one branch."""
    found: dict[str, Any] = {}
    for writers in WRITERS:
        with double(2, 0.0) as url:
            (fleet,) = write_fleet(places.FOLDER / "branch", url, writers, 2, writers)
            edit(fleet, 1)
            _keep_state_at(fleet, "git+branch://state")
            places.commit(fleet)
            _git(fleet.parent, "init", "--quiet", "--bare", "origin.git")
            clones = []
            for number in range(writers):
                clone = fleet.parent / f"clone-{number}"
                _git(fleet.parent, "clone", "--quiet", str(fleet), str(clone))
                _git(clone, "remote", "set-url", "origin", str(fleet.parent / "origin.git"))
                clones.append(clone)
            found[str(writers)] = _write_at_once(binaries, clones)
    return found


def _write_at_once(binaries: Path, clones: list[Path]) -> dict[str, float]:
    began = time.perf_counter()
    running = {}
    for number, clone in enumerate(clones):
        trace = clone.parent / f"trace-{number}"
        variables = {**os.environ, **VARIABLES, "GIT_TRACE": str(trace)}
        words: list[str | Path] = [binaries / "reconciler", "apply", "--yes", "--env", f"env-{number}"]
        running[trace] = subprocess.Popen(
            words, cwd=clone, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    ends: list[float] = []
    left = set(running.values())
    while left:
        time.sleep(0.02)
        ended = {each for each in left if each.poll() is not None}
        ends += [time.perf_counter() - began] * len(ended)
        left -= ended
    pushes = sum(trace.read_text(errors="replace").count("built-in: git push") for trace in running)
    landed = int(_git(clones[0].parent / "origin.git", "rev-list", "--count", "state"))
    failed = sum(each.returncode != 0 for each in running.values())
    return {"median": median(ends), "last": max(ends), "pushes": pushes, "refused": pushes - landed, "failed": failed}


def _keep_state_at(folder: Path, place: str) -> None:
    path = folder / "lists.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("version: 1\n", f"version: 1\nstate: {place}\n", 1))
    shutil.rmtree(folder / ".reconciler", ignore_errors=True)


def _git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def _run(words: list[str | Path], folder: Path, variables: Mapping[str, str]) -> None:
    subprocess.run(words, cwd=folder, env=variables, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _asked(address: str) -> dict[str, int]:
    with urlopen(f"{address}/_asked") as answer:  # loopback
        asked: dict[str, int] = json.load(answer)
    return asked


@contextmanager
def _bucket() -> Iterator[tuple[str, dict[str, str]]]:
    """Serve an empty bucket; yield its address, and the variables that lead to it."""
    words = [sys.executable, "-m", "benchmarks.fleet.bucket"]
    with subprocess.Popen(words, cwd=places.REPOSITORY, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout
        try:
            address = f"http://127.0.0.1:{served.stdout.readline().strip()}"
            with urlopen(Request(f"{address}/{BUCKET}", method="PUT")):  # loopback
                pass
            yield (
                address,
                {
                    "AWS_ENDPOINT_URL": address,
                    "AWS_ALLOW_HTTP": "true",
                    "AWS_ACCESS_KEY_ID": "double",
                    "AWS_SECRET_ACCESS_KEY": "double",
                    "AWS_REGION": "us-east-1",
                },
            )
        finally:
            served.kill()

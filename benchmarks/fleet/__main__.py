"""`make bench-fleet`: 10,000 accounts of 100 lists, one of each edited; the figures go to docs/fleet.md.

python -m benchmarks.fleet [--accounts N] [--lists N] [--only PART]… [--here] [--save]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.fleet import applies, figures, states
from benchmarks.fleet.accounts import write_fleet
from benchmarks.places import FOLDER, program

MANIFEST_OF = 1_000
KILLED = 0.05
A_FEW = 2
"""Manifests: each is applied by a command of its own, so more of them take as much more."""
WAYS: Mapping[str, tuple[list[str], int, int | None]] = {
    "one process": ([], 1, None),
    "1 worker": (["--dask", "local:1"], 1, A_FEW),
    "2 workers": (["--dask", "local:2"], 2, A_FEW),
    "4 workers": (["--dask", "local:4"], 4, A_FEW),
    "4 workers, 5 % of them killed": (["--dask", "local:4"], 4, None),
}
"""By name: the options, the worker processes of a command, and how many manifests are applied; None for all."""


def main() -> int:
    """Measure, print and keep."""
    options = _options()
    binaries = Path(sys.executable).parent if options.here else program()
    found: dict[str, Any] = {"accounts": options.accounts, "lists": options.lists}
    for name in options.only or PARTS:
        found[name] = PARTS[name](binaries, options)
        sys.stdout.write(f"{name}: {found[name]}\n")
        sys.stdout.flush()
    if options.save:
        figures.save(found)
    return 0


def _applies(binaries: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Apply the fleet in each way, one edit after the other."""
    taken: dict[str, Any] = {}
    with applies.double(options.lists, applies.LATENCY) as url:
        folders = write_fleet(FOLDER / "fleet", url, options.accounts, options.lists, MANIFEST_OF)
        meant: set[applies.Put] = set()
        for turn, (way, (words, workers, few)) in enumerate(WAYS.items(), start=1):
            chosen = folders[:few]
            accounts = min(options.accounts, len(chosen) * MANIFEST_OF)
            kills = max(1, round(KILLED * workers * len(chosen))) if "killed" in way else 0
            before = applies.ask_truth(url, meant)
            took = applies.apply_all(binaries, chosen, turn, words, kills)
            meant |= applies.edited_in(turn, accounts)
            truth = applies.ask_truth(url, meant)
            took.truth = {key: truth[key] - before.get(key, 0) for key in truth}
            taken[way] = {"accounts": accounts, **asdict(took)}
            sys.stdout.write(f"{way}: {taken[way]}\n")
            sys.stdout.flush()
    return taken


PARTS: Mapping[str, Callable[[Path, argparse.Namespace], dict[str, Any]]] = {
    "applies": _applies,
    "threads": lambda binaries, options: applies.threads(binaries, options.accounts, options.lists),
    "memory": lambda binaries, options: applies.memory(binaries, options.accounts, options.lists),
    "objects": lambda binaries, _: states.objects(binaries),
    "branch": lambda binaries, _: states.branch(binaries),
}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet")
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--lists", type=int, default=100, help="in each account")
    parser.add_argument("--only", action="append", default=[], choices=list(PARTS), help="only this part; repeatable")
    parser.add_argument(
        "--here", action="store_true", help="measure what is installed beside this Python, not a wheel of its own"
    )
    parser.add_argument("--save", action="store_true", help="keep the figures, and renew docs/fleet.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

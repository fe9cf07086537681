"""The figures of the fleet: kept as JSON, and written as tables into docs/fleet.md."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.places import REPOSITORY

KEPT = Path(__file__).with_name("results.json")
PAGE = REPOSITORY / "docs" / "fleet.md"


def save(found: Mapping[str, Any]) -> None:
    """Keep what was measured, beside what was not this time, and renew the page."""
    kept = {**(json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}), **found}
    kept["machine"] = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    kept["measured"] = datetime.now(UTC).date().isoformat()
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), kept), encoding="utf-8")


def page_with(page: str, kept: Mapping[str, Any]) -> str:
    """Return the page with its tables, each between marks of its own."""
    for name, table in TABLES.items():
        before, rest = page.split(f"<!-- {name} -->\n")
        _, after = rest.split(f"<!-- /{name} -->\n")
        page = f"{before}<!-- {name} -->\n\n{table(kept)}\n<!-- /{name} -->\n{after}"
    return page


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(head), *rows]
    lines.insert(1, ["---"] * len(lines[0]))  # type: ignore[arg-type]  # a list by now
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def _applies(kept: Mapping[str, Any]) -> str:
    said = (
        f"Accounts of {kept['lists']:,} lists, one list of each edited, manifests of 1,000 accounts applied one after "
        f"the other; the API answers after 50 ms. Measured {kept['measured']} by `make bench-fleet` on one machine "
        f"({kept['machine']}), which also ran the double of the API.\n\n"
    )
    head = (
        "way", "accounts", "wall", "processor time of the command", "of all workers", "for a thousand accounts",
        "memory of the command", "of one worker", "requests an account", "limit answers",
    )  # fmt: skip
    return said + _table(head, _ways(kept["applies"]))


def _ways(ways: Mapping[str, Any]) -> Iterator[list[object]]:
    for way, took in ways.items():
        accounts, workers = took["accounts"], took["workers"]
        yield [
            f"{way} ({took['killed']}; {took['repeated']} applies were repeated)" if took["killed"] else way,
            f"{accounts:,}",
            f"{took['wall']:,.0f} s",
            f"{took['command']:,.0f} s",
            f"{workers:,.0f} s" if workers else "",
            f"{(took['command'] + workers) / accounts * 1000:.1f} s",
            f"{took['command_memory']:.0f} MiB",
            f"{took['worker_memory']:.0f} MiB" if workers else "",
            f"{took['truth']['requests'] / accounts:.2f}",
            took["truth"]["limit_answers"],
        ]


def _threads(kept: Mapping[str, Any]) -> str:
    head = ("accounts at a time", "wall", "processor time", "memory")
    rows = [
        [bound, f"{took['wall']:.1f} s", f"{took['processor']:.1f} s", f"{took['memory']:.0f} MiB"]
        for bound, took in kept["threads"].items()
    ]
    return _table(head, rows)


def _memory(kept: Mapping[str, Any]) -> str:
    verbs = ("validate", "plan", "drift", "apply")
    rows = [
        [
            f"{int(number):,}",
            f"{took['manifest']:.1f} MiB",
            *(f"{took[verb][0]:.0f} MiB, {took[verb][1]:.1f} s" for verb in verbs),
        ]
        for number, took in kept["memory"].items()
    ]
    return _table(("accounts in a manifest", "its size", *(f"`{verb}`" for verb in verbs)), rows)


def _objects(kept: Mapping[str, Any]) -> str:
    kinds = ("GET", "PUT", "LIST", "DELETE")
    rows = [
        [name, *(by_size["1"].get(kind, 0) for kind in kinds), *(sum(seen.values()) for seen in by_size.values())]
        for name, by_size in kept["objects"].items()
    ]
    return _table(("command, for one environment", *kinds, "in all", "in a bucket of 200 environments"), rows)


def _branch(kept: Mapping[str, Any]) -> str:
    head = ("applies at once, 1 change each", "half ended within", "the last", "pushes", "of these refused", "failed")
    rows = [
        [writers, f"{took['median']:.1f} s", f"{took['last']:.1f} s", took["pushes"], took["refused"], took["failed"]]
        for writers, took in kept["branch"].items()
    ]
    return _table(head, rows)


TABLES = {"applies": _applies, "threads": _threads, "memory": _memory, "objects": _objects, "branch": _branch}

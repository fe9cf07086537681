"""A fleet without Dask: orders are carried out at once, in this process, or as a test says instead."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from reconciler.cli import wiring
from reconciler.cli.app import _parse
from reconciler.cli.fleet.account_order import VERSION
from reconciler.cli.fleet.account_task import run_account, stop_accounts
from reconciler.cli.fleet.by_account import Fleet
from reconciler.cli.fleet.task_runner import Lost
from reconciler.errors import ReconcilerError
from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from reconciler.sandbox.settings import Settings
from tests.program import some_lists

RUN = "run-of-a-test"


@dataclass
class InlineRunner:
    """A TaskRunner in this process. `instead` says what comes of orders by their number, from 0, in place of a task."""

    instead: Mapping[int, Callable[[bytes], bytes | ReconcilerError | Lost]] = field(default_factory=dict)
    repeated: bool = False
    seen: list[bytes] = field(default_factory=list)
    stops: list[int] = field(default_factory=list)
    _came: deque[tuple[str, bytes | ReconcilerError | Lost]] = field(default_factory=deque)

    def room(self) -> int:
        return 1

    def begin(self, name: str, order: bytes) -> None:
        number = len(self.seen)
        self.seen.append(order)
        self._came.append(
            (name, self.instead[number](order) if number in self.instead else run_account(VERSION, order))
        )

    def wait(self, seconds: float) -> tuple[str, bytes | ReconcilerError | Lost] | None:
        return self._came.popleft() if self._came else None

    def was_repeated(self, name: str) -> bool:
        return self.repeated

    def stop(self, signal: int) -> None:
        self.stops.append(signal)
        stop_accounts(RUN, signal)


@dataclass
class Signalled:
    """Which signal came, if any."""

    signal: int | None = None


@dataclass
class Accounts:
    """Sandboxes, one an account, and the manifest that means them: environments e0, e1, … with lists k1, k2 and k3."""

    folder: Path
    sandboxes: list[Sandbox]

    def declare(self, text: str = "New", policy: str = "{}", state: str = ".reconciler") -> Path:
        """Write the manifest; `text` begins the descriptions."""
        environments = "".join(
            f"  e{number}:\n    host: {each.url}\n    stream_id: {STREAM_ID}\n    account_id: '{ACCOUNT_ID}'\n"
            f"    requests_per_minute: 6000\n    policy: {policy}\n"
            for number, each in enumerate(self.sandboxes)
        )
        lists = "".join(
            f"  k{each}:\n    id: {{{', '.join(f'e{n}: cl-{each:07x}-0000' for n in range(len(self.sandboxes)))}}}\n"
            f"    name: Alpha {each}\n    description: {text} {each}\n"
            for each in range(1, 4)
        )
        path = self.folder / "lists.yaml"
        path.write_text(f"version: 1\nstate: {state}\nenvironments:\n{environments}lists:\n{lists}", encoding="utf-8")
        return path

    def fleet(self, runner: InlineRunner, *arguments: str, signals: Signalled | None = None) -> Fleet:
        """Return the fleet of a command."""
        options = _parse([*arguments, "-f", str(self.folder / "lists.yaml"), "--all-envs"])
        chosen = wiring.load_workspaces(options)
        metadata = wiring.plan_metadata(chosen.manifest, 1_800_000_000.0, options)
        return Fleet(runner, signals or Signalled(), chosen, metadata, options, shared=True, run=RUN)


@contextmanager
def accounts(folder: Path, count: int = 2) -> Iterator[Accounts]:
    """Serve so many accounts of three lists, and let this process sign in to them."""
    with ExitStack() as opened, pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("KORE", "RECONCILER"))]:
            patch.delenv(name)
        patch.setenv("KORE_CLIENT_ID", CLIENT_ID)
        patch.setenv("KORE_CLIENT_SECRET", CLIENT_SECRET)
        patch.setenv("NO_PROXY", "127.0.0.1")
        served = [opened.enter_context(Sandbox(settings=Settings(limit=0), lists=some_lists(3))) for _ in range(count)]
        yield Accounts(folder, served)

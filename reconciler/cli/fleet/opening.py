"""`--dask`: from the option to a fleet that can be given orders."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING
from uuid import uuid4

from reconciler.cli import logs
from reconciler.cli.stores import MOVE_STATE
from reconciler.errors import UsageError

if TYPE_CHECKING:
    from reconciler.cli.fleet.by_account import Fleet
    from reconciler.cli.fleet.task_runner import Signals
    from reconciler.cli.wiring import Chosen
    from reconciler.engine.workspaces import PlanMetadata

_LOCAL = "local:"
_NEEDED = ("dask", "distributed")


@contextmanager
def open_fleet(
    chosen: Chosen, metadata: PlanMetadata, options: argparse.Namespace, signals: Signals
) -> Iterator[Fleet]:
    """Connect to the workers that the options name. Raises UsageError, FleetError, StoppedError before any work."""
    address: str = options.dask
    local = address.startswith(_LOCAL)
    _check_installed((*_NEEDED, "cryptography") if local else _NEEDED)
    if "://" not in chosen.manifest.state and not local:
        raise UsageError(
            f"--dask {address}: state: {chosen.manifest.state!r} is a folder, which the workers do not have: keep the "
            f"state in an object store or on a branch. In a clone: {MOVE_STATE}"
        )
    from reconciler.cli.fleet.by_account import Fleet
    from reconciler.cli.fleet.dask_runner import DaskRunner, connected
    from reconciler.cli.fleet.local_workers import local_workers

    logs.show()
    run = uuid4().hex[:12]
    if local:
        opened = local_workers(int(address.removeprefix(_LOCAL)), signals)
    else:
        opened = connected(address, options.timeout, signals)
    with opened as client:
        yield Fleet(DaskRunner(client, run), signals, chosen, metadata, options, shared=local, run=run)


def _check_installed(needed: Sequence[str]) -> None:
    if missing := [name for name in needed if not find_spec(name)]:
        raise UsageError(f"--dask needs {', '.join(missing)}: install again with the extra fleet (docs/install.md)")

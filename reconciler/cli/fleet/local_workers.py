"""Workers for one command, as processes of this machine, with a scheduler in this one (`--dask local:N`).

Any user of the machine can reach a port of it, and whoever reaches a scheduler can run anything: so both sides show a
certificate that is made for this command. The processes have a session of their own, so that Ctrl-C comes to the
command alone, which stops them in order; they end when the scheduler does.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from reconciler.cli.fleet.dask_runner import connected, quiet
from reconciler.cli.fleet.task_runner import Signals
from reconciler.engine.per_account import THREADS

if TYPE_CHECKING:
    from distributed import Client, Security

_NO_PAGES: Mapping[str, list[str]] = {"distributed.scheduler.http.routes": []}
_GRACE = 10.0  # seconds for workers to end


@contextmanager
def local_workers(processes: int, signals: Signals) -> Iterator[Client]:
    """Start a scheduler and as many worker processes, and connect. Raises FleetError; StoppedError after a signal."""
    quiet()
    import dask
    from distributed import LocalCluster, Security

    dask.config.set(_NO_PAGES)
    security = Security.temporary()
    with (
        TemporaryDirectory(prefix="reconciler-") as folder,
        LocalCluster(n_workers=0, dashboard_address="127.0.0.1:0", security=security, silence_logs=False) as cluster,
    ):
        address = str(cluster.scheduler_address)
        # -P: nothing is imported from the working folder, which may be a checkout of somebody else's.
        command = [sys.executable, "-P", "-m", "distributed.cli.dask_worker", address]
        command += ["--nworkers", str(processes), "--nthreads", str(THREADS), "--memory-limit", "0", "--no-dashboard"]
        command += ["--local-directory", folder, "--death-timeout", "30"]
        variables = {**os.environ, **_tls(security, Path(folder)), "PYTHONSAFEPATH": "1"}
        log = Path(folder) / "workers.log"
        with log.open("wb") as said, subprocess.Popen(  # noqa: S603  # nothing of a manifest
            command, env=variables, start_new_session=True, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        ) as workers:  # fmt: skip
            try:
                with connected(address, None, signals, security, lambda: _last_words(log)) as client:
                    yield client
            finally:
                _end(workers)


def _tls(security: Security, folder: Path) -> Mapping[str, str]:
    """Keep the certificate where only this user can read it; return the variables by which workers find it."""
    made = security.get_tls_config_for_role("worker")
    files = {"CA_FILE": made["ca_file"], "WORKER__CERT": made["cert"], "WORKER__KEY": made["key"]}
    variables = {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true", "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]"}
    for name, content in files.items():
        path = folder / f"{name.lower()}.pem"
        path.touch(mode=0o600)
        path.write_text(str(content), encoding="utf-8")
        variables[f"DASK_DISTRIBUTED__COMM__TLS__{name}"] = str(path)
    return variables


def _last_words(log: Path) -> str:
    """Return what workers that did not come up said last."""
    lines = log.read_text(encoding="utf-8", errors="replace").split("\n")
    return f"The processes that were started said: {' '.join(filter(None, lines))[-500:]}"


def _end(workers: subprocess.Popen[bytes]) -> None:
    workers.terminate()
    try:
        workers.wait(_GRACE)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(workers.pid, signal.SIGKILL)  # with the processes that it started

"""What a pod of docs/kubernetes.md needs: `python -m benchmarks.pod [ACCOUNTS LISTS]`, 1,000 and 20 by default.

Runs the command of `apply.yaml` for each part, one after the other, with one list of each account edited, against the
sandbox and a double of S3; then `drift.yaml`. Prints the most memory that each took, its processor time, and how long.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.fleet import some_accounts
from tests.pipelines.pods import Cluster, Spec, container_of, plan, put_fleet, spec_of
from tests.program import some_lists
from tests.state.servers import moto


def measure(cluster: Cluster, job: Spec, index: int, name: str) -> None:
    """Run one pod and print a line."""
    started = time.monotonic()
    with cluster.start(job, index, name) as pod:
        for stream in (pod.stdout, pod.stderr):
            assert stream
            stream.read()
        _, status, usage = os.wait4(pod.pid, 0)
        pod.returncode = os.waitstatus_to_exitcode(status)
    memory, busy = usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime
    took = time.monotonic() - started
    print(f"{name}-{index}: exit code {pod.returncode}, {memory:.0f} MiB, {busy:.1f} s of a processor, {took:.1f} s")


def main(accounts: int, lists: int) -> None:
    """Make the accounts, plan, and measure each pod."""
    fleet = some_accounts(accounts, some_lists(lists))
    with (
        tempfile.TemporaryDirectory() as folder,
        moto() as s3,
        Sandbox(settings=Settings(limit=0), accounts=fleet) as sandbox,
    ):
        cluster = Cluster(Path(folder), {**s3, "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"})
        put_fleet(cluster, sandbox, fleet, edited=1)
        size = (cluster.folder / "image" / "lists.yaml").stat().st_size
        print(f"{accounts:,} accounts of {lists:,} lists, one edited in each; a manifest of {size / 2**20:.1f} MiB")
        plan(cluster)
        size = (cluster.folder / "image" / "plan.json").stat().st_size
        apply, drift = spec_of("apply.yaml"), spec_of("drift.yaml")
        print(f"a plan of {size / 2**20:.1f} MiB; limits: {container_of(apply)['resources']}")
        for index in range(apply["spec"]["completions"]):
            measure(cluster, apply, index, "apply")
        measure(cluster, drift, 0, "drift")


if __name__ == "__main__":
    main(*(map(int, sys.argv[1:3]) if len(sys.argv) > 2 else (1_000, 20)))

"""`--dask` with a real scheduler, real workers, S3 by moto, and workers that are killed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from reconciler.sandbox.server import CLIENT_ID, CLIENT_SECRET
from tests.cli.dask_cluster import DaskCluster, dask_cluster
from tests.cli.fleets import Accounts, accounts

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
STATE = "s3://bucket/lists"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Accounts]:
    with accounts(tmp_path, 3) as made:
        made.declare(state=f"{STATE}/{tmp_path.name.replace('_', '-')}")
        yield made


@pytest.fixture
def cluster(tmp_path: Path, place: Accounts, s3_server: Mapping[str, str]) -> Iterator[DaskCluster]:
    secrets = {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET}
    with dask_cluster(tmp_path, {**s3_server, **secrets}) as made:
        yield made


def outcomes(document: Mapping[str, object]) -> list[list[str]]:
    environments = json.loads(json.dumps(document))["environments"]
    return [[outcome["outcome"] for outcome in each["outcomes"]] for each in environments]


def test_processes_of_this_machine_do_what_one_process_does(place: Accounts, cluster: DaskCluster) -> None:
    ran = cluster.run("apply", "--yes", "--all-envs", "--json", "--dask", "local:2", "--undo-out", "undo.json")
    assert ran.code == 0, ran.err
    assert outcomes(ran.document) == [["updated"] * 3] * 3
    assert [len(sandbox.world.writes) for sandbox in place.sandboxes] == [3, 3, 3]
    again = cluster.run("plan", "--all-envs", "--refresh", "--detailed-exitcode")
    assert again.code == 0, again.out
    back = cluster.run("apply", "undo.json", "--yes", "--json", "--dask", "local:1")
    assert back.code == 0, back.err
    assert outcomes(back.document) == [["updated"] * 3] * 3

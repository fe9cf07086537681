"""The files of `pipelines/kubernetes`: the published schemas, what follows which exit code, and real runs."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml

from reconciler.documents.result_document import read_result
from reconciler.execute.verify import SECONDS_BETWEEN
from reconciler.sandbox.faults import Delay, Status
from reconciler.sandbox.server import Sandbox
from reconciler.sandbox.settings import Settings
from tests.pipelines.fleet import some_accounts
from tests.pipelines.pods import (
    FILES,
    Cluster,
    container_of,
    plan,
    put_fleet,
    spec_of,
    what_follows,
    with_script,
)
from tests.program import REPOSITORY, SECONDS, some_lists
from tests.test_docs import rows

SCHEMA = json.loads((Path(__file__).parent / "kubernetes-1.33.schema.json").read_text(encoding="utf-8"))
MANIFESTS = sorted(path.name for path in FILES.glob("*.yaml"))
JOBS = ["apply.yaml", "drift.yaml", "report.yaml"]
PARTED = ["apply.yaml", "drift.yaml"]


def fits(document: object) -> bool:
    return not list(jsonschema.Draft7Validator(SCHEMA).iter_errors(document))


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_files_fit_the_schemas_of_kubernetes(name: str) -> None:
    document = yaml.safe_load((FILES / name).read_text(encoding="utf-8"))
    assert fits(document)
    document["spec"]["backofLimit"] = 1
    assert not fits(document)


@pytest.mark.parametrize("name", PARTED)
def test_what_the_api_server_wants_beyond_its_schema(name: str) -> None:
    job = spec_of(name)["spec"]
    assert (job["completionMode"], job["template"]["spec"]["restartPolicy"]) == ("Indexed", "Never")
    assert job["podReplacementPolicy"] == "Failed", "another one does not go with a podFailurePolicy"
    for rule in job["podFailurePolicy"]["rules"]:
        codes = rule.get("onExitCodes", {"values": [1]})["values"]
        assert codes == sorted(set(codes) - {0})
        assert rule["action"] != "FailIndex" or "backoffLimitPerIndex" in job


@pytest.mark.parametrize("name", PARTED)
def test_there_are_as_many_parts_as_the_script_says(name: str) -> None:
    job = spec_of(name)
    (said,) = re.findall(r'RECONCILER_SHARD="\$part/(\d+)"', container_of(job)["args"][0])
    assert int(said) == job["spec"]["completions"]


@pytest.mark.parametrize("name", JOBS)
def test_a_pod_may_do_nothing_else(name: str) -> None:
    """The standard `restricted` of Kubernetes, and the user of the image."""
    pod = spec_of(name)["spec"]["template"]["spec"]
    (user,) = re.findall(r"^USER (\d+):\1$", (REPOSITORY / "Containerfile").read_text(encoding="utf-8"), re.MULTILINE)
    own = pod["securityContext"]
    assert {own[key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {int(user)}
    assert (own["runAsNonRoot"], own["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert container_of(spec_of(name))["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert (pod["automountServiceAccountToken"], pod["enableServiceLinks"]) == (False, False)
    assert pod["shareProcessNamespace"], "else a SIGTERM that comes before the program is ready is ignored"
    mounted = {each["name"] for each in container_of(spec_of(name))["volumeMounts"]}
    assert mounted == {each["name"] for each in pod["volumes"]}


def test_the_files_are_of_one_image() -> None:
    images = {container_of(spec_of(name))["image"] for name in JOBS}
    (image,) = images
    assert image.partition("@")[0] in (FILES / "Containerfile").read_text(encoding="utf-8")


def test_an_apply_has_time_to_stop_in_order() -> None:
    """A PUT and the look at the end may each take the time to connect and to be answered."""
    request = 10 + 30
    needed = 2 * request + 2 * SECONDS_BETWEEN
    assert spec_of("apply.yaml")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > needed + 30


def test_every_exit_code_has_what_follows_it() -> None:
    apply, drift = map(spec_of, PARTED)
    codes = {int(number) for first, _ in rows("docs/commands.md", "## Exit codes") for number in first.split(",")}
    follows = {code: (what_follows(apply, code), what_follows(drift, code)) for code in sorted({*codes, 137})}
    assert follows == {
        0: ("done", "done"),
        1: ("failed", "again"),
        2: ("again", "failed"),  # an apply never ends with it
        3: ("again", "again"),  # drift never ends with it
        4: ("failed", "failed"),
        129: ("again", "again"),
        130: ("again", "again"),
        137: ("again", "again"),
        143: ("again", "again"),
    }
    for job in (apply, drift):
        assert {what_follows(job, code, disrupted=True) for code in (1, 3, 4, 137, 143)} == {"again, not counted"}


def test_each_pod_takes_its_part_and_finds_its_secrets(tmp_path: Path) -> None:
    said = 'printf "%s\\n" "$$" "$RECONCILER_SHARD" "$KORE_PROD_CLIENT_SECRET_FILE" "$@"'
    cluster = Cluster(tmp_path, {}, said)
    (tmp_path / "contact-lists" / "KORE_PROD_CLIENT_SECRET").write_text("s")
    job = spec_of("apply.yaml")
    for index in range(job["spec"]["completions"]):
        with cluster.start(job, index, "contact-lists-apply-x7k2p") as pod:
            out, err = pod.communicate(timeout=60)
        process, shard, secret, *arguments = out.splitlines()
        assert (pod.returncode, err) == (0, "")
        assert int(process) == pod.pid, "the program itself gets the signals"
        assert shard == f"{index + 1}/{job['spec']['completions']}"
        assert secret == str(tmp_path / "contact-lists" / "KORE_PROD_CLIENT_SECRET")
        assert arguments[:6] == ["apply", "plan.json", "--yes", "--lock-timeout", "180", "--report"]
        assert arguments[6] == f"json={tmp_path}/results/contact-lists-apply-x7k2p/part-{index + 1}.json"


@pytest.mark.parametrize("name", PARTED)
@pytest.mark.parametrize(("file", "told"), [("", "*"), ("password.txt", "password.txt")])
def test_a_secret_without_variables_ends_a_pod_with_1(tmp_path: Path, name: str, file: str, told: str) -> None:
    """The shell would end with 2, which says of a drift report that something drifted."""
    cluster = Cluster(tmp_path, {}, "exit 0")
    if file:
        (tmp_path / "contact-lists" / file).write_text("s")
    with cluster.start(spec_of(name), 0, "contact-lists-run") as pod:
        _, err = pod.communicate(timeout=60)
    assert (pod.returncode, err.splitlines()) == (
        1,
        [f"error: the secret contact-lists needs files that are named as variables, not {told}"],
    )


KUBECTL = """\
case "$1" in
  create) cat "$3" >"made-$(ls made-* 2>/dev/null | wc -l).yaml"; echo "job.batch/made-$(ls made-* | wc -l)" ;;
  apply) cp "$3" applied.yaml ;;
  get) echo SuccessCriteriaMet Complete ;;
  logs) echo "log of $2" ;;
esac
"""


def test_the_commands_of_the_page_make_the_jobs_of_one_image(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "kubernetes.md").read_text(encoding="utf-8")
    (commands,) = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    shutil.copytree(FILES, tmp_path / "kubernetes")
    (tmp_path / "bin").mkdir()
    for name, script in (("kubectl", KUBECTL), ("docker", ""), ("reconciler", "")):
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    given = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"}
    command = ["sh", "-euc", commands]
    said = subprocess.run(
        command, cwd=tmp_path, env=given, capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert said == "log of job.batch/made-2\n"
    made = [yaml.safe_load((tmp_path / name).read_text()) for name in ("made-0.yaml", "made-1.yaml", "applied.yaml")]
    jobs = [each["spec"].get("jobTemplate", each) for each in made]
    assert {container_of(job)["image"] for job in jobs} == {"registry.example/contact-lists@sha256:THE_DIGEST"}
    assert container_of(jobs[1])["env"] == [{"name": "JOB", "value": "made-1"}]


@pytest.fixture
def fleet(tmp_path: Path, s3_server: Mapping[str, str]) -> Iterator[tuple[Cluster, Sandbox]]:
    """Six accounts of two lists, both edited, an image with their manifest, and a bucket."""
    accounts = some_accounts(6, some_lists(2))
    variables = {**s3_server, "NO_PROXY": "127.0.0.1", "AWS_EC2_METADATA_DISABLED": "true"}
    with Sandbox(settings=Settings(limit=0), accounts=accounts) as sandbox:
        cluster = Cluster(tmp_path, variables)
        put_fleet(cluster, sandbox, accounts, edited=2)
        yield cluster, sandbox


@pytest.mark.slow
def test_the_parts_are_applied_run_again_and_reported_together(fleet: tuple[Cluster, Sandbox]) -> None:
    cluster, sandbox = fleet
    job, report, run = spec_of("apply.yaml"), spec_of("report.yaml"), "contact-lists-apply-x7k2p"
    plan(cluster)
    image = {path: path.read_bytes() for path in (cluster.folder / "image").iterdir()}
    sandbox.world.faults.arm([Status(call="put", status=400, account=some_accounts(6)[3].id)])
    ended: dict[int, list[int]] = {}
    for index in range(job["spec"]["completions"] - 1):
        while ended.setdefault(index, []) == [] or what_follows(job, ended[index][-1]) == "again":
            code, said = cluster.run(job, index, run)
            ended[index].append(code)
            assert len(ended[index]) <= job["spec"]["backoffLimitPerIndex"] + 1, said
    # One part has not run yet: it is named.
    code, said = cluster.run(report, 0, "report", JOB=run)
    last = job["spec"]["completions"]
    assert (code, f"part-{last}-of-{last}" in said, "did not report" in said) == (3, True, True), said
    code, said = cluster.run(job, last - 1, run)
    ended[last - 1] = [code]
    if code:
        ended[last - 1].append(cluster.run(job, last - 1, run)[0])
    assert sorted(ended.values()) == [[0]] * (last - 1) + [[3, 0]]
    code, said = cluster.run(report, 0, "report", JOB=run)
    assert code == 0, said
    written = {path.name for path in (cluster.folder / "results" / run).iterdir()}
    assert written == {"runs", "all.html", "all.xml", *(f"part-{part}.json" for part in range(1, last + 1))}
    kept = (cluster.folder / "results" / run / "runs").glob("*[0-9a-f].json")
    outcomes = [each["outcome"] for path in kept for of in read_result(path)["environments"] for each in of["outcomes"]]
    assert sorted(set(outcomes)) == ["failed", "updated"]
    assert outcomes.count("updated") == 12
    assert {path: path.read_bytes() for path in (cluster.folder / "image").iterdir()} == image


@pytest.mark.slow
def test_a_plan_made_in_parts_is_finished_by_the_next_pods_if_the_first_have_to_go(
    fleet: tuple[Cluster, Sandbox],
) -> None:
    cluster, sandbox = fleet
    job, run = spec_of("apply.yaml"), "contact-lists-apply-b5m8q"
    parts = range(job["spec"]["completions"])
    planning = with_script(job, "exec reconciler plan --refresh --json >plan-$part.json")
    assert [cluster.run(planning, index, "plan")[0] for index in parts] == [0] * len(parts)
    merging = with_script(job, "exec reconciler report merge plan-?.json --json >plan.json")
    assert cluster.run(merging, 0, "plan")[0] == 0
    sandbox.world.faults.arm([Delay(call="put", seconds=2, times=0)])
    pods = [cluster.start(job, index, run) for index in parts]
    until = time.monotonic() + SECONDS
    while not any(entry.call.kind == "put" for entry in sandbox.world.log.entries):
        assert time.monotonic() < until
        time.sleep(0.01)
    for pod in pods:
        pod.send_signal(signal.SIGTERM)
    said = [pod.communicate(timeout=60) for pod in pods]
    codes = [pod.returncode for pod in pods]
    assert 143 in codes, said
    assert {what_follows(job, code, disrupted=True) for code in codes} <= {"done", "again, not counted"}, said
    sandbox.world.faults.clear()
    again = {index: cluster.run(job, index, run) for index, code in zip(parts, codes, strict=True) if code}
    assert {code for code, _ in again.values()} == {0}, again
    assert cluster.run(spec_of("report.yaml"), 0, "report", JOB=run)[0] == 0
    assert len(sandbox.world.writes) == 12, "each once"


@pytest.mark.slow
def test_a_morning_tells_of_drift_by_a_job_that_failed(fleet: tuple[Cluster, Sandbox]) -> None:
    cluster, sandbox = fleet
    job = spec_of("drift.yaml")
    first = with_script(job, "unset RECONCILER_SHARD; exec reconciler apply --all-envs --yes")
    assert cluster.run(first, 0, "first")[0] == 0
    assert cluster.run(job, 0, "contact-lists-drift-1")[0] == 0
    sandbox.world.edit(some_lists(1)[0].id, {"description": "Theirs"}, some_accounts(6)[2].id)
    code, said = cluster.run(job, 0, "contact-lists-drift-2")
    assert (code, what_follows(job, code)) == (2, "failed")
    assert "a2  1 drifted" in said, said
    code, said = cluster.run(spec_of("report.yaml"), 0, "report", JOB="contact-lists-drift-2")
    assert (code, "a2  1 drifted" in said) == (0, True), said

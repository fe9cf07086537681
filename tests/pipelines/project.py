"""What the runs of GitHub's and GitLab's pipelines share: a manifest of the account's lists, and a clean start."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID, Sandbox
from tests.program import some_lists
from tests.state.cas_files import git

LISTS = some_lists(2)
WHO = ["-c", "user.name=t", "-c", "user.email=t@localhost"]


def declared(description: str, lists: Sequence[ContactList] = LISTS) -> str:
    """Return the entries of a manifest that give each list one description."""
    return "".join(
        f"  {key}:\n    id: {known.id}\n    name: {known.name}\n    description: {description}\n"
        for key, known in zip("ab", lists, strict=True)
    )


def commit_manifest(repository: Path, sandbox: Sandbox, lists: str, also: str = "") -> str:
    """Commit a manifest of `prod` and further environments; return the commit."""
    (repository / "lists.yaml").write_text(
        f"version: 1\nstate: git+branch://reconciler-state\nenvironments:\n  prod:\n    host: {sandbox.url}\n"
        f"    stream_id: {STREAM_ID}\n    account_id: '{ACCOUNT_ID}'\n    requests_per_minute: 6000\n{also}"
        f"lists:\n{lists}"
    )
    git(repository, "add", "--all", ":!.gitlab-ci-local")
    git(repository, *WHO, "commit", "--quiet", "--allow-empty", "--message", "lists")
    return git(repository, "rev-parse", "HEAD").strip()


def run_cleanly(command: Sequence[str], repository: Path, home: Path, seconds: int) -> tuple[int, str]:
    """Run a runner without the variables of a CI that this test runs in; return its exit code and all it prints."""
    ran = subprocess.run(
        command,
        cwd=repository,
        env={
            **{name: os.environ[name] for name in os.environ if not name.startswith(("COV", "CI", "GITHUB", "KORE"))},
            "HOME": str(home),
            "PATH": f"{home / 'bin'}:{os.environ['PATH']}",
        },
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return ran.returncode, ran.stdout + ran.stderr

"""What the runs of GitHub's and GitLab's pipelines share: a manifest, what they install, and a clean start."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Sequence
from pathlib import Path

from reconciler import __version__
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.server import ACCOUNT_ID, STREAM_ID, Sandbox
from tests.program import REPOSITORY, some_lists
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


def bare_python(folder: Path) -> Path:
    """Make an interpreter that has pip and the dependencies, not what builds; return its folder of commands."""
    venv.create(folder / "interpreter", with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder / "interpreter")}))
    for each in Path(sysconfig.get_path("purelib")).iterdir():
        if not each.name.startswith(("contact_list_reconciler", "reconciler", "flit_core")):
            (packages / each.name).symlink_to(each)
    return folder / "interpreter" / "bin"


def offer_program(folder: Path, place: Path) -> dict[str, str]:
    """Pin a wheel of this tree in the `place` that a pipeline installs from; return variables by which pip finds it."""
    command = [sys.executable, "-m", "flit_core.wheel", "--outdir", str(folder / "wheels"), str(REPOSITORY)]
    subprocess.run(command, check=True, capture_output=True)
    (wheel,) = (folder / "wheels").iterdir()
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    place.mkdir(parents=True)
    pinned = f"contact-list-reconciler=={__version__} --hash=sha256:{digest}\n"
    (place / "requirements.txt").write_text(pinned)
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "wheels")}


def let_bash_linger(folder: Path) -> None:
    """Put a bash for act there, which may lose the last lines of a step that ends at once."""
    (folder / "bash").write_text(f'#!/bin/sh\n{shutil.which("bash")} "$@"\ncode=$?\nsleep 0.1\nexit $code\n')
    (folder / "bash").chmod(0o755)


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

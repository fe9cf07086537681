"""The completions, in real shells: bash and zsh at a pseudo-terminal, fish by its own `complete -C`."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.cli.app import VERBS
from reconciler.cli.variables import VARIABLES
from tests.marks import needs
from tests.program import PROGRAM

SETUP = {
    "bash": "source ./_reconciler",
    "zsh": "fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D",
}
FLAGS = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"]}
TYPED = {
    "plan --ref": "plan --refresh",
    "plan -f ca": "plan -f calls.yaml",
    "drift --file ca": "drift --file calls.yaml",
    "apply ca": "apply calls.yaml",
    "plan --report h": "plan --report html=",
    "plan --report html=ca": "plan --report html=calls.yaml",
}
"""What is typed before the tab, and the line as it is then."""


def write_completions(shell: str, folder: Path) -> None:
    (folder / "calls.yaml").touch()
    ran = subprocess.run([*PROGRAM, "completions", shell], capture_output=True, text=True, check=True)
    (folder / "_reconciler").write_text(ran.stdout, encoding="utf-8")


class Terminal:
    """A shell at a pseudo-terminal: what is typed, and what it shows then."""

    def __init__(self, leader: int) -> None:
        self._leader = leader

    def type(self, text: str, awaited: str) -> str:
        os.write(self._leader, text.encode())
        shown = ""
        end = time.monotonic() + 60
        while awaited not in shown and time.monotonic() < end:
            if select.select([self._leader], [], [], 0.2)[0]:
                shown += os.read(self._leader, 4096).decode(errors="replace")
        return shown


@contextmanager
def terminal(shell: str, folder: Path) -> Iterator[Terminal]:
    leader, follower = pty.openpty()
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "PS1": "ready> ", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        [shell, *FLAGS[shell]],
        stdin=follower,
        stdout=follower,
        stderr=follower,
        cwd=folder,
        env=environ,
        start_new_session=True,
    )
    os.close(follower)
    try:
        yield Terminal(leader)
    finally:
        process.kill()
        process.wait()
        os.close(leader)


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", pytest.param("zsh", marks=needs("zsh"))])
def test_a_shell_completes_at_a_terminal(shell: str, tmp_path: Path) -> None:
    write_completions(shell, tmp_path)
    with terminal(shell, tmp_path) as shown:
        assert "isset" in shown.type(f"{SETUP[shell]}; echo is''set\n", "isset")
        for typed, line in TYPED.items():
            assert line in shown.type(f"reconciler {typed}\t", line)
            shown.type("\x15", "")


@pytest.mark.slow
@needs("fish")
def test_fish_completes(tmp_path: Path) -> None:
    write_completions("fish", tmp_path)
    for typed, line in TYPED.items():
        ran = subprocess.run(
            ["fish", "--no-config", "-c", "source _reconciler; complete -C $argv[1]", f"reconciler {typed}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert line.split()[-1] in [each.partition("\t")[0] for each in ran.stdout.splitlines()]


def test_completions_without_their_extra() -> None:
    script = "import sys; sys.modules['shtab'] = None; from reconciler.cli.app import run; sys.exit(run(sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", script, "completions", "bash"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    said = (
        "error: reconciler completions needs shtab: install again with the extra completions (docs/install.md) [USAGE]"
    )
    assert ran.stderr == f"{said}\n"


@pytest.mark.slow
@needs("mandoc")
def test_the_manual_page_names_every_command(tmp_path: Path) -> None:
    page = tmp_path / "reconciler.1"
    page.write_text(subprocess.run([*PROGRAM, "man"], capture_output=True, text=True, check=True).stdout)
    complaints = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "error", page], capture_output=True, text=True, check=False
    )
    assert complaints.stdout == ""
    shown = subprocess.run(["mandoc", "-T", "ascii", page], capture_output=True, text=True, check=True).stdout
    plain = re.sub(".\b", "", shown)
    assert [verb for verb in VERBS if f"reconciler {verb}\n" not in plain] == []
    environment = plain.partition("ENVIRONMENT\n")[2]
    assert [name for names, _ in VARIABLES for name in names if name.strip("…") not in environment] == []
    assert "](" not in environment


def test_the_manual_page_without_its_extra() -> None:
    script = (
        "import sys; sys.modules['argparse_manpage'] = None; from reconciler.cli.app import run; sys.exit(run(['man']))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "install again with the extra completions (docs/install.md)" in ran.stderr

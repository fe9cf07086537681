"""The transcripts on the pages, run as they stand: real commands in a folder of their own, against a real sandbox.

    <!-- replay -->            the console block below is run; its output must be what the page shows
    <!-- replay file NAME -->  the block below is written to NAME
    <!-- replay hidden         the commands from here to the end of the comment are run unseen, and must succeed

What no two runs share (ports, times, lineages, checksums, versions) is shown as fixed values; all else to the letter.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from reconciler.sandbox.server import CLIENT_ID, CLIENT_SECRET
from tests import starter
from tests.program import PROGRAM, REPOSITORY, SECONDS, UNMEASURED

MARK = "<!-- replay"
SHOWN_PORT = "127.0.0.1:4010"
_PASSAGES = re.compile(
    r"<!-- replay hidden\n(?P<hidden>.*?)-->"
    r"|<!-- replay file (?P<name>\S+) -->\n```\w*\n(?P<content>.*?)```"
    r"|<!-- replay -->\n```console\n(?P<shown>.*?)```",
    re.DOTALL,
)
_COMMAND = re.compile(r"^\$ (?:.*\\\n)*.*\n", re.MULTILINE)
_FOR_A_SHELL = re.compile(r"[|<>$&;*~`]|--settings")
_UNSTABLE = (
    (re.compile(r"(\d requests?) in [0-9.]+ s"), r"\1 in 0.2 s"),
    (re.compile(r'("seconds": )[0-9.]+'), r"\g<1>0.2"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"), "2026-11-22T10:00:00Z"),
    (re.compile(r"[A-Z][a-z]+day, \d{4}-\d\d-\d\d \d\d:\d\d UTC"), "Sunday, 2026-11-22 10:00 UTC"),
    (re.compile(r'("lineage": "|, lineage )[0-9a-f-]{36}'), r"\g<1>4c0b1c9e-8d0a-4c58-9d6c-2f2a3f0d1b7e"),
    (re.compile(r'("user": ")[^"]+(",\s+"host": ")[^"]+'), r"\g<1>anna\g<2>ci-7"),
    (re.compile(r"(?<=Z  )\S+ on \S+(?=  reconciler )"), "anna on ci-7"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "sha256:…"),
    (re.compile(r"versions: .*?(?=\n  \w)", re.DOTALL), "versions: …"),
    (re.compile(r"clock: \d+ s"), "clock: 0 s"),
)


def replayed(text: str, folder: Path) -> str:
    """Run the passages of a page in `folder`, one after the other; return the page with what they really print."""
    with _workshop(folder) as workshop:
        written, end = [], 0
        for passage in _PASSAGES.finditer(text):
            if passage["shown"]:
                written += [text[end : passage.start("shown")], workshop.transcript(passage["shown"])]
                end = passage.end("shown")
            elif passage["hidden"]:
                for command in _commands(passage["hidden"]):
                    output, code = workshop.run(command)
                    assert code == 0, f"{command}: {output}"
            else:
                (folder / passage["name"]).write_text(workshop.here(passage["content"]), encoding="utf-8")
    return "".join([*written, text[end:]])


def _commands(block: str) -> list[str]:
    assert block.startswith("$ "), block
    return [found[0][2:].rstrip("\n") for found in _COMMAND.finditer(block)]


@dataclass
class _Workshop:
    """A folder with the commands of the pages on its path, and the sandbox that a page has started."""

    folder: Path
    variables: dict[str, str]
    sandbox: subprocess.Popen[str] | None = None
    address: str = SHOWN_PORT

    def here(self, text: str) -> str:
        """Return what a page shows, with the sandbox's real address."""
        return text.replace(SHOWN_PORT, self.address)

    def transcript(self, block: str) -> str:
        """Run the commands of a block; return it with their real output."""
        return "".join(f"$ {command}\n{self._shown(self.run(command)[0])}" for command in _commands(block))

    def run(self, command: str) -> tuple[str, int]:
        """Run one command; return its output, both streams as they came, and its exit code."""
        if command.startswith("reconciler sandbox") and "--settings" not in command:
            return self._start(command), 0
        if command.startswith("curl "):
            return _curled(*shlex.split(self.here(command))), 0
        if command.startswith("reconciler ") and not _FOR_A_SHELL.search(command):
            return self._fork(*shlex.split(self.here(command))[1:])
        ran = subprocess.run(
            ["sh", "-c", self.here(command)],
            cwd=self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert "Traceback" not in ran.stdout, ran.stdout
        return ran.stdout, ran.returncode

    def _fork(self, *arguments: str) -> tuple[str, int]:
        """Run the program without a shell and a new interpreter, which takes many times as long."""
        with TemporaryFile() as output, open(os.devnull, "rb") as nothing:  # noqa: PTH123 - as a descriptor
            streams = [nothing.fileno(), output.fileno(), output.fileno()]
            code = starter.run(arguments, self.folder, self.variables, streams, SECONDS)
            output.seek(0)
            said = output.read().decode()
        assert "Traceback" not in said, said
        return said, code

    def _start(self, command: str) -> str:
        """Start the sandbox on a free port; return its greeting."""
        self.sandbox = subprocess.Popen(
            ["sh", "-c", f"exec {command} --port 0"],
            cwd=self.folder,
            env=self.variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.sandbox.stdout
        greeting = ""
        while "KORE_CLIENT_SECRET" not in greeting:
            line = self.sandbox.stdout.readline()
            assert line, greeting
            greeting += line
        found = re.search(r"127\.0\.0\.1:\d+", greeting)
        assert found, greeting
        self.address = found[0]
        return greeting

    def _shown(self, output: str) -> str:
        output = output.replace(self.address, SHOWN_PORT).replace(str(self.folder.resolve()), "/home/me/lists")
        for pattern, stable in _UNSTABLE:
            output = pattern.sub(stable, output)
        return output


def _curled(_curl: str, _silent: str, _x: str, method: str, url: str, _d: str, body: str) -> str:
    """Do what curl -s -X METHOD URL -d BODY does, since not every machine has it."""
    sent = urllib.request.Request(url, body.encode(), method=method)
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(sent, timeout=SECONDS) as answer:
        return str(answer.read().decode())


@contextmanager
def _workshop(folder: Path) -> Iterator[_Workshop]:
    commands = folder.with_name(f"{folder.name}-commands")
    commands.mkdir()
    command = commands / "reconciler"
    afresh = f'exec {PROGRAM[0]} -u {" ".join(PROGRAM[1:])} "$@"'
    forked = f'exec {PROGRAM[0]} -I -S {REPOSITORY}/tests/docs/client.py {starter.address()} "$@"'
    command.write_text(f'#!/bin/sh\n[ "$1" = sandbox ] && {afresh}\n{forked}\n')
    command.chmod(0o755)
    kept = {name: value for name, value in UNMEASURED.items() if not name.startswith(("KORE", "RECONCILER"))}
    workshop = _Workshop(
        folder,
        {
            **kept,
            "PATH": f"{commands}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY),
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "100",
            "SSL_CERT_FILE": os.devnull,  # as in tests/program.py
            "SSL_CERT_DIR": os.devnull,
            **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "me"),
            **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "me@example.com"),
            "KORE_CLIENT_ID": CLIENT_ID,
            "KORE_CLIENT_SECRET": CLIENT_SECRET,
        },
    )
    try:
        yield workshop
    finally:
        if workshop.sandbox:
            workshop.sandbox.terminate()
            workshop.sandbox.communicate(timeout=SECONDS)

"""A shelf in memory, as strict as a real one, that can fail; and repositories for real ones."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.backends.branch import Version
from reconciler.state.backends.git import Revision

NAMES = ("prod.state.json", "prod.journal.jsonl", "prod.lease.json")


class FakeCasFiles:
    """Files in memory; `failing` writes to come raise StateError."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.messages: list[str] = []
        self.documents: list[bytes] = []
        self.failing = 0

    def __str__(self) -> str:
        return "shelf"

    @property
    def place(self) -> str:
        return "shelf here"

    def read(self) -> tuple[Version, Mapping[str, bytes]]:
        return self._version(), dict(self.files)

    def write(self, contents: Mapping[str, bytes | None], expected: Version, message: str) -> Version | None:
        if self.failing:
            self.failing -= 1
            raise StateError("the network is gone")
        if expected != self._version():
            return None
        self.files = {**self.files, **{name: content for name, content in contents.items() if content is not None}}
        for name in contents.keys() - {name for name, content in contents.items() if content is not None}:
            self.files.pop(name, None)
        self.messages.append(message)
        self.documents.append(self.files.get(NAMES[0], b""))
        return self._version()

    def is_at(self, version: Version) -> bool:
        return version == self._version()

    def revisions(self, name: str, last: int) -> list[Revision]:
        assert name == NAMES[0]
        every = [
            Revision(str(number), 1_800_000_000.0 + number, message, document)
            for number, (message, document, before) in enumerate(
                zip(self.messages, self.documents, [b"", *self.documents], strict=False)
            )
            if document != before
        ]
        return every[::-1][:last]

    def _version(self) -> Version:
        return Version({name: str(hash(content)) for name, content in sorted(self.files.items())})


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    ran = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return ran.stdout.strip()


def bare(folder: Path) -> Path:
    """Make a repository for others to push to."""
    origin = folder / "origin.git"
    git(folder, "init", "--quiet", "--bare", str(origin))
    return origin


def clone(origin: Path, name: str) -> Path:
    """Clone it, beside it."""
    folder = origin.parent / name
    git(origin.parent, "clone", "--quiet", str(origin), str(folder))
    return folder

"""Places for a state, of every kind: what the suite must be able to do to each of them behind the store's back."""

from __future__ import annotations

import json
import os
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from reconciler.model.lists import Target
from reconciler.model.times import timestamp
from reconciler.state.backends.branch import Branch
from reconciler.state.backends.clouds import bucket
from reconciler.state.backends.folder import FileStore
from reconciler.state.backends.git_branch import BranchStore
from reconciler.state.backends.object_store import ObjectStore
from reconciler.state.backends.objects import Objects
from reconciler.state.state_store import Store
from tests.state.buckets import FakeBucket
from tests.state.cas_files import NAMES, bare, clone
from tests.state.samples import TARGET


class Keeper(ABC):
    """One place; each `store` of it is what another machine would have."""

    url: str
    document_name = "prod.state.json"
    lease_name = ""

    @abstractmethod
    def store(self, target: Target = TARGET) -> Store:
        """Return a store of the state here."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Return what one of its files holds."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Change one of its files, as somebody would by hand."""

    def age(self, seconds: float = 1000) -> None:
        """Let the lease be as old as if its holder were gone."""
        held = json.loads(self.read(self.lease_name))
        held["renewed_at"] = timestamp(time.time() - seconds)
        self.write(self.lease_name, (json.dumps(held) + "\n").encode())


class InFolder(Keeper):
    """A folder, whose lock dies with its holder."""

    url = ".reconciler"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def store(self, target: Target = TARGET) -> FileStore:
        return FileStore(self.folder, "prod", target)

    def read(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def write(self, name: str, content: bytes) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / name).write_bytes(content)


class OnBranch(Keeper):
    """A branch of a remote, seen from one clone."""

    url = "git+branch://states"
    lease_name = NAMES[2]

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._clone = clone(bare(folder), "clone")

    def store(self, target: Target = TARGET) -> BranchStore:
        return BranchStore(self._branch(), "prod", target)

    def read(self, name: str) -> bytes:
        return self._branch().read()[1][name]

    def write(self, name: str, content: bytes) -> None:
        branch = self._branch()
        assert branch.write({name: content}, branch.read()[0], "by hand") is not None

    def _branch(self) -> Branch:
        return Branch(self._clone, "states", NAMES)


class InObjects(Keeper):
    """Objects: of a cloud's double below a prefix of its own, or in memory."""

    lease_name = "prod.lock.json"

    def __init__(self, url: str, objects: Objects) -> None:
        self.url = url
        self.objects = objects

    def store(self, target: Target = TARGET) -> ObjectStore:
        return ObjectStore(self.objects, "prod", target)

    def read(self, name: str) -> bytes:
        found = self.objects.get(name)
        assert found
        return found.content

    def write(self, name: str, content: bytes) -> None:
        found = self.objects.get(name)
        assert self.objects.put(name, content, found.version if found else None)


def made(kind: str, folder: Path) -> Keeper:
    """Return a new place of a kind; what it needs is in `folder`, or in the variables of the process."""
    match kind:
        case "folder":
            return InFolder(folder / "folder")
        case "branch":
            return OnBranch(folder / "repository")
        case "memory":
            return InObjects("s3://bucket/lists", FakeBucket())
        case _:
            url = f"{kind}://bucket/{uuid4().hex[:8]}/lists"
            return InObjects(url, bucket(url, os.environ))


@contextmanager
def lasting(*kept: object) -> Iterator[None]:
    """Keep what would end with its last reference."""
    yield
    del kept

"""An object store in memory, which several machines may write to."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.lists import KnownList
from reconciler.protocols import StateStore
from reconciler.state import lease
from reconciler.state.backends import object_store
from reconciler.state.backends.object_store import ObjectStore
from reconciler.state.backends.objects import Found, Version
from reconciler.state.document import parse, parse_stamped, render
from reconciler.state.lease import Released
from tests.exploration.choices import Broken
from tests.exploration.leased import Leased
from tests.exploration.world import World
from tests.planning.worlds import TARGET
from tests.state.buckets import FakeBucket

_DOCUMENT = "prod.state.json"


class Bucket(FakeBucket, Leased):
    """Objects in memory."""

    modules = (object_store,)
    lease_name = "prod.lock.json"
    kept = (_DOCUMENT, lease_name)

    def __init__(self) -> None:
        FakeBucket.__init__(self)
        Leased.__init__(self)
        self.store: StateStore = ObjectStore(self, "prod", TARGET)

    def begin(self, world: World) -> None:
        """Have only the document of the beginning of the story."""
        self.objects = {_DOCUMENT: render(world.story.applied()).encode()}
        self.requests = []
        super().begin(world)

    def files(self) -> Mapping[str, bytes]:
        """Return the objects."""
        return self.objects

    def without_lease(self) -> None:
        """Have a lease that was given back, which keeps its fence."""
        held = self._lease()
        assert held
        self.objects[self.lease_name] = lease.render(Released(held.fence))

    def recorded(self) -> Mapping[str, KnownList]:
        """Return what the document says."""
        return parse(self.objects[_DOCUMENT], where="").lists

    def get(self, name: str) -> Found | None:
        """Return an object."""
        self.unreadable = int(not self.looks(f"get {self._named(name)}"))
        self.tell(None if self.unreadable else self.objects.get(name))
        return super().get(name)

    def put(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        """Put an object in the place of what is expected there."""
        option = self.writes(f"put {self._named(name)}")
        self.unheard, self.failing = int(option == "lost, done"), int(option == "lost, not done")
        return self._swapped(name, content, expected)

    def names(self, folder: str) -> list[str]:
        """Return the names in a folder."""
        self.present()
        return super().names(folder)

    def _swapped(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        before = self.objects.get(name)
        try:
            version = super().put(name, content, expected)
        finally:
            self.unheard = self.failing = 0
            if name == _DOCUMENT and self.objects[name] is content:
                _check_fence(before, content)
        self.tell(version)
        return version

    def _named(self, name: str) -> str:
        return {_DOCUMENT: "the document", self.lease_name: "the lease"}.get(name, "a copy")


def _check_fence(before: bytes | None, content: bytes) -> None:
    """A document never gets a fence below the one that it had: who was fenced off writes nothing more."""
    stamps = [parse_stamped(each, where="")[1] for each in (before, content) if each]
    fences = [stamp.fence if stamp else 0 for stamp in stamps]
    if fences != sorted(fences):
        raise Broken(f"the document is written by one that was fenced off: {fences}")

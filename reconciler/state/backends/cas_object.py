"""One object as one writer sees it: replaced only by who saw the last of it; known again where an answer was lost."""

from __future__ import annotations

from reconciler.errors import StateError
from reconciler.state.backends.objects import Objects, Version


class CasObject:
    """The object `name` of `objects`. No two contents may be equal: equal bytes have equal ETags."""

    def __init__(self, objects: Objects, name: str) -> None:
        self._objects = objects
        self._name = name
        self._version: Version | None = None
        self._unheard: list[bytes] = []

    def __str__(self) -> str:
        """Return which object it is, as messages name it."""
        return f"{self._objects}/{self._name}"

    @property
    def name(self) -> str:
        """Return its name among the objects."""
        return self._name

    def read(self) -> bytes | None:
        """Return what it holds, None where there is none; a write builds on that."""
        found = self._objects.get(self._name)
        self._version = found.version if found else None
        self._unheard.clear()
        return found.content if found else None

    def write(self, content: bytes) -> bool:
        """Replace what was last read or written; False where somebody else has written meanwhile.

        Raises StateError where that cannot be known; a later write finds out.
        """
        written = self._put(content)
        while written is None:
            found = self._objects.get(self._name)
            if found and found.content == content:
                written = found.version
            elif found and found.content in self._unheard:
                self._version = found.version
                self._unheard.remove(found.content)
                written = self._put(content)
            else:
                return False
        self._version = written
        self._unheard.clear()
        return True

    def _put(self, content: bytes) -> Version | None:
        try:
            return self._objects.put(self._name, content, self._version)
        except StateError:
            self._unheard.append(content)
            raise

"""Objects in memory, as strict as S3: equal bytes have equal ETags. They can fail, also after all was done."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from reconciler.errors import StateError
from reconciler.state.backends.objects import Found, Version


class FakeBucket:
    """Objects by name, in the order in which they were made; `requests` is what was asked, in words.

    `failing` puts to come, and `unreadable` gets, raise StateError and are not done; `unheard` puts are done all the
    same. `before_put` is called, once, when a put of that name comes; `killed` at each, with whether it is done.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.failing = 0
        self.unreadable = 0
        self.unheard = 0
        self.killed: Callable[[bool], None] = lambda _: None
        self.before_put: dict[str, Callable[[], None]] = {}

    def __str__(self) -> str:
        return "s3://bucket/lists"

    def get(self, name: str) -> Found | None:
        self.requests.append(f"get {name}")
        if self.unreadable:
            self.unreadable -= 1
            raise StateError("the network is gone")
        content = self.objects.get(name)
        return None if content is None else Found(content, _version(content))

    def put(self, name: str, content: bytes, expected: Version | None) -> Version | None:
        self.requests.append(f"put {name}")
        self.killed(False)
        self.before_put.pop(name, lambda: None)()
        if self.failing:
            self.failing -= 1
            raise StateError("the network is gone")
        there = self.objects.get(name)
        if (None if there is None else _version(there)) != expected:
            return None
        self.objects[name] = content
        self.killed(True)
        if self.unheard:
            self.unheard -= 1
            raise StateError("the answer is lost")
        return _version(content)

    def names(self, folder: str) -> list[str]:
        self.requests.append(f"list {folder}")
        return [name for name in self.objects if name.startswith(f"{folder}/")]


def _version(content: bytes) -> Version:
    return Version(hashlib.md5(content).hexdigest(), "")

"""The most forgetful disk that is allowed: when the power goes, it holds what was synced, and nothing else.

A file that was removed is gone all the same: a disk may do that early, and anything else late.
"""

from __future__ import annotations

import os
from pathlib import Path


class Disk:
    """One folder: what each of its files held when that was last synced, and which files it had when it was."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._contents: dict[int, bytes] = {path.stat().st_ino: path.read_bytes() for path in folder.iterdir()}
        self._names = self._present()

    def opened(self, descriptor: int) -> None:
        """Learn of a file that may be new; a new one holds nothing, whichever file its number belonged to before."""
        status = os.fstat(descriptor)
        if not status.st_size:
            self._contents[status.st_ino] = b""

    def synced(self, descriptor: int) -> None:
        """Learn that a file, or the folder itself, is safe as it is now."""
        number = os.fstat(descriptor).st_ino
        if number == self._folder.stat().st_ino:
            self._names = self._present()
        for path in self._folder.iterdir():
            if path.stat().st_ino == number:
                self._contents[number] = path.read_bytes()

    def lose_power(self) -> None:
        """Leave in the folder what is safe."""
        kept = self.safe()
        for path in self._folder.iterdir():
            os.remove(path)  # noqa: PTH107 - the plain call, which nothing stands in for
        for name, content in kept.items():
            (self._folder / name).write_bytes(content)

    def safe(self) -> dict[str, bytes]:
        """Return what would be left without power, by name."""
        present = self._present()
        return {
            name: self._contents[number]
            for name, number in self._names.items()
            if name in present and number in self._contents
        }

    def _present(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self._folder.iterdir()}

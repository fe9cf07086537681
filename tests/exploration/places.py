"""Where the state is kept: a folder on a disk that may lose what was not synced."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.lists import Applied, KnownList
from reconciler.protocols import StateStore
from reconciler.state.backends.folder import FileStore
from reconciler.state.document import render
from reconciler.state.state_reader import read_contents
from tests.exploration.bucket import Bucket
from tests.exploration.process import Process
from tests.exploration.remote import Remote
from tests.exploration.stories import Story
from tests.exploration.world import Place, World
from tests.faults.power import Disk
from tests.faults.steps import Steps
from tests.planning.worlds import TARGET

_WATCHED = {os: ("open", "replace", "unlink", "mkdir", "write", "pwrite", "ftruncate", "fsync"), fcntl: ("flock",)}
_MEMORY = Path("/dev/shm")  # a disk whose syncs cost nothing, if there is one
_OF_NO_WEIGHT = ("the lock", "something", "make a folder")
_VARYING = re.compile(rb'"(?:checksum|sum)": "[^"]*"|"serial": \d+')


@contextmanager
def place_of(story: Story) -> Iterator[Place]:
    """Have a place for the states of a story, watched, and a program that logs nothing, while the context lasts."""
    memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with tempfile.TemporaryDirectory(dir=memory) as path:
            made: dict[str, Callable[[], Folder | Bucket | Remote]] = {
                "in a folder": lambda: Folder(Path(path) / "state"),
                "in objects": Bucket,
                "on a branch": Remote,
            }
            place = made[story.state]()
            with place.watched():
                yield place
    finally:
        logging.disable(before)


class Folder(Steps):
    """A folder with a state; each system call by which the program changes it is a call of a seam.

    Between two of them nothing happens outside, so that to die before each is to die everywhere.
    """

    leased = False

    def __init__(self, folder: Path) -> None:
        super().__init__(None, lambda _: None)
        self._folder = folder
        self._world: World | None = None
        self.store: StateStore = FileStore(folder, "prod", TARGET)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Stand between this process and its disk while the context lasts."""
        saved = [(place, name, getattr(place, name)) for place, names in _WATCHED.items() for name in names]
        self._lock = fcntl.flock
        self._watch_openings()
        self._watch_names()
        self._watch_contents()
        try:
            yield
        finally:
            for place, name, call in saved:
                setattr(place, name, call)

    def begin(self, world: World) -> None:
        """Set the disk back to the beginning of the story, all of it synced."""
        self._world = None
        self._folder.mkdir(exist_ok=True)
        for path in self._folder.iterdir():
            path.unlink()
        (self._folder / "prod.state.json").write_text(render(world.story.applied()), encoding="utf-8")
        self._disk = Disk(self._folder)
        self._world = world

    def contents(self) -> object:
        """Return what is on the disk, and what would be left of that without power; serials only as they compare."""
        assert self._disk
        present = {path.name: path.read_bytes() for path in self._folder.iterdir()}
        return tuple(
            (name, _VARYING.sub(b"", content))
            for side in (present, self._disk.safe())
            for name, content in sorted(side.items())
        )

    def pauses_at(self, call: str) -> tuple[str, ...]:
        """Return nothing: who shares a folder's machine is kept out by its lock for as long as the holder lives."""
        del call
        return ()

    def pause(self, option: str) -> None:
        """Do nothing: there are no pauses."""

    def hidden(self) -> object:
        """Return nothing: one machine uses the disk, and changes it by what it was told."""

    def is_locked_by(self, process: Process) -> bool:
        """Tell whether the lock is held; only one process is there to hold it."""
        del process
        with (self._folder / "prod.lock").open("rb") as lock:
            try:
                self._lock(lock.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def recorded(self) -> Mapping[str, KnownList]:
        """Return what the disk would say without power."""
        assert self._disk
        safe = self._disk.safe()
        nothing = Applied("prod", TARGET, "", 0, {})
        files = safe.get("prod.state.json"), safe.get("prod.journal.jsonl")
        return read_contents(*files, nothing, where="", journal_where="")[1].lists

    def _at(self, step: str, half: Callable[[], object] | None = None) -> None:
        process = self._world.current if self._world else None
        if process is None:
            return
        process.check_alive()
        if step.endswith(_OF_NO_WEIGHT):
            return
        option = process.at(step, AT_A_WRITE if half else AT_A_STEP)
        if "half" in option and half:
            half()
        if option.endswith("power"):
            assert self._disk
            self._disk.lose_power()
            self._disk = Disk(self._folder)
        if option.startswith("dies"):
            process.die()
        if option == "refused":
            process.observe(option)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


AT_A_STEP = ("dies", "dies without power", "refused")
AT_A_WRITE = (*AT_A_STEP, "dies, half of it done", "dies, half of it done, without power")
STEPS = {
    "open the journal": AT_A_STEP,
    "write the journal": AT_A_WRITE,
    "sync the journal": AT_A_STEP,
    "sync the folder": AT_A_STEP,
    "open the next document": AT_A_STEP,
    "write the next document": AT_A_WRITE,
    "sync the next document": AT_A_STEP,
    "rename the next document": AT_A_STEP,
    "remove the journal": AT_A_STEP,
}

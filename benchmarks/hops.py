"""The way of one list through an apply: how many files and frames of the program it passes before its PUT.

`python -m benchmarks.hops` applies one edit against the sandbox, and prints the frames of the program that are open
as the first PUT is sent, and the modules whose functions ran until then.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from inspect import CO_OPTIMIZED
from pathlib import Path
from types import FrameType

from reconciler.api.http import Http
from reconciler.cli import app
from tests.program import some_lists, workplace

PACKAGE = str(Path(app.__file__).parent.parent)


class _Way:
    """The files that were passed, and the frames that were open at the first PUT."""

    def __init__(self) -> None:
        self.files: set[str] = set()
        self.frames: list[str] = []
        self.is_sent = False

    def note(self, frame: FrameType, event: str, _argument: object) -> None:
        """Take note of a call, as `sys.setprofile` tells of it."""
        code = frame.f_code
        if event != "call" or self.is_sent or not code.co_flags & CO_OPTIMIZED or not _is_ours(frame):
            return
        self.files.add(code.co_filename)
        if code is Http.send.__code__ and frame.f_locals["request"].method == "PUT":
            self.is_sent = True
            self.frames = [_name(each) for each in _outer(frame) if _is_ours(each)]


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(PACKAGE) and "/sandbox/" not in frame.f_code.co_filename


def _name(frame: FrameType) -> str:
    return f"{Path(frame.f_code.co_filename).relative_to(PACKAGE)}:{frame.f_code.co_qualname}"


def _outer(frame: FrameType | None) -> list[FrameType]:
    frames = []
    while frame:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]


def main() -> None:
    """Print the count, the frames and the files."""
    with tempfile.TemporaryDirectory() as folder, workplace(Path(folder), some_lists(3)) as place:
        place.declare(some_lists(3))
        place.run("apply", "--yes")
        place.declare(some_lists(3), a={"description": "New"})
        os.chdir(folder)
        os.environ.update(place.variables)
        way = _Way()
        threading.setprofile(way.note)
        sys.setprofile(way.note)
        app.run(["apply", "--yes"])
        sys.setprofile(None)
        threading.setprofile(None)
    sys.stdout.write(f"\n{len(way.files)} files, {len(way.frames)} frames:\n")
    for line in (*way.frames, "", *sorted(str(Path(name).relative_to(PACKAGE)) for name in way.files)):
        sys.stdout.write(f"  {line}\n")


if __name__ == "__main__":
    main()

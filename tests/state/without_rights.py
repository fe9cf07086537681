"""Try to read and write a state as a user who may not, also where root runs the tests.

Run as `python -m tests.state.without_rights FOLDER...`; prints one line a folder: what reading and what writing said.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.backends.folder import FileStore
from tests.state.samples import HOLDER, applied_list, store_in

NOBODY = 65534


def main(folders: list[Path]) -> None:
    """Become nobody, then try each folder."""
    with tempfile.TemporaryDirectory() as elsewhere:
        write(store_in(Path(elsewhere)))  # whatever is imported when needed is imported while it can be
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    for folder in folders:
        print(outcome(read, folder))
        print(outcome(write, folder))


def read(store: FileStore) -> str:
    """Return which lists the state has."""
    return f"read {sorted(store.load().lists)}"


def write(store: FileStore) -> str:
    """Record a list."""
    with store.lock(HOLDER) as writer:
        writer.record("new", applied_list("new"))
    return "written"


def outcome(attempt: Callable[[FileStore], str], folder: Path) -> str:
    """Return what an attempt came to."""
    try:
        return attempt(store_in(folder))
    except StateError as error:
        return str(error)


if __name__ == "__main__":
    main([Path(folder) for folder in sys.argv[1:]])

"""Record one list after the other, each under a lock of its own, against whoever else does so.

Run as `python -m tests.state.racing FOLDER NAME ROUNDS`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from reconciler.errors import LockedError
from reconciler.state.backends.folder import FileStore
from tests.state.samples import HOLDER, applied_list, doubtful_list, store_in


def main(folder: Path, name: str, rounds: int) -> None:
    """Record `rounds` lists."""
    for number in range(rounds):
        while not recorded(store_in(folder), f"{name}-{number}"):
            time.sleep(0.001)


def recorded(store: FileStore, key: str) -> bool:
    """Record a list in doubt, then applied; tell whether the lock was free to do so."""
    try:
        with store.lock(HOLDER) as writer:
            writer.record(key, doubtful_list(key))
            writer.record(key, applied_list(key))
    except LockedError:
        return False
    return True


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

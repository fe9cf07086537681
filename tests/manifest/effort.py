"""How much work a manifest makes, in a process that does nothing else: the heap of other tests is not its work."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from reconciler.errors import ManifestError
from reconciler.manifest import load

_TRIES = 3


def processor_seconds(*paths: Path) -> list[float]:
    """Return the processor time that reading each manifest takes: the least of some tries, after one that warms up."""
    command = [sys.executable, "-m", "tests.manifest.effort", *map(str, paths)]
    ran = subprocess.run(
        command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=300
    )
    return [float(line) for line in ran.stdout.splitlines()]


def _once(path: Path) -> float:
    began = time.process_time()
    try:
        load(path)
    except ManifestError as error:
        str(error)
    return time.process_time() - began


if __name__ == "__main__":
    _once(Path(sys.argv[1]))
    for path in sys.argv[1:]:
        print(min(_once(Path(path)) for _ in range(_TRIES)))

"""Commands as whole processes: what each took, and how two of them compare when they run in turns."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Took:
    """What one run took: seconds of the wall's clock and of processors (user and system), MiB at the peak.

    `said` is what it wrote to stderr.
    """

    wall: float
    processor: float
    memory: float
    said: str = ""


@dataclass(frozen=True)
class Command:
    """A command, where it runs, and the exit code that it must have."""

    words: Sequence[str | Path]
    folder: Path | None = None
    variables: Mapping[str, str] | None = None
    code: int = 0

    def run(self) -> Took:
        """Run it to its end, its output thrown away; raises where it ends otherwise than it should."""
        began = time.perf_counter()
        running = subprocess.Popen(
            self.words,
            cwd=self.folder,
            env={**os.environ, **(self.variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        assert running.stderr is not None
        said = running.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(running.pid, 0)
        wall = time.perf_counter() - began
        running.returncode = os.waitstatus_to_exitcode(status)
        if running.returncode != self.code:
            raise RuntimeError(f"{' '.join(map(str, self.words))} ended with {running.returncode}: {said[-2000:]}")
        return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


@dataclass(frozen=True)
class Pair:
    """Two commands that ran in turns; a ratio is the median over them, of processor time, which noise moves less."""

    mine: tuple[Took, ...]
    other: tuple[Took, ...]

    @property
    def ratio(self) -> float:
        """How many times as long mine took as the other, in processor time."""
        return median(mine.processor / other.processor for mine, other in zip(self.mine, self.other, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The least and the greatest ratio of one turn."""
        ratios = [mine.processor / other.processor for mine, other in zip(self.mine, self.other, strict=True)]
        return min(ratios), max(ratios)

    @property
    def memory(self) -> float:
        """The greatest peak of mine, in MiB."""
        return max(took.memory for took in self.mine)


def in_turns(mine: Command, other: Command, turns: int) -> Pair:
    """Run both `turns` times in turns, after one round that does not count."""
    mine.run(), other.run()
    rounds = [(mine.run(), other.run()) for _ in range(turns)]
    return Pair(tuple(first for first, _ in rounds), tuple(second for _, second in rounds))

"""The program in processes of its own, each of which dies, or is sent a signal, where the order for it says.

Run as a program, it takes orders from stdin, one JSON object a line, and answers each with one. Everything that the
program imports is loaded once; a child is forked for each order and does all that `reconciler` does, from its first
line to its last. Nothing of the program is faked, and no part of it knows of this.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypedDict

from tests.faults import hardships
from tests.faults.power import Disk
from tests.faults.steps import Steps, seen_into
from tests.starter import build_schemas, import_all


class Order(TypedDict, total=False):
    """What to run and where; at which step it dies, or after how many seconds it gets which signal.

    `hardship` names a function of `tests.faults.hardships`. `afresh`: by a new interpreter,
    as from a shell; its steps are not counted. `seen`: the file that what it does is written to.
    """

    arguments: list[str]
    folder: str
    environment: dict[str, str]
    fatal: int
    halfway: bool
    power: bool
    hardship: str
    afresh: bool
    seen: str
    seconds: float
    signal: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: `code` as of subprocess, the step it died at, and how many it took if it did not die of one."""

    code: int
    out: str
    err: str
    at: str
    steps: tuple[str, ...]
    seconds: float


class Launcher:
    """A process that starts the program when asked to, as a context."""

    def __enter__(self) -> Self:
        # Coverage would slow each child down, and none of them lives to report it.
        plain = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        command = [sys.executable, "-m", "tests.faults.launcher"]
        self._process = subprocess.Popen(
            command, env=plain, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.communicate()

    def run(self, folder: Path, environment: Mapping[str, str], *arguments: str, order: Order | None = None) -> Ended:
        """Run the program in `folder` to its end, whatever that is."""
        whole: Order = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            **(order or {}),
        }
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(json.dumps(whole) + "\n")
        answer = json.loads(stdout.readline())
        ended = Ended(**{**answer, "steps": tuple(answer["steps"])})
        assert "Traceback" not in ended.err, ended.err
        return ended


def main() -> None:
    """Load all that the program loads, then take orders until there are no more."""
    import_all()
    build_schemas()
    for line in sys.stdin:
        answer = _carried_out(json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _carried_out(order: Order) -> dict[str, object]:
    """Fork a run, wait for its end, and return how it ended."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if not child:
        os.close(reading)
        _run(order, writing)
    os.close(writing)
    if "seconds" in order:
        time.sleep(order["seconds"])
        os.kill(child, order.get("signal", signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    seconds = time.monotonic() - began
    with open(reading, encoding="utf-8") as report:  # noqa: PTH123 - a pipe
        steps = report.read().splitlines()
    code = os.waitstatus_to_exitcode(status)
    died = code == -signal.SIGKILL and "fatal" in order
    out, err = (Path(order["folder"], name).read_text(encoding="utf-8") for name in _streams(os.getpid()))
    return {
        "code": code,
        "out": out,
        "err": err,
        "at": steps[-1] if died else "",
        "steps": steps,
        "seconds": seconds,
    }


def _streams(launcher: int) -> tuple[str, str]:
    """Return the files of stdout and stderr; several launchers may share a folder."""
    return f"{launcher}.out", f"{launcher}.err"


def _run(order: Order, report: int) -> None:
    """Be the program; never returns."""
    from reconciler.__main__ import main as program

    write = os.write
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = ["reconciler", *order["arguments"]]
    out, err = _streams(os.getppid())
    for number, name, flags in [(0, os.devnull, os.O_RDONLY), (1, out, _ANEW), (2, err, _ANEW)]:
        os.dup2(os.open(name, flags, 0o644), number)
    seen = seen_into(order["seen"]) if "seen" in order else lambda *_: None
    if "hardship" in order:
        getattr(hardships, order["hardship"])()
    if order.get("afresh"):
        os.execv(sys.executable, [sys.executable, "-m", "tests.faults.watched", order["seen"], *order["arguments"]])

    def tell(step: str) -> None:
        write(report, f"{step}\n".encode())

    disk = Disk(Path(order["folder"], ".reconciler")) if order.get("power") else None
    steps = Steps(order.get("fatal"), tell, halfway=order.get("halfway", False), disk=disk, seen=seen)
    steps.install()
    code = 70
    try:
        code = program()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, it must not get into the loop that forked this
        import traceback

        traceback.print_exc()
    write(report, "".join(f"{step}\n" for step in steps.taken).encode())
    os._exit(code)


_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

if __name__ == "__main__":
    main()

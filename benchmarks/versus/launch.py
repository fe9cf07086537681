"""Measure one command: `python -I launch.py REPORT OUTPUT SECONDS COMMAND…` writes a JSON report of what it cost.

It is a small process of its own because Linux counts the memory of whoever forks as the child's until the child has
grown beyond it. Time is from before the fork to the end of the command; processor time is that of the command and of
all children that it waited for; `largest` is the most memory that any one process of them held, both from the kernel.
`together` is the most that all of them held at one time, looked up every 50 ms: it misses what lives shorter, and of a
page that several processes share each is charged its part, so that it can be less than `largest`. A command that lasts
longer than SECONDS is ended.
"""

import json
import os
import signal
import sys
import time

EVERY = 0.05


def children(process: int | str) -> list[str]:
    """Return the children of a process."""
    found: list[str] = []
    for thread in os.listdir(f"/proc/{process}/task"):
        with open(f"/proc/{process}/task/{thread}/children") as file:
            found += file.read().split()
    return found


def together(process: int | str) -> int:
    """Return the KiB that a process and all below it hold."""
    try:
        with open(f"/proc/{process}/smaps_rollup") as file:
            held = next(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        return held + sum(together(child) for child in children(process))
    except (OSError, StopIteration):
        return 0


def started(command: list[str], output: str) -> int:
    """Start the command in a session of its own, with nothing to read, and return its process id."""
    process = os.fork()
    if process:
        return process
    try:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
        os.dup2(1, 2)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        os.execvp(command[0], command)
    finally:
        os._exit(127)


def measured(command: list[str], output: str, seconds: float) -> dict[str, float]:
    """Run the command to its end and return what it cost."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    most, begun = 0, time.monotonic()
    process = started(command, output)
    while True:
        most = max(most, together(process))
        signal.sigtimedwait({signal.SIGCHLD}, EVERY)
        ended, status, used = os.wait4(process, os.WNOHANG)
        lasted = time.monotonic() - begun
        if ended:
            break
        if lasted > seconds:
            os.killpg(process, signal.SIGKILL)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": round(lasted, 4),
        "processor": round(used.ru_utime + used.ru_stime, 4),
        "largest": used.ru_maxrss,
        "together": most,
    }


if __name__ == "__main__":
    report, output, seconds, *command = sys.argv[1:]
    with open(report, "w") as file:
        json.dump(measured(command, output, float(seconds)), file)

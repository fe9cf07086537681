"""Running every tool in every scenario, in turn, and looking at the server whether the work was done."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.versus.results import Sample
from benchmarks.versus.serving import Server
from benchmarks.versus.tools import Tool
from benchmarks.versus.work import Scenario, Work, work

LAUNCH = Path(__file__).parent / "launch.py"
LONGEST = 600  # seconds that a command may take
ENDED_WELL = (0, 2)  # 2 is how a check of some says that there is something to do
PRIMING = Scenario("prime", "bring", changed=0)
HERE = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are: the programs, a folder to work in, the port of the sandbox, and how many lists it has."""

    programs: Path
    folder: Path
    port: int
    lists: int

    def server(self, scenario: Scenario) -> Server:
        """Return a fresh sandbox."""
        return Server(self.programs / "reconciler", self.port, self.lists, scenario)

    def variables(self, tool: Tool, server: Server, folder: Path) -> Mapping[str, str]:
        """Return the whole environment of a tool: nothing of ours gets in."""
        return {
            "PATH": f"{self.programs}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            **server.variables,
            **tool.variables,
        }


def primed(bench: Bench, tools: Sequence[Tool]) -> None:
    """Lay out every tool with the lists as they are live, and let those that keep a state take it up."""
    shutil.rmtree(bench.folder, ignore_errors=True)
    for tool in tools:
        folder = bench.folder / "primed" / tool.key
        tool.lay(folder)
        with bench.server(PRIMING) as server:
            tool.write(folder, work(bench.lists, 0).live, server.url, 0)
            if tool.prime:
                _prime(tool, folder, bench.variables(tool, server, folder))


def rounds(bench: Bench, tools: Sequence[Tool], scenario: Scenario) -> Iterator[tuple[Tool, Sample]]:
    """Yield a sample of every tool, round by round; each round starts with another one."""
    for number in range(scenario.runs):
        first = number % len(tools)
        for tool in (*tools[first:], *tools[:first]):
            yield tool, sample(bench, tool, scenario)


def sees_drift(bench: Bench, tool: Tool) -> bool:
    """Return whether a check notices that a list was changed elsewhere; not measured."""
    return sample(bench, tool, Scenario("drift", "check", changed=0), drifted=True).right


def sample(bench: Bench, tool: Tool, scenario: Scenario, *, drifted: bool = False) -> Sample:
    """Run one tool once, in a copy of its primed folder, against a fresh sandbox."""
    task = work(bench.lists, scenario.changed)
    folder = bench.folder / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bench.folder / "primed" / tool.key, folder)
    with bench.server(scenario) as server:
        tool.write(folder, task.wanted, server.url, scenario.limit)
        if drifted:
            server.edit(task.edited_elsewhere)
        cost = _launched(tool.command(scenario.verb), folder, bench.variables(tool, server, folder))
        said = (folder / "output").read_text(encoding="utf-8", errors="replace")
        output = said.replace(f"{folder}/", "").replace(str(HERE), "…")  # where this machine keeps things is no result
        seen = _counted(server, replace(cost, output=output))
        differs = seen.code in ENDED_WELL and tool.differs(seen.code, output)
        done = _as_wanted(server, task) if scenario.verb == "bring" else not seen.puts and differs == drifted
    return replace(seen, right=done and seen.code in ENDED_WELL)


def _prime(tool: Tool, folder: Path, variables: Mapping[str, str]) -> None:
    ended = subprocess.run(
        tool.prime, cwd=folder, env=variables, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    if ended.returncode:
        raise RuntimeError(f"{tool.title} could not be prepared: {ended.stdout[-2000:]}{ended.stderr[-2000:]}")


def _launched(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Sample:
    launch = (sys.executable, "-I", str(LAUNCH), "report", "output", str(LONGEST), *command)
    subprocess.run(launch, cwd=folder, env=variables, check=True, timeout=LONGEST + 60)
    return Sample(**json.loads((folder / "report").read_text(encoding="utf-8")))


def _counted(server: Server, cost: Sample) -> Sample:
    """Add what the server counted."""
    requests = server.requests()
    return replace(
        cost,
        requests=len(requests),
        puts=sum(request["kind"] == "put" for request in requests),
        refused=sum(request["status"] == 429 for request in requests),
    )


def _as_wanted(server: Server, task: Work) -> bool:
    return server.lists() == {known.id: (known.name, known.texts["description"]) for known in task.wanted}

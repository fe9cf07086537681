"""What an apply needs once PUTs went out is loaded before: an upgrade of the program meanwhile breaks no run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.report.formats import FORMATS
from reconciler.sandbox import faults
from reconciler.sandbox.faults import Fault
from tests.marks import each_once
from tests.program import SECONDS, some_lists, workplace

# The journal is opened before the first PUT goes out; whatever is imported from then on is written to a file.
WATCHED = """
import json, sys
late, begun = [], False
def watch(event, details):
    global begun
    if event == "open" and str(details[0]).endswith(".journal.jsonl"):
        begun = True
    if event == "import" and begun:
        late.append(details[0])
sys.addaudithook(watch)
from reconciler.__main__ import main
code = main()
with open("late.json", "w") as file:
    json.dump({"begun": begun, "late": late}, file)
sys.exit(code)
"""

BUSY: list[Fault] = [
    faults.Status(call="put", at=2, status=503, retry_after=1),
    faults.Reset(call="put", at=3),
]


REFUSED: list[Fault] = [faults.Status(call="put", at=2, status=400)]


@pytest.mark.parametrize(("broken", "printed"), each_once([BUSY, REFUSED, []], [[], ["--json"]]))
def test_nothing_is_imported_after_the_first_put(tmp_path: Path, broken: list[Fault], printed: list[str]) -> None:
    lists = some_lists(3)
    reports = [*(f"--report={name}={name}.out" for name in FORMATS), "--notify=json://127.0.0.1:1"]
    with workplace(tmp_path, lists, measured=False) as place:
        place.declare(lists, **{key: {"description": "New"} for key in "abc"})
        place.sandbox.world.faults.arm(broken)
        ran = subprocess.run(
            [sys.executable, "-c", WATCHED, "apply", "--yes", "--undo-out", "undo.json", *printed, *reports],
            cwd=tmp_path, env=place.variables, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert ran.returncode == (3 if broken == REFUSED else 0), ran.stderr
    assert json.loads((tmp_path / "late.json").read_text()) == {"begun": True, "late": []}

"""Which changes of `planning/` no test noticed, held against the listed ones: `python -m tests.survivors`.

`planning/survivors.txt` has one line for each that cannot be noticed, `FUNCTION | + CHANGED LINE | REASON`. A survivor
that is not listed fails, and so does a line that nothing needs any more.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

LISTED = Path(__file__).parent / "planning" / "survivors.txt"
MUTMUT = str(Path(sys.executable).with_name("mutmut"))


def survivors() -> dict[str, str]:
    """Return, for each change that survived, its function and the changed line; the same line may come twice."""
    results = subprocess.run([MUTMUT, "results"], capture_output=True, text=True, check=True).stdout
    names = re.findall(r"^\s*(\S+): (?:survived|no tests)$", results, re.MULTILINE)
    return {name: _described(name) for name in names}


def _described(name: str) -> str:
    shown = subprocess.run([MUTMUT, "show", name], capture_output=True, text=True, check=True).stdout
    changed = " ".join(line[1:].strip() for line in shown.splitlines() if re.match(r"\+ ", line))
    return f"{re.sub(r'__mutmut_[0-9]+$', '', name)} | + {changed}"


def main() -> int:
    """Print what is new among the survivors, and what is listed in vain."""
    found = set(survivors().values())
    listed = {line.rsplit(" | ", 1)[0] for line in LISTED.read_text(encoding="utf-8").splitlines() if line.strip()}
    for line in sorted(found - listed):
        sys.stdout.write(f"no test notices: {line}\n")
    for line in sorted(listed - found):
        sys.stdout.write(f"listed in vain: {line}\n")
    sys.stdout.write(f"{len(found)} changes of planning survive, {len(listed)} are listed with their reason\n")
    return 1 if found - listed else 0


if __name__ == "__main__":
    sys.exit(main())

"""A row more in the table of managed fields is a field more of the manifest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.program import REPOSITORY


def test_a_third_field_is_checked_published_imported_accepted_and_promoted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.manifest.third_field", str(tmp_path)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")

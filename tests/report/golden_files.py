"""Whole outputs against files in `golden/`; `UPDATE_GOLDEN=1` rewrites them, and their diff is to be read."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, output: str) -> None:
    """Compare `output` with the file `name`, byte by byte."""
    file = FOLDER / name
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.write_bytes(output.encode())
    assert output == file.read_bytes().decode(), (
        f"{file} differs; if that is meant: UPDATE_GOLDEN=1, then read the diff"
    )

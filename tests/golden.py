"""Whole outputs against files; `UPDATE_GOLDEN=1` rewrites them, to be read before they are committed."""

from __future__ import annotations

import os
from pathlib import Path


def check(golden: Path, actual: str) -> None:
    """Compare `actual` with the file, to the byte."""
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(actual, encoding="utf-8", newline="")
    assert actual == golden.read_text(encoding="utf-8"), (
        f"{golden.name}: read the difference; UPDATE_GOLDEN=1 accepts it"
    )

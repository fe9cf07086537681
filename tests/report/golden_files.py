"""Whole outputs of the reports against files in `golden/`."""

from __future__ import annotations

from pathlib import Path

from tests import golden

FOLDER = Path(__file__).parent / "golden"


def assert_golden(name: str, output: str) -> None:
    """Compare `output` with the file `name`, byte by byte."""
    golden.check(FOLDER / name, output)

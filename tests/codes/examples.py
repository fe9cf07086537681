"""The examples of the entries: compared with what really happens, or renewed from it by UPDATE_DOCS=1."""

from __future__ import annotations

import os
import re
from pathlib import Path

from reconciler.codes.catalogue import entries
from tests.program import REPOSITORY

SOURCE = REPOSITORY / "reconciler/codes/codes.toml"


def codes(kind: str) -> list[str]:
    """Return the codes of one kind, in the order of the page."""
    return [entry.code for entry in entries().values() if entry.kind == kind]


def assert_example(code: str, happens: str) -> None:
    """Compare the example of an entry with what happens."""
    if os.environ.get("UPDATE_DOCS"):
        _write(SOURCE, code, happens.strip("\n"))
    else:
        assert entries()[code].example == happens.strip("\n")


def _write(path: Path, code: str, happens: str) -> None:
    """Put what happens into the entry of a code, as its example."""
    text = path.read_text(encoding="utf-8")
    pattern = rf"(\.{re.escape(code)}\]\n(?:(?!\n\[).)*?\nexample = ''')\n.*?(''')"
    renewed, found = re.subn(
        pattern, lambda match: f"{match[1]}\n{happens}\n{match[2]}", text, count=1, flags=re.DOTALL
    )
    assert found, code
    path.write_text(renewed, encoding="utf-8")
    entries.cache_clear()

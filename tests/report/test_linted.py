"""The style and the script of the HTML report, looked over by linters from npm."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.program import REPOSITORY

pytestmark = pytest.mark.slow

NODE = REPOSITORY / "tests" / "node"
TOOLS = NODE / "node_modules" / ".bin"
PAGE = REPOSITORY / "reconciler" / "report" / "html"
ESLINT = [str(TOOLS / "eslint"), "--config", str(NODE / "eslint.config.mjs"), "--max-warnings", "0"]
STYLELINT = [
    str(TOOLS / "stylelint"),
    "--config",
    str(NODE / "stylelint.config.mjs"),
    "--config-basedir",
    str(NODE),
    "--max-warnings",
    "0",
]


def faults(folder: Path, *command: str) -> str:
    """Return what a linter says, nothing if it finds no fault."""
    assert Path(command[0]).exists(), "make slow installs it"
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    return (ran.stdout + ran.stderr).strip() if ran.returncode else ""


def test_the_script_is_in_order() -> None:
    assert faults(REPOSITORY, *ESLINT, str(PAGE / "page.js")) == ""


def test_the_style_is_in_order() -> None:
    assert faults(REPOSITORY, *STYLELINT, str(PAGE / "page.css")) == ""


def test_the_linters_find_fault(tmp_path: Path) -> None:
    """Else a configuration that reads nothing would pass for one that finds nothing."""
    script, style = tmp_path / "bad.js", tmp_path / "bad.css"
    script.write_text('"use strict";\ndocument.body.innerHTML = location.hash;\n', encoding="utf-8")
    style.write_text("a { background: url(https://example.com/x.png); }\n", encoding="utf-8")
    assert "no-restricted-properties" in faults(tmp_path, *ESLINT, str(script))
    assert "function-disallowed-list" in faults(tmp_path, *STYLELINT, str(style))

"""`validate` of several manifests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.cli.app import run


def test_every_manifest_that_is_named_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        assert run(["init", str(tmp_path / name)]) == 0
    a, b, c = (str(tmp_path / name / "lists.yaml") for name in "abc")
    capsys.readouterr()
    assert run(["validate", "-f", a, "-f", b]) == 0
    assert capsys.readouterr().out == f"{a}: valid (prod 0 lists)\n{b}: valid (prod 0 lists)\n"
    Path(a).write_text("version: 2\n")
    assert run(["validate", "-f", a, "-f", b, "--file", c]) == 1
    out, err = capsys.readouterr()
    assert out == f"{b}: valid (prod 0 lists)\n"
    assert f"{a}:1:10: version: must be 1" in err
    assert f"{c}:1:1: there is no such file" in err
    assert run(["validate", "-f", a, "-f", c, "--json"]) == 1
    found = {problem["file"] for problem in json.loads(capsys.readouterr().out)["problems"]}
    assert found == {a, c}
    assert run(["plan", "-f", a, "-f", b]) == 1
    assert "argument -f/--file: given twice" in capsys.readouterr().err

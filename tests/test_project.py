"""The project as it is handed out: the wheel, the locks, the tree of errors, the size of things."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from reconciler import __version__, errors
from tests import starter
from tests.program import REPOSITORY

LOCKS = REPOSITORY / "reconciler" / "pipelines"


@pytest.mark.slow
def test_the_wheel_runs_in_a_clean_environment(tmp_path: Path) -> None:
    def run(*command: str) -> str:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300).stdout

    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", ".", str(REPOSITORY))
    (wheel,) = tmp_path.glob("contact_list_reconciler-*.whl")
    with zipfile.ZipFile(wheel) as packed:
        assert {f"reconciler/report/html/page.{kind}" for kind in ("css", "js", "html.jinja")} <= set(packed.namelist())
    run(sys.executable, "-m", "venv", "clean")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    pinned = f"contact-list-reconciler=={__version__} --hash=sha256:{digest}\n"
    (tmp_path / "requirements.txt").write_text((LOCKS / "requirements.txt").read_text() + pinned)
    shutil.copy(REPOSITORY / ".github" / "actions" / "reconciler" / "install.sh", tmp_path)
    path = f"PATH={tmp_path}/clean/bin:{os.environ['PATH']}"
    run("env", path, f"PIP_FIND_LINKS={tmp_path}", "bash", str(tmp_path / "install.sh"))
    reconciler = str(tmp_path / "clean/bin/reconciler")
    assert run(reconciler, "--version") == f"reconciler {__version__}\n"
    assert '"$schema"' in run(reconciler, "schema")
    shutil.copy(REPOSITORY / "lists.yaml.example", tmp_path / "lists.yaml")
    assert run(reconciler, "plan", "--all-envs", "--report", "html=-").rstrip().endswith("</html>")
    ended = subprocess.run([reconciler, "sandbox"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert (ended.returncode, "install again with the extra sandbox (docs/install.md)" in ended.stderr) == (1, True)


def test_locks_have_hashes_and_no_address() -> None:
    for path in (*LOCKS.glob("*.txt"), *(REPOSITORY / "requirements").glob("*.txt")):
        text = path.read_text()
        assert "://" not in text
        pinned = re.findall(r"^[\w.-]+==.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert pinned
        assert all("--hash=sha256:" in entry for entry in pinned)


def test_the_tree_of_errors_is_drawn_as_it_is() -> None:
    drawn = re.findall(r"^[ │├└─]*(\w+Error)\s+(\d+)(?:, (\d+))?", errors.__doc__ or "", re.MULTILINE)
    classes = {
        name: found
        for name, found in vars(errors).items()
        if isinstance(found, type) and issubclass(found, errors.ReconcilerError)
    }
    assert {name for name, *_ in drawn} == set(classes)
    depths = re.findall(r"^([ │├└─]*)(\w+Error)", errors.__doc__ or "", re.MULTILINE)
    parents: list[tuple[int, str]] = []
    for indent, name in depths:
        while parents and parents[-1][0] >= len(indent):
            parents.pop()
        if parents:
            assert classes[name].__bases__[0].__name__ == parents[-1][1]
        parents.append((len(indent), name))
    for name, code, other in drawn:
        if not other:
            assert classes[name].exit_code == int(code)


def test_every_module_can_be_imported() -> None:
    """Most are imported only where they are needed, so a broken one would show late."""
    starter.import_all()
    files = {path.relative_to(REPOSITORY).with_suffix("") for path in (REPOSITORY / "reconciler").rglob("*.py")}
    modules = {".".join(file.parts).removesuffix(".__init__") for file in files}
    not_imported = {name for name in modules if name not in sys.modules}
    assert not_imported <= {"reconciler.__main__"} | {name for name in modules if ".sandbox" in name}


def test_modules_and_functions_stay_small() -> None:
    for path in (REPOSITORY / "reconciler").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert source.count("\n") <= 300, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert (node.end_lineno or 0) - node.lineno < 50, f"{path}: {node.name}"


ROW = re.compile(r"^ {0,4}([a-z_]+(?:, [a-z_]+)*) {2,}\S", re.MULTILINE)


def test_the_docstring_of_a_package_names_modules_that_it_has() -> None:
    packages = [path for path in (REPOSITORY / "reconciler").rglob("__init__.py") if path.parent.name != "reconciler"]
    rows = [(path.parent, row[1]) for path in packages for row in ROW.finditer(path.read_text(encoding="utf-8"))]
    assert rows
    for folder, names in rows:
        for name in names.split(", "):
            assert (folder / f"{name}.py").exists() or (folder / name).is_dir(), f"{folder}: {name}"


def test_a_file_name_stands_once() -> None:
    names = Counter(path.name for path in (REPOSITORY / "reconciler").rglob("*.py") if not path.name.startswith("__"))
    assert [name for name, number in names.items() if number > 1] == []

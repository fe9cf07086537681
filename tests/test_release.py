"""What a release is made of: its tag, its addresses, the source archive, the image. docs/releasing.md tells of it."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import site
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from reconciler import __version__
from tests.program import REPOSITORY

SCRIPT = REPOSITORY / ".github" / "release.py"
PACKAGE = '__version__ = "1.2.3"\n'
URL = "https://forge.example/sales/lists"


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


def test_the_notes_are_the_newest_section_of_the_changelog(script: dict[str, Any]) -> None:
    changelog = "# Changelog\n\nText.\n\n## 1.2.3 - 2026-11-28\n\n- One.\n\n### More\n\n- Two.\n\n## 1.2.2\n\n- Old.\n"
    assert script["release_notes"]("v1.2.3", PACKAGE, changelog) == "- One.\n\n### More\n\n- Two.\n"


@pytest.mark.parametrize(
    ("tag", "section"),
    [("v1.2.4", "## 1.2.3\n"), ("1.2.3", "## 1.2.3\n"), ("v1.2.3", "## Unreleased\n"), ("v1.2.3", "")],
)
def test_tag_version_and_changelog_must_agree(script: dict[str, Any], tag: str, section: str) -> None:
    with pytest.raises(SystemExit, match=re.escape(repr(tag)) + r".*Make them agree: v1\.2\.3, 1\.2\.3, 1\.2\.3\."):
        script["release_notes"](tag, PACKAGE, f"# Changelog\n\n{section}\n- One.\n")


def test_a_release_has_addresses_and_links_that_hold_anywhere(tmp_path: Path) -> None:
    for name in ("README.md", "pyproject.toml", "reconciler/__init__.py"):
        (copy := tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(REPOSITORY / name, copy)
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## {__version__}\n\n- One.\n")
    readme, pyproject = tmp_path / "README.md", tmp_path / "pyproject.toml"
    with readme.open("a") as page:
        page.write("![a](docs/a.png) [b](#install) [c](docs/c.md#d)\n")
    tag = f"v{__version__}"

    def prepare() -> tuple[str, str]:
        command = [sys.executable, str(SCRIPT), tag, URL]
        assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout == b"- One.\n"
        return pyproject.read_text(), readme.read_text()

    written = prepare()
    assert prepare() == written
    project = tomllib.loads(written[0])["project"]
    assert project.pop("urls")["Changelog"] == f"{URL}/blob/{tag}/CHANGELOG.md"
    before = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    assert project == {name: value for name, value in before.items() if name != "urls"}
    assert written[1].endswith(f"![a]({URL}/raw/{tag}/docs/a.png) [b](#install) [c]({URL}/blob/{tag}/docs/c.md#d)\n")
    assert re.findall(r"\]\((?!https:|#)", written[1]) == []


def test_the_image_is_built_from_locked_things_and_no_root() -> None:
    text = (REPOSITORY / "Containerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (.*)", text, re.MULTILINE)[1:] == ["base AS build", "base"]
    assert re.search(r"^FROM python:[\d.]+-slim-\w+@sha256:[0-9a-f]{64} AS base$", text, re.MULTILINE)
    assert re.search(r"^USER \d+:\d+$", text, re.MULTILINE)
    assert all("--require-hashes" in each or "--no-index" in each for each in re.findall(r"pip install.*", text))
    needed = "".join(re.findall(r"^COPY (requirements.*) \S+$", text, re.MULTILINE)).split()
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert set(ignored) == {"*", *(f"!{each}" for each in needed)}


@pytest.mark.slow
def test_the_source_archive_is_whole(tmp_path: Path) -> None:
    """It is the same each time, and in an empty folder it can be built, installed and tested; CI runs all its tests."""
    steady = {**os.environ, "SOURCE_DATE_EPOCH": "1764288000", "PYTHONPATH": ""}

    def run(folder: Path, *command: str) -> str:
        ran = subprocess.run(command, cwd=folder, env=steady, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    def built(kind: str, source: Path, number: int) -> Path:
        (into := tmp_path / f"{kind}{number}").mkdir()
        run(source, sys.executable, "-c", f"from flit_core import buildapi; buildapi.build_{kind}({str(into)!r})")
        return next(into.iterdir())

    archive = built("sdist", REPOSITORY, 1)
    (tmp_path / "unpacked").mkdir()
    run(tmp_path, "tar", "-xzf", str(archive), "-C", "unpacked")
    (source,) = (tmp_path / "unpacked").iterdir()
    assert built("sdist", source, 2).read_bytes() == archive.read_bytes()
    wheel = built("wheel", source, 1)
    assert built("wheel", REPOSITORY, 2).read_bytes() == wheel.read_bytes()

    run(tmp_path, sys.executable, "-m", "venv", "clean")
    (library,) = (tmp_path / "clean/lib").glob("*/site-packages")
    (library / "dependencies.pth").write_text(site.getsitepackages()[0])
    run(tmp_path, "clean/bin/python", "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel))
    for name in ("reconciler", "contact-list-reconciler"):
        assert run(tmp_path, f"clean/bin/{name}", "--version") == f"reconciler {__version__}\n"
    where = run(tmp_path, "clean/bin/python", "-c", "import reconciler; print(reconciler.__file__)")
    assert where.startswith(str(library))

    pytests = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run(source, *pytests, "--collect-only")
    run(
        source,
        *pytests,
        "-m",
        "not slow",
        "tests/planning",
        "tests/model",
        "tests/test_project.py",
        "tests/test_docs.py",
    )

"""What `init` writes for a pipeline to install."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

import pytest

from reconciler.cli import requirements
from reconciler.cli.app import run
from tests.pipelines.test_installing import make_wheel

COMMIT = "0123456789abcdef0123456789abcdef01234567"
REPOSITORY = f"git+https://git.example.test:8443/o/r.git@{COMMIT}"
DIGEST = "5a4d" * 16
WHEEL = f"https://files.example.test/r-1-py3-none-any.whl#sha256={DIGEST}"
GITHUB, GITLAB = ".github/actions/reconciler", ".gitlab/reconciler"


def test_a_commit_is_installed_after_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["init", str(tmp_path), "--github", "--gitlab", "--from", REPOSITORY]
    assert run(command) == 0
    for place in (GITHUB, GITLAB):
        text = (tmp_path / place / "requirements.txt").read_text()
        assert text.startswith("# What the pipeline installs")
        assert "contact-list-reconciler" not in text
        assert "\nflit-core==" in text
        assert "\npydantic==" in text
        assert (tmp_path / place / "commit.txt").read_text() == f"contact-list-reconciler @ {REPOSITORY}\n"
    assert run(command) == 1
    said = capsys.readouterr().err
    assert f"{GITHUB}/requirements.txt and {tmp_path}/{GITHUB}/commit.txt must be deleted first" in said
    assert run(command[:-2]) == 0
    assert f"{GITHUB}/commit.txt  is there already, left as it is\n" in capsys.readouterr().out
    (tmp_path / GITHUB / "requirements.txt").unlink()
    assert run(command[:-2]) == 1
    assert f"error: {tmp_path}/{GITHUB}/commit.txt must be deleted first" in capsys.readouterr().err


def test_a_wheel_is_installed_by_its_hash(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path), "--gitlab", "--from", WHEEL]) == 0
    text = (tmp_path / GITLAB / "requirements.txt").read_text()
    entry = "contact-list-reconciler @ https://files.example.test/r-1-py3-none-any.whl \\\n    --hash=sha256:"
    assert f"\n{entry}{DIGEST}\nannotated-types==" in text
    assert "flit-core" not in text
    assert not (tmp_path / GITLAB / "commit.txt").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "was installed from a folder, or pip does not find it in a package index: say with --from what"),
        (["--from", f"git+https://h/o/r@{COMMIT[:-1]}"], "can come to mean another commit: give all 40 digits of one"),
        (["--from", "git+https://h/o/r@main"], "`git ls-remote https://h/o/r main` shows them"),
        (["--from", "git+https://h/o/r"], "the newest commit changes: give all 40 digits of one; `git ls-remote https"),
        (["--from", f"git+https://u:p@h/o/r@{COMMIT}"], "must be git+https://HOST/OWNER/REPO@COMMIT, or the address"),
        (["--from", "https://files.example.test/r.whl"], "must be git+https://HOST/OWNER/REPO@COMMIT, or the address"),
        (
            ["--from", "contact-list-reconciler"],
            "must be git+https://HOST/OWNER/REPO@COMMIT, or the address of a wheel",
        ),
        (["--from", f"{REPOSITORY}\nevil"], "must be git+https://HOST/OWNER/REPO@COMMIT, or the address of a wheel"),
    ],
)
def test_what_is_not_pinned_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    assert run(["init", str(tmp_path), "--github", *options]) == 1
    assert said in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_source_is_for_pipelines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["init", str(tmp_path), "--from", REPOSITORY]) == 1
    assert (
        capsys.readouterr().err == "error: --from is for pipelines: give --github, --gitlab or --ci with it [USAGE]\n"
    )


@pytest.mark.parametrize(("typed", "code"), [(f"main\n{REPOSITORY}\n", 0), ("\n", 1)])
def test_a_terminal_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    assert run(["init", str(tmp_path)]) == 0
    leader, follower = os.openpty()
    os.write(leader, typed.encode())
    with os.fdopen(follower) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        assert run(["init", str(tmp_path), "--github"]) == code
    os.close(leader)
    said = capsys.readouterr()
    assert "What is a pipeline to install? git+https://HOST/OWNER/REPO@COMMIT" in said.out
    assert (tmp_path / GITHUB / "commit.txt").exists() == (code == 0)
    assert ("must be git+https" in said.out, "nothing was written" in said.err) == (code == 0, code == 1)


def test_what_runs_is_what_a_pipeline_installs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "__version__", "9.9")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert requirements._indexed_entry() is None
    digest = hashlib.sha256(make_wheel(tmp_path, "contact_list_reconciler").read_bytes()).hexdigest()
    assert requirements._indexed_entry() == f"contact-list-reconciler==9.9 \\\n    --hash=sha256:{digest}\n"
    known = {"vcs": "git", "requested_revision": "main", "commit_id": COMMIT}
    assert requirements.source_of({"url": "https://h/o/r", "vcs_info": known}) == f"git+https://h/o/r@{COMMIT}"
    url, _ = WHEEL.split("#")
    assert requirements.source_of({"url": url, "archive_info": {"hashes": {"sha256": DIGEST}}}) == WHEEL
    assert requirements.source_of({"url": url, "archive_info": {"hash": f"sha256={DIGEST}"}}) == WHEEL
    for unknown in ({}, {"hash": f"md5={DIGEST}"}):
        assert requirements.source_of({"url": url, "archive_info": unknown}) == ""
    assert requirements.source_of({"url": "file:///r", "dir_info": {}}) == ""

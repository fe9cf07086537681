"""The step and the job that install, run in a checkout that would like to run something of its own."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.pipelines.project import WHO, bare_python
from tests.program import REPOSITORY
from tests.state.cas_files import git

ACTION = REPOSITORY / ".github" / "actions" / "reconciler"
TEMPLATE = (REPOSITORY / "reconciler" / "pipelines" / "gitlab" / "templates" / "contact-lists.yml").read_text()
JOBS = yaml.safe_load(TEMPLATE.split("\n---\n")[1])
SECRET = "sh-5a4d-secret"  # what is looked for
SECRETS = (
    *("KORE_CLIENT_SECRET", "GIVEN_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "GIT_CONFIG_VALUE_0"),
    *("CI_JOB_TOKEN", "CI_REPOSITORY_URL", "RECONCILER_NOTE_TOKEN"),
)
_BACKEND = """\
import os, pathlib, shutil
def build_wheel(folder, config_settings=None, metadata_directory=None):
    known, process = [repr(dict(os.environ))], os.getpid()
    while {ancestors!r} and process > 1 and (about := pathlib.Path(f"/proc/{{process}}")).exists():
        known.append((about / "environ").read_text(errors="replace") if os.access(about / "environ", os.R_OK) else "")
        process = int((about / "status").read_text().split("PPid:")[1].split()[0])
    pathlib.Path({seen!r}).write_text("".join(known))
    return shutil.copy({wheel!r}, folder).rpartition("/")[2]
"""


def make_wheel(folder: Path, project: str, **modules: str) -> Path:
    """Make a wheel of some modules."""
    name = f"{project}-9.9"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as packed:
        for module, text in modules.items():
            packed.writestr(f"{module}.py", text)
        about = {"METADATA": f"Metadata-Version: 2.1\nName: {project}\nVersion: 9.9\n", "RECORD": ""}
        about["WHEEL"] = "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        for each, text in about.items():
            packed.writestr(f"{name}.dist-info/{each}", text)
    return path


def hostile(checkout: Path, ran: Path) -> None:
    """Fill a checkout with all that an installer might take for its own."""
    checkout.mkdir()
    act = f"open({str(ran)!r}, 'w')\n"
    (checkout / "pip").mkdir()
    for name in ("pip/__init__", "pip/__main__", "setup", "sitecustomize", "usercustomize", "json", "subprocess"):
        (checkout / f"{name}.py").write_text(act)
    (checkout / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "setup"\n')
    for name in ("pip.conf", "setup.cfg"):
        (checkout / name).write_text("[global]\nno-index = false\n[install]\ntarget = elsewhere\n")
    (checkout / "reconciler-wheels").mkdir()
    make_wheel(checkout / "reconciler-wheels", "evil", evil="")


@pytest.mark.parametrize("platform", ["github", pytest.param("gitlab", marks=pytest.mark.slow)])
def test_a_checkout_runs_nothing_when_a_commit_is_built_and_no_secret_is_seen(tmp_path: Path, platform: str) -> None:
    checkout, ran, seen = tmp_path / "checkout", tmp_path / "ran", tmp_path / "seen"
    hostile(checkout, ran)
    program = make_wheel(tmp_path / "built", "contact_list_reconciler", installed="")
    backend = _BACKEND.format(seen=str(seen), wheel=str(program), ancestors=platform == "github")
    flit = make_wheel(tmp_path / "wheels", "flit_core", **{"flit_core/__init__": "", "flit_core/buildapi": backend})
    git(tmp_path, "init", "--quiet", "source")
    (tmp_path / "source" / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
    )
    git(tmp_path / "source", "add", "--all")
    git(tmp_path / "source", *WHO, "commit", "--quiet", "--message", "x")
    commit = git(tmp_path / "source", "rev-parse", "HEAD").strip()
    place = checkout / (".github/actions/reconciler" if platform == "github" else ".gitlab/reconciler")
    place.mkdir(parents=True)
    digest = hashlib.sha256(flit.read_bytes()).hexdigest()
    (place / "requirements.txt").write_text(f"flit-core==9.9 --hash=sha256:{digest}\n")
    (place / "commit.txt").write_text(f"contact-list-reconciler @ git+https://git.example.test/o/r@{commit}\n")
    instead = f"url.{tmp_path}/source.insteadOf"
    git(tmp_path, "config", "--file", ".gitconfig", instead, "https://git.example.test/o/r")
    python = bare_python(tmp_path)
    environment = {
        "PATH": f"{python}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": ".",
        "UID": "5",
        "SHELLOPTS": "braceexpand",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path / "wheels"),
        **dict.fromkeys(SECRETS, f"two\nlines {SECRET}"),
    }
    (job,) = JOBS["install-reconciler"]["script"]
    _, unpack = JOBS[".reconciler-$[[ inputs.name ]]-$[[ inputs.environment ]]"]["before_script"]
    shutil.copy(ACTION / "install.sh", place)
    for script in [f"exec bash {place}/install.sh"] if platform == "github" else [job, unpack]:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", script],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (seen.exists(), ran.exists(), SECRET in seen.read_text()) == (True, False, False)
    kept = subprocess.run([python / "python", "-I", "-c", "import installed"], check=False)
    assert kept.returncode == 0
    evil = subprocess.run([python / "python", "-I", "-c", "import evil"], capture_output=True, check=False)
    assert evil.returncode == 1


@pytest.mark.slow
def test_only_the_archives_that_are_named_are_installed(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels", "contact_list_reconciler", installed="")
    (tmp_path / "requirements.txt").write_text(f"contact-list-reconciler==9.9 --hash=sha256:{'0' * 64}\n")
    shutil.copy(ACTION / "install.sh", tmp_path)
    done = subprocess.run(
        ["bash", str(tmp_path / "install.sh")],
        env={
            "PATH": f"{bare_python(tmp_path)}:{os.environ['PATH']}",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheel.parent),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "DO NOT MATCH THE HASHES" in done.stderr) == (1, True), done.stderr

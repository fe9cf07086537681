"""The environment of the comparison: what is installed for it, on which machine, in which versions."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from reconciler import __version__

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "requirements" / "benchmarks.txt"
DISTRIBUTIONS = ("ansible-core", "octodns", "requests", "PyYAML", "PyJWT", "httpx", "matplotlib")


def installed(folder: Path) -> Path:
    """Return the programs of an environment in `folder` with the rivals as locked, and the program as it is here."""
    programs = folder / "bin"
    python = str(programs / "python")
    pip = (python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps")
    stamp = folder / "benchmarks.txt"
    if not stamp.exists() or stamp.read_bytes() != LOCK.read_bytes():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run((sys.executable, "-m", "venv", str(folder)), check=True)
        subprocess.run((*pip, "--require-hashes", "-r", str(LOCK)), check=True)
        shutil.copyfile(LOCK, stamp)
    subprocess.run((*pip, "--no-build-isolation", "--force-reinstall", str(ROOT)), check=True)
    return programs


def described() -> Mapping[str, str]:
    """Return what kind of machine this is; reads what Linux tells."""
    return {
        "processor": f"{os.cpu_count()} cores, {_after('model name', '/proc/cpuinfo')}",
        "memory": f"{int(_after('MemTotal', '/proc/meminfo').split()[0]) / 2**20:.0f} GiB",
        "system": f"{_distribution()}, kernel {platform.release().split('-')[0]}",
        "python": platform.python_version(),
        "load": f"{os.getloadavg()[2]:.1f} over the last quarter of an hour",
    }


def versions(programs: Path) -> Mapping[str, str]:
    """Return the versions of the program, of the rivals, and of what they stand on."""
    script = "import json, sys; from importlib.metadata import version; "
    script += "print(json.dumps({name: version(name) for name in sys.argv[1:]}))"
    found: dict[str, str] = json.loads(_said(str(programs / "python"), "-c", script, *DISTRIBUTIONS))
    if shutil.which("terraform"):
        quiet = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "CHECKPOINT_DISABLE": "1"}
        found["Terraform"] = json.loads(_said("terraform", "version", "-json", env=quiet))["terraform_version"]
        found["curl"] = _said("curl", "--version").split()[1]
    return {"reconciler": __version__, **found}


def _said(*command: str, env: Mapping[str, str] | None = None) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=60, env=env).stdout


def _after(key: str, path: str) -> str:
    """Return what stands after `key:` in a file of Linux, "unknown" where it does not."""
    lines = (line.partition(":") for line in Path(path).read_text(encoding="utf-8").splitlines())
    return next((value.strip() for name, _, value in lines if name.strip() == key), "unknown")


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()

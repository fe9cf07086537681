"""What a pipeline installs: one version or one commit of the program, and its dependencies, each by its SHA-256."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata, resources

from reconciler import __version__
from reconciler.cli.output import at_terminal, say
from reconciler.errors import UsageError

_NAME = "contact-list-reconciler"
_WAYS = "git+https://HOST/OWNER/REPO@COMMIT, or the address of a wheel, https://….whl#sha256=…"
_REPOSITORY = re.compile(r"git\+(https://[\w.-]+(?::\d+)?(?:/[\w.~-]+)+)(?:@(\S*))?", re.ASCII)
_WHEEL = re.compile(r"(https://[^\s#?@]+\.whl)#sha256=([0-9a-f]{64})", re.ASCII)
_PIP = (
    "-I -m pip install --dry-run --report - --quiet --no-deps --ignore-installed --only-binary :all: --no-input "
    "--retries 1"
)
_HEADER = """\
# What the pipeline installs, each archive by its SHA-256. To renew it, delete this file{also}, and run
# `reconciler init` again, by the version of the program that is to be installed.
"""


def requirement_files(source: str | None, answer: Callable[[str], str]) -> dict[str, bytes]:
    """Return, by name, the files that a pipeline installs from; `source` is the value of --from.

    Without a source it is the program that runs, if it was installed from a package index, a commit or a wheel with a
    known hash; otherwise a terminal is asked. Raises UsageError if a source names no fixed content, or there is none.
    """
    if source is not None and (why := _fault(source)):
        raise UsageError(f"--from {source!r}: {why}")
    entry = _entry(source) if source else _installed_entry() or _entry(_ask(answer))
    pinned = _lock("requirements.txt")
    if entry.startswith(f"{_NAME} @ git+"):  # git has a hash of its own, and pip takes none besides
        header = _HEADER.format(also=" and commit.txt")
        return {"requirements.txt": (header + _lock("build.txt") + pinned).encode(), "commit.txt": entry.encode()}
    return {"requirements.txt": (_HEADER.format(also="") + entry + pinned).encode()}


def _lock(name: str) -> str:
    """Return the entries of a lock file of the package, without its comments."""
    lines = (resources.files("reconciler") / "pipelines" / name).read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


def _fault(source: str) -> str:
    """Return why a source cannot be pinned, "" if it can."""
    if _WHEEL.fullmatch(source):
        return ""
    repository = _REPOSITORY.fullmatch(source)
    if not repository:
        return f"must be {_WAYS}"
    address, reference = repository.groups()
    if re.fullmatch("[0-9a-f]{40}", reference or ""):
        return ""
    moves = f"{reference} can come to mean another commit" if reference else "the newest commit changes"
    return f"{moves}: give all 40 digits of one; `git ls-remote {address} {reference or 'HEAD'}` shows them"


def _entry(source: str) -> str:
    """Return the lines of a requirements file for a source without a fault."""
    wheel = _WHEEL.fullmatch(source)
    return _hashed(f" @ {wheel[1]}", wheel[2]) if wheel else f"{_NAME} @ {source}\n"


def _hashed(what: str, digest: str) -> str:
    return f"{_NAME}{what} \\\n    --hash=sha256:{digest}\n"


def _installed_entry() -> str | None:
    """Return the lines for the program that runs; None if it was installed from a folder, or pip cannot find it."""
    try:
        origin = metadata.distribution(_NAME).read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return None
    if origin is None:
        return _indexed_entry()
    source = source_of(json.loads(origin))
    return None if _fault(source) else _entry(source)


def source_of(origin: dict[str, object]) -> str:
    """Return as a source what direct_url.json (PEP 610) says of an installed program."""
    match origin:
        case {"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}}:
            return f"git+{url}@{commit}"
        case {"url": url, "archive_info": archive} if digest := _sha256_of(archive):
            return f"{url}#sha256={digest}"
        case _:
            return ""


def _sha256_of(archive: object) -> str:
    """Return the hash in an `archive_info` of PEP 610, "" if there is none; pip before 23.1 may give the older form."""
    match archive:
        case {"hashes": {"sha256": digest}}:
            return str(digest)
        case {"hash": str(older)} if older.startswith("sha256="):
            return older.removeprefix("sha256=")
        case _:
            return ""


def _indexed_entry() -> str | None:
    """Return the lines for this version with the hash of its wheel, as the user's own pip finds it."""
    command = [sys.executable, *_PIP.split(), f"{_NAME}=={__version__}"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # nothing of a manifest
    if ran.returncode:
        return None
    (found,) = json.loads(ran.stdout)["install"]
    digest = _sha256_of(found["download_info"]["archive_info"])
    return _hashed(f"=={__version__}", digest) if digest else None


def _ask(answer: Callable[[str], str]) -> str:
    missing = f"{_NAME} {__version__} was installed from a folder, or pip does not find it in a package index"
    if not at_terminal():
        raise UsageError(f"{missing}: say with --from what a pipeline is to install: {_WAYS}")
    say(f"{missing}. What is a pipeline to install? {_WAYS}.")
    while source := answer("Install from: ").strip():
        why = _fault(source)
        if not why:
            return source
        say(why)
    raise UsageError(f"nothing was written: a pipeline needs something to install: {_WAYS}")

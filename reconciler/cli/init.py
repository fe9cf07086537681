"""`reconciler init`: a starter manifest, lines for .gitignore and, where asked for, the files of a pipeline."""

from __future__ import annotations

import argparse
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from reconciler.cli import options as shared
from reconciler.cli.output import say
from reconciler.errors import UsageError

_MANIFEST = """\
# Contact lists of Kore.ai as code: what each list is to be called, and how it is described.
# `reconciler import` brings in the lists that are there; `reconciler schema` describes every key.
version: 1
state: {state}
environments:
  prod:
    host: https://platform.kore.ai
    stream_id: st-00000000-0000-0000-0000-000000000000 # on the app's general settings page
    account_id: "000000000000000000000000" # the accountId of the vendor's API calls
lists: {{}}
"""
_IGNORED = ("/.reconciler/*.lock", "/.reconciler/*.new")
_FOLDER, _BRANCH = ".reconciler", "git+branch://reconciler-state"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("folder", nargs="?", type=shared.path, default=Path(), metavar="FOLDER", help="default: here")
    parser.add_argument("--github", action="store_true", help="also workflows for GitHub, the state on a branch")
    parser.add_argument("--gitlab", action="store_true", help="also a pipeline for GitLab, the state on a branch")


def run(options: argparse.Namespace) -> int:
    """Write what is not there yet; what is there stays as it is."""
    folder: Path = options.folder
    state = _BRANCH if options.github or options.gitlab else _FOLDER
    wanted = {"lists.yaml": _MANIFEST.format(state=state).encode()}
    for name, chosen in (("github", options.github), ("gitlab", options.gitlab)):
        if chosen:
            root = files("reconciler") / "pipelines" / name
            wanted |= dict(_tree(root, ""))
    try:
        for name, content in wanted.items():
            _write(folder / name, content)
        _ignore(folder / ".gitignore")
    except OSError as error:
        raise UsageError(f"cannot write {error.filename}: {error.strerror}") from error
    manifest = (folder / "lists.yaml").read_bytes()
    if state == _BRANCH and b"git+branch://" not in manifest:
        say(f"A pipeline forgets what is in a folder: write `state: {_BRANCH}` in lists.yaml")
    say("Next: fill in the environment in lists.yaml, then: reconciler doctor, and reconciler import")
    return 0


def _tree(root: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    """Return every file below `root`, by its path; a leading dot is written as an underscore there."""
    found: list[tuple[str, bytes]] = []
    for item in sorted(root.iterdir(), key=lambda each: each.name):
        name = f"{prefix}{item.name.replace('_dot_', '.', 1)}"
        if item.is_dir():
            found += _tree(item, f"{name}/")
        else:
            found.append((name, item.read_bytes()))
    return found


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        say(f"  {path}  is there already, left as it is")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
    say(f"  {path}  written")


def _ignore(path: Path) -> None:
    """Add the lines that are missing, at the end."""
    before = path.read_bytes().decode(errors="replace") if path.exists() else ""
    missing = [line for line in _IGNORED if line not in before.splitlines()]
    if not missing:
        say(f"  {path}  is there already, left as it is")
        return
    start = "" if not before or before.endswith("\n") else "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(start + "".join(f"{line}\n" for line in missing))
    say(f"  {path}  {'lines added' if before else 'written'}")

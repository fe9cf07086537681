"""Whose a state is: one manifest has one state, and a second one beside it must not take that for its own."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import note
from reconciler.errors import ManifestError
from reconciler.report.escape import terminal
from reconciler.state.state_store import Owner

if TYPE_CHECKING:
    from reconciler.manifest import Environment, Manifest
    from reconciler.state.state_store import Store


def owner(manifest: Manifest, environment: Environment, url: str, store: Store) -> Owner:
    """Return what a store at `url` must know of the manifest that uses it."""
    folder = Path(os.path.realpath(manifest.path.parent))
    path = folder / manifest.path.name
    document = next(iter(store.paths), None)
    base = document.parent if document else repository_folder(folder)
    own = Path(os.path.relpath(path, base)).as_posix()

    def claims(name: str) -> bool:
        other = Path(os.path.normpath(base / name))
        if not _may_own(other, base, folders=document is not None) or not other.is_file():
            _tell_once(f"note: {store}: was the state of {name!r}, which is gone: taken as renamed to {own!r}")
            return False
        return not other.samefile(path) and _uses(other, environment.name, url, document)

    return Owner(own, claims)


def repository_folder(folder: Path) -> Path:
    """Return the top folder of the repository, or the folder itself outside of any."""
    return next((above for above in (folder, *folder.parents) if (above / ".git").exists()), folder)


def _may_own(other: Path, base: Path, *, folders: bool) -> bool:
    """Tell whether a manifest there could own the state: what a document names is not trusted."""
    return base.is_relative_to(other.parent) if folders else other.is_relative_to(base)


def _uses(other: Path, environment: str, url: str, document: Path | None) -> bool:
    """Tell whether another manifest keeps the state of such an environment at the same place."""
    from reconciler.manifest import load

    try:
        found = load(other)
    except ManifestError:
        return True
    if environment not in found.environments:
        return False
    if document is None:
        return found.state == url
    place = other.parent / found.state / f"{environment}.state.json"
    return "://" not in found.state and os.path.realpath(place) == str(document)


@cache
def _tell_once(text: str) -> None:
    note(terminal(text))

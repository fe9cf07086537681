"""Where the files of a state may be: in the manifest's folder, links resolved, and in nothing of git's own."""

from __future__ import annotations

import os
from pathlib import Path

from reconciler.errors import StateError
from reconciler.state.state_reader import Files, files_beside

_OURS = ("HEAD", "objects", "refs")  # what every git folder has, a bare repository too


def files_in(folder: Path, environment: str, within: Path) -> Files:
    """Return the files of a state in `folder`; raises StateError where one of them would not be inside `within`.

    Where the document is a symbolic link, they are those of the file that it leads to.
    """
    named = folder / f"{environment}.state.json"
    root = Path(os.path.realpath(within))
    document = _inside(root, named)
    found = files_beside(document)
    for path in (found.journal, found.lock):
        _inside(root, path)
    return found


def _inside(root: Path, path: Path) -> Path:
    """Return where a path leads; raises StateError where that is not inside `root`."""
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(root):
        raise StateError(
            f"{path}: a link leads to {real}, out of the manifest's folder {root}. Nothing was changed. Keep the "
            "state in that folder, on a branch (git+branch://NAME) or in an object store"
        )
    _refuse_git(real)
    return real


def _refuse_git(path: Path) -> None:
    for above in path.parents:
        if above.name.casefold() == ".git" or all((above / name).exists() for name in _OURS):
            raise StateError(
                f"{path}: is in git's own folder {above}, where no state can be kept. Nothing was changed. Name "
                "another folder, or a branch, as in state: git+branch://reconciler-state"
            )

"""Whether git moved a state in a folder back, as `git revert` of an applied commit does: its serial went down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from reconciler.errors import StateError
from reconciler.model.lists import Applied, LaterState
from reconciler.state.backends.git import GitError, Repository
from reconciler.state.document import parse

_MOST = 20  # commits that are looked at


class _Version(NamedTuple):
    """The document as a commit has it; the commit is "" for the one in the folder."""

    commit: str
    applied: Applied


def later_state(document: Path, applied: Applied) -> LaterState | None:
    """Return the state that git moved back behind, given the present one of a folder in git; None if it did not.

    None, too, if git cannot tell.

    Looked at are the last commits that changed the document: from the present content on backwards, as long as serials
    go up. One process lists the commits; each document is read only when the ones after it leave it open.
    """
    folder = document.parent
    present = _Version("", applied)
    try:
        repository = Repository(folder if folder.is_dir() else next(each for each in folder.parents if each.is_dir()))
        commits = repository.run("log", f"-{_MOST}", "--format=%H", "--", document.name).decode().split()
        cut_off = repository.run("rev-parse", "--is-shallow-repository").strip() == b"true"
        latest = _latest(present, _versions(repository, document.name, commits))
    except GitError:
        return None
    if latest is present:
        return LaterState(applied, cut_off=True) if cut_off and len(commits) + 1 < _MOST else None
    path = quote(str(document.relative_to(Path.cwd()) if document.is_relative_to(Path.cwd()) else document))
    return LaterState(latest.applied, f"git checkout {latest.commit[:12]} -- {path}")


def _latest(present: _Version, earlier: Iterable[_Version]) -> _Version:
    """Return the version that git moved back behind, or the present one; `earlier` has the newest first."""
    latest = present
    for newer, older in pairwise(chain([present], earlier)):
        if newer.applied.lineage not in ("", older.applied.lineage) or older.applied.serial < newer.applied.serial:
            break
        if older.applied.serial > newer.applied.serial:
            latest = older
    return latest


def _versions(repository: Repository, name: str, commits: Iterable[str]) -> Iterator[_Version]:
    """Yield what commits say of the document, up to the first that cannot be understood. Raises GitError."""
    for commit in commits:
        answered = repository.run("cat-file", "--batch", given=f"{commit}:./{name}\n".encode())
        head, _, content = answered.partition(b"\n")
        if head.endswith(b" missing"):
            continue  # the commit removed it
        try:
            yield _Version(commit, parse(content.removesuffix(b"\n"), where=f"{commit}:{name}"))
        except StateError:
            return

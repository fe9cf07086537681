"""What git knows of a state in a folder: its commits, and whether `git revert` of an applied one moved it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, pairwise
from pathlib import Path
from shlex import quote
from typing import NamedTuple

from reconciler.errors import StateError
from reconciler.model.lists import Applied, LaterState
from reconciler.state.backends.git import GitError, Repository
from reconciler.state.document import parse
from reconciler.state.history import History, read_commits

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
    present = _Version("", applied)
    try:
        repository = _repository_of(document)
        commits = repository.run("log", f"-{_MOST}", "--format=%H", "--", document.name).decode().split()
        cut_off = repository.is_shallow()
        latest = _latest(present, _versions(repository, document.name, commits))
    except GitError:
        return None
    if latest is present:
        return LaterState(applied, cut_off=True) if cut_off and len(commits) + 1 < _MOST else None
    path = quote(str(document.relative_to(Path.cwd()) if document.is_relative_to(Path.cwd()) else document))
    return LaterState(latest.applied, f"git checkout {latest.commit[:12]} -- {path}")


def committed_states(document: Path, last: int, serial: int | None) -> History:
    """Return the states that the last commits of the document hold, oldest first; or those of one serial.

    Raises GitError.
    """
    repository = _repository_of(document)
    name = repository.run("rev-parse", "--show-prefix").decode(errors="surrogateescape").rstrip("\n") + document.name
    found = read_commits(partial(repository.revisions, "HEAD", name), str(document), last, serial)
    if len(found.saved) < last and repository.is_shallow():
        cut_off = "the commits before: this clone is shallow; git fetch --unshallow brings them"
        return found._replace(unread=(*found.unread, cut_off))
    return found


def _repository_of(document: Path) -> Repository:
    return Repository(next(each for each in document.parents if each.is_dir()))


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

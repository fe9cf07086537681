"""Whether git moved a state in a folder back, as `git revert` of an applied commit does: its serial went down."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
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
    go up. One process lists the commits, one their contents.
    """
    folder = document.parent
    try:
        repository = Repository(folder if folder.is_dir() else next(each for each in folder.parents if each.is_dir()))
        versions = list(_versions(repository, document, applied))
        cut_off = repository.run("rev-parse", "--is-shallow-repository").strip() == b"true"
    except GitError:
        return None
    latest = versions[0]
    for newer, older in pairwise(versions):
        if newer.applied.lineage not in ("", older.applied.lineage) or older.applied.serial < newer.applied.serial:
            break
        if older.applied.serial > newer.applied.serial:
            latest = older
    if latest is versions[0]:
        return LaterState(applied, cut_off=True) if cut_off and len(versions) < _MOST else None
    path = quote(str(document.relative_to(Path.cwd()) if document.is_relative_to(Path.cwd()) else document))
    return LaterState(latest.applied, f"git checkout {latest.commit[:12]} -- {path}")


def _versions(repository: Repository, document: Path, applied: Applied) -> Iterator[_Version]:
    """Yield the present state, then what the last commits say of it, newest first, as far as that can be read."""
    yield _Version("", applied)
    listed = repository.run("log", f"-{_MOST}", "--format=%H", "--", document.name).decode().split()
    asked = "".join(f"{commit}:./{document.name}\n" for commit in listed).encode()
    answered = repository.run("cat-file", "--batch", given=asked) if listed else b""
    for commit in listed:
        head, _, answered = answered.partition(b"\n")
        if not head.split()[-1:] or not head.split()[-1].isdigit():
            continue  # the commit removed it
        size = int(head.split()[-1])
        content, answered = answered[:size], answered[size + 1 :]
        try:
            yield _Version(commit, parse(content, where=f"{commit}:{document.name}"))
        except StateError:
            return

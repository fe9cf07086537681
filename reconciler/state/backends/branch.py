"""A few files on a git branch of their own, replaced together: read with a version, written only on top of it.

Each environment has files of its own there. A push that somebody else's environment was quicker with is made again on
top of theirs; one whose own files have changed is not. Environments of one process write in turn, each on top of the
last: they would only get in each other's way.

A branch that was made before there was a remote is read from here for as long as the remote has none of that name: the
first write pushes it, with all its commits. Where both have one, the remote's counts.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from uuid import uuid4

from reconciler.errors import StateError
from reconciler.state.backends.git import Repository, Revision

_TRIES = 200
_STATE = ".state.json"
_UNMOVED = 5  # tries; others that write have the branch for an instant
_log = logging.getLogger(__name__)
_PAUSE, _LONGEST = 0.02, 0.2  # seconds; the first times the number of the try, as far as the second


@dataclass
class _Turns:
    """The environments of this process on one branch: one writes at a time; the last commit that any of them made.

    `compared`: the branch of this repository was compared with the remote's.
    """

    lock: Lock = field(default_factory=Lock)
    tip: str = ""
    compared: bool = False


_TURNS: dict[tuple[Path, str], _Turns] = {}


@dataclass(frozen=True, slots=True)
class Version:
    """What a write builds on: by name, the ids of one environment's files."""

    files: Mapping[str, str] = field(default_factory=dict)


class Branch:
    """The files of one environment (`names`) on a branch of the repository around `folder`."""

    def __init__(self, folder: Path, branch: str, names: tuple[str, ...]) -> None:
        self._repository = Repository(folder)
        self._branch = branch
        self._names = names
        self._turns = _TURNS.setdefault((folder.absolute(), branch), _Turns())
        self._tip = ""  # of the branch that is written; "" if there is none yet
        self._base = ""  # the commit that the files are read from
        self._tried: Version | None = None

    def __str__(self) -> str:
        """Return where it is, as messages name it."""
        return f"git+branch://{self._branch}"

    @property
    def place(self) -> str:
        """Where it is, or was read last, in words."""
        is_local = not self._repository.has_remote or (self._base and not self._tip)
        return f"{self} {'in this repository' if is_local else 'on the remote origin'}"

    def read(self) -> tuple[Version, Mapping[str, bytes]]:
        """Return the files that there are, as they stand together at this moment, and their version."""
        self._refresh()
        self._compare_once()
        version = self._version(self._repository.entries(self._base))
        return version, {name: self._repository.content(entry) for name, entry in version.files.items()}

    def is_at(self, version: Version) -> bool:
        """Tell whether the files are still those of a version; asks the remote once."""
        with self._turns.lock:
            self._refresh()
            return self._version(self._repository.entries(self._base)) == version

    def revisions(self, name: str, last: int) -> list[Revision]:
        """Return the last so many commits that changed one of the files, newest first."""
        self._refresh()
        if self._repository.has_remote and self._tip:
            self._repository.deepen(self._branch)
        return self._repository.revisions(self._base, name, last)

    def write(self, contents: Mapping[str, bytes | None], expected: Version, message: str) -> Version | None:
        """Replace files (None removes one) by one commit; None where they are no longer as in `expected`.

        What an earlier write tried, and did not hear the end of, counts as `expected`, too.
        """
        new = {name: self._repository.blob(content) for name, content in contents.items() if content is not None}
        if self._repository.is_checked_out(self._branch):
            raise StateError(
                f"{self}: is the branch that is checked out here, and what is committed to it next would remove the "
                "state. Nothing was written. Name a branch of its own in the manifest, as in git+branch://reconciler-state"
            )
        with self._turns.lock:
            if self._turns.tip not in ("", self._tip):
                self._refresh()
            return self._write(new, contents, expected, message)

    def _write(
        self, new: Mapping[str, str], replaced: Collection[str], expected: Version, message: str
    ) -> Version | None:
        repository = self._repository
        refused, unmoved = "", 0
        for number in range(_TRIES):
            entries = repository.entries(self._base)
            if self._version(entries) not in (expected, self._tried):
                return None
            kept = {name: entry for name, entry in entries.items() if name not in replaced}
            after = dict(sorted({**kept, **new}.items()))
            # Two that write the same in one second would make one commit, and both believe that it is theirs.
            commit = repository.commit(after, self._base, f"{message.rstrip()}\n\nwrite {uuid4().hex[:12]}\n")
            try:
                refused = self._move(commit)
            except StateError:
                self._tried = self._version(after)
                raise
            if not refused:
                self._tip = self._base = self._turns.tip = commit
                self._tried = None
                return self._version(after)
            time.sleep(random.uniform(0, min(_PAUSE * number, _LONGEST)))  # noqa: S311  # who goes first is no secret
            before = self._tip
            self._refresh()
            unmoved = 0 if self._tip != before else unmoved + 1
            if unmoved == _UNMOVED:
                raise StateError(
                    f"{self}: git refuses to move this branch, though no one else has moved it: a protected branch, a "
                    f"missing right, or another branch in its way? Git said: {refused}"
                )
        raise StateError(
            f"{self}: could not be written in {_TRIES} tries. Run again. The last time git said: {refused}"
        )

    def _version(self, entries: Mapping[str, str]) -> Version:
        return Version({name: entries[name] for name in self._names if name in entries})

    def _refresh(self) -> None:
        repository = self._repository
        if not repository.has_remote:
            self._tip = self._base = repository.local_tip(self._branch)
            return
        tip = repository.remote_tip(self._branch)
        if tip and tip not in (self._tip, self._turns.tip):
            repository.fetch(self._branch)
        self._tip = tip
        self._base = tip or self._local_state()

    def _local_state(self) -> str:
        """Return the end of the branch of this repository if it holds states, else ""."""
        local = self._repository.local_tip(self._branch)
        return local if any(name.endswith(_STATE) for name in self._repository.entries(local)) else ""

    def _compare_once(self) -> None:
        """Say what becomes of a branch of this repository that the remote does not have, or not as it is here."""
        if self._turns.compared or not self._repository.has_remote:
            return
        self._turns.compared = True
        if self._base and not self._tip:
            _log.warning(
                "%s: the remote origin has no such branch yet: that of this repository is used, and the next write "
                "pushes it to origin",
                self,
            )
        elif self._tip and self._holds_more():
            _log.warning(
                "%s: the branch on the remote origin is used; that of this repository holds commits that origin's "
                "lacks: look with git log %s. To bring one state back from there: git show %s:%s > FILE, then "
                "reconciler state push FILE; to give them up: git branch -D %s",
                self, self._branch, self._branch, self._names[0], self._branch,
            )  # fmt: skip

    def _holds_more(self) -> bool:
        """Tell whether this repository's branch holds states that are no part of the remote's history."""
        local = self._local_state()
        return bool(local) and not self._repository.is_ancestor(local, self._tip)

    def _move(self, commit: str) -> str:
        repository = self._repository
        move = repository.push if repository.has_remote else repository.move
        return move(self._branch, commit, self._tip)

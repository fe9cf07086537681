"""A branch on a git remote in memory, which several machines push to. The code above git is the program's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.model.lists import KnownList
from reconciler.protocols import StateStore
from reconciler.state.backends import branch, git_branch
from reconciler.state.backends.branch import Branch
from reconciler.state.backends.git import GitError, Repository
from reconciler.state.backends.git_branch import BranchStore, names
from reconciler.state.document import render
from reconciler.state.state_reader import read_contents
from tests.exploration.leased import AT_A_WRITE, Leased
from tests.exploration.world import World
from tests.planning.worlds import TARGET

_DOCUMENT, _JOURNAL, _LEASE = names("prod")


class Remote(Leased, Repository):
    """A remote repository with one branch, and the clones of all machines, which share what was committed."""

    modules = (branch, git_branch)
    lease_name = _LEASE
    kept = (_DOCUMENT, _JOURNAL, _LEASE)
    has_remote = True

    def __init__(self) -> None:
        Leased.__init__(self)
        Repository.__init__(self, Path())

    def begin(self, world: World) -> None:
        """Have one commit, with the document of the beginning of the story."""
        self._commits: dict[str, Mapping[str, str]] = {"": {}, "0": {_DOCUMENT: render(world.story.applied())}}
        self._tip = "0"
        super().begin(world)

    @property
    def store(self) -> StateStore:
        """The store as a machine has it that has just begun."""
        own = Branch(Path(), "state", names("prod"))
        own._repository, own._turns = self, branch._Turns()
        return BranchStore(own, "prod", TARGET)

    def files(self) -> Mapping[str, bytes]:
        """Return the files at the end of the branch."""
        return {name: content.encode() for name, content in self._commits[self._tip].items()}

    def hidden(self) -> object:
        """Return the name of the last commit, too, by which machines know it again."""
        return self._tip, super().hidden()

    def without_lease(self) -> None:
        """Have a commit more, without it."""
        kept = {name: content for name, content in self._commits[self._tip].items() if name != _LEASE}
        self._tip = self.commit(kept, self._tip, "broken")

    def recorded(self) -> Mapping[str, KnownList]:
        """Return what document and journal say."""
        files = self.files()
        nothing = self._world.story.applied() if self._world else None
        assert nothing
        return read_contents(files.get(_DOCUMENT), files.get(_JOURNAL), nothing, where="", journal_where="")[1].lists

    def remote_tip(self, branch: str) -> str:
        """Return the last commit."""
        del branch
        if not self.looks("ask for the branch"):
            raise GitError("no answer")
        self.tell(self._tip)
        return self._tip

    def push(self, branch: str, commit: str, expected: str) -> str:
        """Move the branch on, if it is where it is expected."""
        del branch
        option = self.writes("push the branch")
        is_there = self.is_at_end(expected)
        if is_there and option != "lost, not done":
            self._tip = commit
        if option in AT_A_WRITE:
            raise GitError("no answer")
        self.tell(is_there)
        return "" if is_there else "stale info"

    def is_at_end(self, commit: str) -> bool:
        """Tell whether the branch ends there."""
        return self._tip == commit

    def entries(self, commit: str) -> Mapping[str, str]:
        """Return the files of a commit; an entry is its content."""
        return self._commits[commit]

    def content(self, entry: str) -> bytes:
        """Return what an entry holds."""
        return entry.encode()

    def blob(self, content: bytes) -> str:
        """Return an entry that holds it."""
        return content.decode()

    def commit(self, entries: Mapping[str, str], parent: str, message: str) -> str:
        """Make a commit."""
        del parent, message
        self._commits[name := str(len(self._commits))] = dict(entries)
        return name

    def fetch(self, branch: str) -> None:
        """Do nothing: what was committed is here."""

    def is_checked_out(self, branch: str) -> bool:
        """Tell that it is not."""
        del branch
        return False

    def local_tip(self, branch: str) -> str:
        """Return that there is no such branch here."""
        del branch
        return ""

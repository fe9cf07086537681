"""The git program, as far as a state on a branch needs it: no working tree, no index, no configuration is touched."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from reconciler.errors import StateError
from reconciler.store.history import Revision

_SECONDS = 120
_DEEPEST = 2**31 - 1  # git's word for all of them
_WHO = {
    "GIT_AUTHOR_NAME": "reconciler",
    "GIT_AUTHOR_EMAIL": "reconciler@localhost",
    "GIT_COMMITTER_NAME": "reconciler",
    "GIT_COMMITTER_EMAIL": "reconciler@localhost",
}
# Set while git runs a hook: they would lead elsewhere than the folder does.
_ELSEWHERE = frozenset({
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_NAMESPACE",
    "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES",
})  # fmt: skip
# What git says where somebody else was quicker with a branch.
_MOVED = re.compile(
    r"is at \w+ but expected|reference already exists|Unable to create '[^']*\.lock'|incorrect old value|"
    r"failed to update ref|remote ref updated since checkout|fetch first|stale info"
)
_OVERTAKEN = re.compile(r"^!\t[^\t\n]*\t\[rejected\]", re.MULTILINE)  # by git push --porcelain, not by a hook's words
_REFUSED = re.compile(r"^!\t[^\t\n]*\t\[remote rejected\] (?!.*hook declined)", re.MULTILINE)
_NO_ROOM = re.compile(r"exists; cannot create")  # a branch a/b where there is a branch a, or the other way round
REMOTE = "origin"


class GitError(StateError):
    """A git command failed; `said` is what it said."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


class Repository:
    """The repository that holds the manifest, and its remote `origin`, where it has one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @cached_property
    def has_remote(self) -> bool:
        """Tell whether there is a remote to keep the branch on; without any, the repository itself keeps it."""
        remotes = self.run("remote").decode(errors="replace").split()
        if remotes and REMOTE not in remotes:
            raise StateError(
                f"the repository has no remote {REMOTE!r}, but {', '.join(remotes)}: a state that others share would "
                f"not be found there. Name it: git remote rename {remotes[0]} {REMOTE}"
            )
        return REMOTE in remotes

    def remote_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of the remote, "" where there is no such branch."""
        listed = self.run("ls-remote", REMOTE, f"refs/heads/{branch}").decode(errors="replace").splitlines()
        tips = {name: commit for commit, _, name in (line.partition("\t") for line in listed)}
        return tips.get(f"refs/heads/{branch}", "")

    def is_checked_out(self, branch: str) -> bool:
        """Tell whether any working tree of this repository has a branch checked out."""
        listed = self._ended("worktree", "list", "--porcelain").stdout.decode(errors="replace").splitlines()
        return f"branch refs/heads/{branch}" in listed

    def local_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of this repository, "" where there is no such branch."""
        ref = f"refs/heads/{branch}"
        ended = self._ended("for-each-ref", "--format=%(objectname) %(refname)", ref)
        said = ended.stderr.decode(errors="replace").strip()
        if said:  # a damaged branch is passed over with a warning; it must not count as none
            raise GitError(_message(["for-each-ref"], said), said)
        tips = {
            name: commit for commit, _, name in (line.partition(" ") for line in ended.stdout.decode().splitlines())
        }
        return tips.get(ref, "")

    def fetch(self, branch: str) -> None:
        """Bring the commits of a branch of the remote here, under no name: nobody is in anybody's way."""
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", REMOTE, f"refs/heads/{branch}")

    def deepen(self, branch: str) -> None:
        """Bring the commits of a branch of the remote that a shallow clone lacks, and those of no other."""
        if self.run("rev-parse", "--is-shallow-repository").strip() == b"true":
            self.run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", f"--depth={_DEEPEST}", REMOTE,
                f"refs/heads/{branch}",
            )  # fmt: skip

    def entries(self, commit: str) -> Mapping[str, str]:
        """Return what a commit's top folder has: by name, `mode type id`."""
        listed = self.run("ls-tree", "-z", "--full-tree", commit) if commit else b""
        lines = (line.partition("\t") for line in listed.decode(errors="surrogateescape").split("\0") if line)
        return {name: meta for meta, _, name in lines}

    def content(self, entry: str) -> bytes:
        """Return what the file of an entry holds."""
        return self.run("cat-file", "blob", entry.split()[2])

    def revisions(self, commit: str, name: str, last: int) -> list[Revision]:
        """Return the last so many commits up to one that changed a file of the top folder, newest first.

        What is no file there is told as an empty one.
        """
        given = ("log", f"-{last}", "--diff-filter=AM", "--format=%H %ct%n%B%x00", commit, "--", f":(top){name}")
        listed = self.run(*given).decode(errors="replace").split("\0") if commit else []
        found = []
        for entry in listed:
            head, _, message = entry.strip("\n").partition("\n")
            if head:
                known, at = head.split()
                shown = self._ended("cat-file", "blob", f"{known}:{name}").stdout  # nothing, where it is no file
                found.append(Revision(known, float(at), message, shown))
        return found

    def blob(self, content: bytes) -> str:
        """Keep some content, and return its entry."""
        return f"100644 blob {self.run('hash-object', '-w', '--stdin', given=content).decode().strip()}"

    def commit(self, entries: Mapping[str, str], parent: str, message: str) -> str:
        """Make a commit of entries, on top of a `parent` or, where that is "", of nothing."""
        lines = "".join(f"{meta}\t{name}\0" for name, meta in entries.items())
        tree = self.run("mktree", "-z", given=lines.encode(errors="surrogateescape")).decode().strip()
        parents = ["-p", parent] if parent else []
        return self.run("commit-tree", tree, *parents, "-F", "-", given=message.encode()).decode().strip()

    def push(self, branch: str, commit: str, expected: str) -> str:
        """Move a branch of the remote from `expected` on to `commit`; return "", or why it is elsewhere by now."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        try:
            self.run("push", "--quiet", "--no-verify", "--porcelain", lease, REMOTE, f"{commit}:refs/heads/{branch}")
        except GitError as error:
            if _OVERTAKEN.search(error.said) or (_REFUSED.search(error.said) and _is_moved(error.said)):
                return error.said
            raise
        return ""

    def move(self, branch: str, commit: str, expected: str) -> str:
        """Move a branch of this repository likewise."""
        try:
            self.run("update-ref", f"refs/heads/{branch}", commit, expected or "0" * len(commit))
        except GitError as error:
            if _is_moved(error.said):
                return error.said
            raise
        return ""

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git to its end and return what it prints; raises GitError with what it said."""
        ended = self._ended(*arguments, given=given)
        if ended.returncode:
            said = (ended.stdout + ended.stderr).decode(errors="replace").strip()
            raise GitError(_message(arguments, said), said)
        return ended.stdout

    def _ended(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        inherited = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        try:
            return subprocess.run(  # noqa: S603  # no shell; what is named comes from the manifest, checked
                ["git", "-c", "gc.auto=0", *arguments],  # noqa: S607  # the git of the user's PATH is meant
                cwd=self._folder,
                env={**inherited, **_WHO, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                input=given,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
                start_new_session=True,  # a Ctrl-C is for this program, which ends in order
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GitError(_message(arguments, str(error)), "") from error


def _is_moved(said: str) -> bool:
    """Tell whether git says that somebody else was quicker with a branch."""
    return bool(_MOVED.search(said)) and not _NO_ROOM.search(said)


def _message(arguments: Sequence[str], said: str) -> str:
    return (
        f"git {arguments[0]} failed: {' '.join(said.split()) or 'it says nothing'}. The state is on a branch: look "
        "at the repository, its remote and the rights on it"
    )

"""The git program, as far as a state on a branch needs it: no working tree, no index, no configuration is touched."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from reconciler.errors import StateError

_SECONDS = 120
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
        """Tell whether there is a remote to keep the branch on; without, the repository itself keeps it."""
        return REMOTE in self.run("remote").decode().split()

    def remote_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of the remote, "" where there is no such branch."""
        return self.run("ls-remote", REMOTE, f"refs/heads/{branch}").decode().partition("\t")[0]

    def local_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of this repository, "" where there is no such branch."""
        try:
            return self.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}").decode().strip()
        except GitError:
            return ""

    def fetch(self, branch: str) -> None:
        """Bring the commits of a branch of the remote here, under no name that anybody uses."""
        refspec = f"+refs/heads/{branch}:refs/reconciler/{branch}"
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", REMOTE, refspec)

    def entries(self, commit: str) -> Mapping[str, str]:
        """Return the files of a commit's top folder: by name, the id of what they hold."""
        listed = self.run("ls-tree", "-z", commit).decode().split("\0") if commit else []
        return {name: meta.split()[2] for meta, _, name in (line.partition("\t") for line in listed if line)}

    def content(self, blob: str) -> bytes:
        """Return what an id stands for."""
        return self.run("cat-file", "blob", blob)

    def blob(self, content: bytes) -> str:
        """Keep some content, and return its id."""
        return self.run("hash-object", "-w", "--stdin", given=content).decode().strip()

    def commit(self, entries: Mapping[str, str], parent: str, message: str) -> str:
        """Make a commit of files, on top of a `parent` or, where that is "", of nothing."""
        lines = "".join(f"100644 blob {blob}\t{name}\0" for name, blob in entries.items())
        tree = self.run("mktree", "-z", given=lines.encode()).decode().strip()
        parents = ["-p", parent] if parent else []
        return self.run("commit-tree", tree, *parents, "-F", "-", given=message.encode()).decode().strip()

    def push(self, branch: str, commit: str, expected: str) -> bool:
        """Move a branch of the remote from `expected` on to `commit`; False where it is elsewhere by now."""
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        try:
            self.run("push", "--quiet", "--no-verify", "--porcelain", lease, REMOTE, f"{commit}:refs/heads/{branch}")
        except GitError as error:
            if "[rejected]" in error.said or ("[remote rejected]" in error.said and "lock" in error.said):
                return False
            raise
        return True

    def move(self, branch: str, commit: str, expected: str) -> bool:
        """Move a branch of this repository likewise."""
        try:
            self.run("update-ref", f"refs/heads/{branch}", commit, expected or "0" * len(commit))
        except GitError:
            return False
        return True

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git to its end; raises GitError with what it said."""
        inherited = {name: value for name, value in os.environ.items() if name not in _ELSEWHERE}
        try:
            ended = subprocess.run(  # noqa: S603  # no shell; what is named comes from the manifest, checked
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
        if ended.returncode:
            said = (ended.stdout + ended.stderr).decode(errors="replace").strip()
            raise GitError(_message(arguments, said), said)
        return ended.stdout


def _message(arguments: Sequence[str], said: str) -> str:
    return (
        f"git {arguments[0]} failed: {' '.join(said.split()) or 'it says nothing'}. The state is on a branch: look "
        "at the repository, its remote and the rights on it"
    )

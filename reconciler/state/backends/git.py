"""The git program, as far as a state on a branch needs it: no working tree, no index, no configuration is touched."""

from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from reconciler.errors import StateError

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
_NOISY = ("GIT_TRACE", "GIT_CURL_VERBOSE")  # begin the names of what makes git talk on stderr
_TO_STDERR = ("1", "2", "true")
_REFUSED = re.compile(r"^!\t[^\t\n]*\t(.*)$", re.MULTILINE)  # what git push --porcelain prints of a branch
_NO_REPOSITORY = "not a git repository (or any"
_BY_A_HOOK = "hook declined"
_USER = re.compile(r"(?<=://)[^/\s@]+@|[^\s/:@']+:[^\s/@']+@")
_PLACE = re.compile(
    r"(?:file://)?(?:[a-z+]+://)?(?:[^@/]*@)?(?P<host>[^:/]*)(?::\d+(?=/))?[:/]+(?P<path>.*?)(?:\.git)?/*"
)
_LONGEST = 1000  # characters of what git says, in a message
_MOST = 256 * 1024 * 1024  # bytes that a command may print
REMOTE = "origin"


class GitError(StateError):
    """A git command failed."""


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit: its name, when it was made (seconds since the epoch), what it says, and the document in it."""

    name: str
    at: float
    message: str
    content: bytes


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
        if REMOTE in remotes:
            self._check_urls()
        return REMOTE in remotes

    def _check_urls(self) -> None:
        """Refuse a remote that is written elsewhere than where it is read: the state would be in neither place."""
        read, pushed = (self._urls(*how) for how in ((), ("--push",)))
        if not read or not pushed:
            raise StateError(f"the remote {REMOTE!r} has settings, but no URL: git remote set-url {REMOTE} URL")
        if len(pushed) > 1 or len(read) > 1:
            raise StateError(
                f"the remote {REMOTE!r} has several URLs ({', '.join(pushed)}): a state cannot be in several places at "
                f"once. Leave one: git remote set-url --delete {REMOTE} URL, with --push for those to push to"
            )
        if _place(read[0]) != _place(pushed[0]):
            raise StateError(
                f"the remote {REMOTE!r} is read at {read[0]}, but pushed to at {pushed[0]}: what is written of the "
                f"state would not be read. Make both one: git config --unset-all remote.{REMOTE}.pushurl, or see "
                "url.….pushInsteadOf in the configuration of git"
            )

    def _urls(self, *how: str) -> list[str]:
        """Return where a remote is, as git rewrites it, without users and tokens."""
        if not self._run_to_end("config", "--get-all", f"remote.{REMOTE}.url").stdout.strip():
            return []
        return [_redact(line) for line in self.run("remote", "get-url", *how, "--all", REMOTE).decode().splitlines()]

    def remote_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of the remote, "" where there is no such branch."""
        listed = self.run("ls-remote", REMOTE, f"refs/heads/{branch}").decode(errors="replace").splitlines()
        tips = {name: commit for commit, _, name in (line.partition("\t") for line in listed)}
        return tips.get(f"refs/heads/{branch}", "")

    def is_checked_out(self, branch: str) -> bool:
        """Tell whether any working tree of this repository has a branch checked out."""
        listed = self._run_to_end("worktree", "list", "--porcelain").stdout.decode(errors="replace").splitlines()
        return f"branch refs/heads/{branch}" in listed

    def local_tip(self, branch: str) -> str:
        """Return the commit at the end of a branch of this repository, "" where there is no such branch."""
        ref = f"refs/heads/{branch}"
        tips = self._tips(ref)
        # Listed again: another process may have made the branch in between.
        if ref not in tips and self._has_file(ref) and ref not in (tips := self._tips(ref)):
            raise GitError(_message(["for-each-ref"], f"the branch {branch} is damaged: its file names no commit"))
        return tips.get(ref, "")

    def _tips(self, ref: str) -> dict[str, str]:
        listed = self.run("for-each-ref", "--format=%(objectname) %(refname)", ref).decode().splitlines()
        return {name: commit for commit, _, name in (line.partition(" ") for line in listed)}

    def _has_file(self, ref: str) -> bool:
        return (self._folder / self.run("rev-parse", "--git-path", ref).decode().strip()).is_file()

    def is_ancestor(self, commit: str, later: str) -> bool:
        """Tell whether a commit is part of the history of a later one."""
        return not self._run_to_end("merge-base", "--is-ancestor", commit, later).returncode

    def fetch(self, branch: str) -> None:
        """Bring the commits of a branch of the remote here, under no name, so that runs do not disturb one another."""
        self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", REMOTE, f"refs/heads/{branch}")

    def deepen(self, branch: str) -> None:
        """Bring the commits of a branch of the remote that a shallow clone lacks, and those of no other."""
        if self.is_shallow():
            self.run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", f"--depth={_DEEPEST}", REMOTE,
                f"refs/heads/{branch}",
            )  # fmt: skip

    def is_shallow(self) -> bool:
        """Tell whether the history here is cut off."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def entries(self, commit: str) -> Mapping[str, str]:
        """Return what a commit's top folder has: by name, `mode type id`."""
        listed = self.run("ls-tree", "-z", "--full-tree", commit) if commit else b""
        lines = (line.partition("\t") for line in listed.decode(errors="surrogateescape").split("\0") if line)
        return {name: meta for meta, _, name in lines}

    def content(self, entry: str) -> bytes:
        """Return what the file of an entry holds."""
        return self.run("cat-file", "blob", entry.split()[2])

    def revisions(self, commit: str, name: str, last: int) -> list[Revision]:
        """Return the last so many commits up to one that changed a file, newest first, but for those without that file.

        `name` is its path from the top folder.
        """
        given = ("log", f"-{last}", "--format=%H %ct%n%B%x00", commit, "--", f":(top){name}")
        listed = self.run(*given).decode(errors="replace").split("\0") if commit else []
        found = []
        for entry in listed:
            head, _, message = entry.strip("\n").partition("\n")
            if head:
                known, at = head.split()
                shown = self._run_to_end("cat-file", "blob", f"{known}:{name}")
                if not shown.returncode:
                    found.append(Revision(known, float(at), message, shown.stdout))
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
        """Move a branch of the remote from `expected` on to `commit`; return "", or why git refused to move it.

        Raises GitError where a hook declined it, or where it cannot be known.
        """
        lease = f"--force-with-lease=refs/heads/{branch}:{expected}"
        given = ("push", "--quiet", "--no-verify", "--porcelain", lease, REMOTE, f"{commit}:refs/heads/{branch}")
        ended = self._run_to_end(*given)
        if not ended.returncode:
            return ""
        refused = _REFUSED.search(ended.stdout.decode(errors="replace"))
        if refused is None or _BY_A_HOOK in refused[1]:
            raise GitError(_message(given, _error_text(ended)))
        return _error_text(ended)

    def move(self, branch: str, commit: str, expected: str) -> str:
        """Move a branch of this repository likewise."""
        ended = self._run_to_end("update-ref", f"refs/heads/{branch}", commit, expected or "0" * len(commit))
        return _error_text(ended) if ended.returncode else ""

    def run(self, *arguments: str, given: bytes = b"") -> bytes:
        """Run git to its end and return what it prints; raises GitError with what it said."""
        ended = self._run_to_end(*arguments, given=given)
        if ended.returncode:
            raise GitError(_message(arguments, _error_text(ended)))
        return ended.stdout

    def _run_to_end(self, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run git to its end. What it leaves behind (a daemon that keeps credentials, say) is not waited for.

        So its output goes to files: a pipe ends only when all have closed it that have inherited it.
        """
        variables = {name: value for name, value in os.environ.items() if not _is_unwanted(name, value)}
        command = ["git", "-c", "gc.auto=0", "-c", "maintenance.auto=false", *arguments]
        try:
            with TemporaryFile() as stdin, TemporaryFile() as stdout, TemporaryFile() as stderr:
                stdin.write(given)
                stdin.seek(0)
                with _sigterm_blocked():
                    process = subprocess.Popen(  # noqa: S603  # no shell; what is named comes from the manifest, checked
                        command,
                        cwd=self._folder,
                        env={**variables, **_WHO, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
                        stdin=stdin,
                        stdout=stdout,
                        stderr=stderr,
                        start_new_session=True,  # a Ctrl-C is for this program, which ends by itself
                    )
                code = _wait(process)
                printed, said = (_content(file) for file in (stdout, stderr))
                return subprocess.CompletedProcess(command, code, printed, said)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise GitError(_message(arguments, _redact(str(error)))) from error


def _is_unwanted(name: str, value: str) -> bool:
    """Tell whether a variable leads git elsewhere, or makes it print on stderr what is no error."""
    return name in _ELSEWHERE or (name.startswith(_NOISY) and value in _TO_STDERR)


@contextmanager
def _sigterm_blocked() -> Iterator[None]:
    """Block SIGTERM for the processes that are started inside, and for what these start.

    Runners that use containers, and systemd, send it to every process. This program then records what it did, for which
    it needs git.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(process: subprocess.Popen[bytes]) -> int:
    """Return the exit code of git; whatever ends the wait before, ends git and what it started."""
    try:
        return process.wait(_SECONDS)
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    content = file.read(_MOST + 1)
    if len(content) > _MOST:
        raise OSError(errno.EFBIG, "it printed more than 256 MiB")
    return content


def _error_text(ended: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git said in one line, without users and tokens in addresses."""
    return _redact(" ".join((ended.stdout + b" " + ended.stderr).decode(errors="replace").split()))[:_LONGEST]


def _redact(text: str) -> str:
    return _USER.sub("…@", text)


def _place(url: str) -> tuple[str, str]:
    """Return what of a URL tells which repository it is: host and path, however it is reached."""
    found = _PLACE.fullmatch(url)
    return (found["host"].casefold(), found["path"].strip("/")) if found else ("", url)


def _message(arguments: Sequence[str], said: str) -> str:
    hint = ": look at the repository, its remote and the rights on it"
    if _NO_REPOSITORY in said:
        hint = ", so the manifest must be in a git repository: run git init, or name a folder in the manifest (state:)"
    return f"git {arguments[0]} failed: {(said or 'it says nothing').rstrip('.')}. The state is kept in git{hint}"

"""A project with the pipeline of `init --gitlab`, run by gitlab-ci-local on this machine, without containers.

Variables are scoped to environments, artifacts kept and child pipelines started, as GitLab does. Beside it stands a
double of the few addresses of GitLab's API that the pipeline and `doctor --ci` ask.
"""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs

from reconciler.sandbox.server import ACCOUNT_ID, CLIENT_ID, CLIENT_SECRET, STREAM_ID, Sandbox
from tests.pipelines.project import bare_python, commit_manifest, offer_program, run_cleanly
from tests.program import PROGRAM, REPOSITORY
from tests.state.cas_files import bare, git

RUNNER = REPOSITORY / "tests" / "node" / "node_modules" / ".bin" / "gitlab-ci-local"
TOKEN = "note-token-0"
# The runner copies the project and artifacts with rsync, which is not everywhere.
_RSYNC = """\
#!/bin/bash
from=${*: -2:1}
to=${!#}
mkdir -p "$to"
cd "$from" && shopt -s dotglob
for each in *; do
  [[ $each = .gitlab-ci-local || $each = .git || ! -e $each ]] || cp -a "$each" "$to"
done
"""


@dataclass
class GitLab:
    """The double of GitLab's API: what a GET answers by path (a number: the status), the notes of request 7, a log.

    `requests` are the merge requests that were opened; `forbidden`: none can be; `beside`: another pipeline opens the
    next one first. Commits are those of the repository `origin`.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    notes: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    forbidden: bool = False
    beside: bool = False
    origin: Path = Path()
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def __enter__(self) -> Self:
        """Serve on loopback."""
        known = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: object) -> None:
                pass

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                path, _, query = self.path.removeprefix("/api/v4").lstrip("/").partition("?")
                signed_in = TOKEN in (self.headers["PRIVATE-TOKEN"], (self.headers["Authorization"] or "")[7:])
                said = known.answer(self.command, path, query, body) if signed_in else 401
                status = said if isinstance(said, int) else 404 if said is None else 200
                self.send_response(status)
                more = path.endswith("/notes") and "page=1" in query.split("&")
                self.send_header("X-Next-Page", "2" if more else "")
                self.end_headers()
                self.wfile.write(said if isinstance(said, bytes) else json.dumps(said).encode())

            do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # the names that http.server calls

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api/v4"
        Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method: str, path: str, query: str, body: dict[str, Any] | None) -> object:
        """Carry out one request; None is not found. The notes are on the second of two pages."""
        self.asked.append(f"{path}?{query}")
        note = re.fullmatch(r"projects/5/merge_requests/7/notes(?:/(\d+))?", path)
        if path == "projects/5/merge_requests" or (method == "PUT" and not note):
            return self._answer_request(method, path, query, body or {})
        if commit := re.fullmatch(r"projects/5/repository/commits/([0-9a-f]{40})", path):
            return {"committer_email": git(self.origin, "show", "--no-patch", "--format=%ce", commit[1])}
        if not note:
            return self.answers.get(path) if method == "GET" else None
        if method == "GET":
            return self.notes if "page=2" in query.split("&") else []
        if method == "POST":
            self.notes.append({"id": len(self.notes) + 1, "author": {"id": 3}, **(body or {})})
            return {}
        (found,) = (each for each in self.notes if each["id"] == int(note[1]))
        if method == "DELETE":
            self.notes.remove(found)
        found.update(body or {})
        return {}

    def _answer_request(self, method: str, path: str, query: str, body: dict[str, Any]) -> object:
        """Carry out what is asked about the merge requests of the project."""
        if method == "GET":
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            wanted = (asked["state"], asked["source_branch"])
            return [each for each in self.requests if (each["state"], each["source_branch"]) == wanted]
        if method == "PUT":
            found = self.requests[int(path.rpartition("/")[2]) - 1]
            found.update({"state": "closed"} if body.pop("state_event", "") else {}, **body)
            return {}
        taken = any(
            (each["source_branch"], each["state"]) == (body["source_branch"], "opened") for each in self.requests
        )
        if self.forbidden or taken:
            return 403 if self.forbidden else 409
        known = {"iid": len(self.requests) + 1, "state": "opened", "source_project_id": 5}
        self.requests.append({**known, **body})
        return 409 if self.beside else {}


@dataclass
class Project:
    """A repository `g/p`, its remote, the account, and GitLab's API."""

    folder: Path
    sandbox: Sandbox
    gitlab: GitLab

    def __post_init__(self) -> None:
        """Make the repository and its remote, and scope the variables to the environment."""
        self.repository = self.folder / "repository"
        origin = bare(self.folder)
        git(self.folder, "init", "--quiet", "--initial-branch", "main", str(self.repository))
        git(self.repository, "remote", "add", "origin", str(origin))
        git(self.repository, "remote", "add", "gcl-origin", "git@gitlab.test:g/p.git")
        self.wheels = offer_program(self.folder, self.repository / ".gitlab" / "reconciler")
        subprocess.run([*PROGRAM, "init", "--gitlab", str(self.repository)], capture_output=True, check=True)
        bin_folder = self.folder / "bin"
        bin_folder.mkdir()
        installed = bare_python(self.folder)
        here = f'#!/bin/sh\nexec {installed}/python "$@"\n'
        program = f'#!/bin/sh\nexec {installed}/reconciler "$@"\n'
        for name, script in (("rsync", _RSYNC), ("python", here), ("reconciler", program)):
            (bin_folder / name).write_text(script)
            (bin_folder / name).chmod(0o755)
        scoped = {"KORE_CLIENT_ID": CLIENT_ID, "KORE_CLIENT_SECRET": CLIENT_SECRET, "KORE_HOST": self.sandbox.url}
        scoped |= {"KORE_ACCOUNT_ID": ACCOUNT_ID, "KORE_STREAM_ID": STREAM_ID}
        kept = self.folder / ".gitlab-ci-local" / "variables.yml"
        kept.parent.mkdir()
        values = {name: {"values": {"prod": text}} for name, text in scoped.items()}
        values["RECONCILER_DRIFT_TOKEN"] = {"values": {"prod/drift": TOKEN}}
        kept.write_text(json.dumps({"global": values}))
        address = "https://gitlab.test/g/p.git"
        (self.folder / ".gitconfig").write_text(f'[url "{origin}"]\n\tinsteadOf = {address}\n')
        self.gitlab.origin = origin

    def include(self, inputs: str) -> None:
        """Add inputs to the entry of the environment."""
        with (self.repository / ".gitlab-ci.yml").open("a") as file:
            file.write(inputs)

    def declare(self, lists: str) -> str:
        """Commit and push a manifest, with nothing left of earlier jobs, and return the commit."""
        for left in ("plan.md", "plan.json", "apply.yml"):
            (self.repository / left).unlink(missing_ok=True)
        commit = commit_manifest(self.repository, self.sandbox, lists)
        git(self.repository, "push", "--quiet", "origin", "main")
        return commit

    def run(self, source: str, *arguments: str, **variables: str) -> tuple[int, str]:
        """Start a pipeline on the default branch; return the runner's exit code and all that it prints."""
        given = {
            "CI_PIPELINE_SOURCE": source,
            "CI_COMMIT_BRANCH": "main",
            "CI_DEFAULT_BRANCH": "main",
            "CI_COMMIT_SHA": git(self.repository, "rev-parse", "HEAD").strip(),
            "CI_PROJECT_ID": "5",
            "CI_API_V4_URL": self.gitlab.url,
            "CI_JOB_URL": "https://gitlab.test/g/p/-/jobs/9",
            "NO_PROXY": "127.0.0.1",
            **self.wheels,
            **variables,
        }
        each = [part for name, value in given.items() for part in ("--variable", f"{name}={value}")]
        command = [str(RUNNER), "--force-shell-executor", "--home", str(self.folder), *each, *arguments]
        return run_cleanly(command, self.repository, self.folder, 120)

    def artifact(self, job: str, name: str) -> Path:
        """Return where the runner keeps an artifact of a job."""
        (found,) = self.repository.glob(f".gitlab-ci-local/artifacts/{job}*/{name}")
        return found

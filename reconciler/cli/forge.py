"""The repository's home, GitLab or GitHub, as its API shows it to a token. Only reads, and follows no redirect."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from reconciler.errors import ReconcilerError, UsageError
from reconciler.model.checks import Check

if TYPE_CHECKING:
    from reconciler.model.lists import Target

_ORIGIN = re.compile(r"(?:\w+://)?(?:[^@/]*@)?(?P<host>[^:/]+)(?::\d+)?[:/]+(?P<path>.+?)(?:\.git)?/*")
_API = re.compile(r"(?P<host>https://[^/]+|http://127\.0\.0\.1:\d+)(?P<base>/.*)?")
_PAGE = 100
_MOST_PAGES = 100
_SECONDS = 30
NOT_FOUND = "the token is not shown it (HTTP 404)"
_ODD = "the answer is not understood"


class UnseenError(Exception):
    """The token is not shown what was asked for."""


@dataclass(frozen=True, slots=True)
class Forge:
    """One repository there; `base` and `project` begin the paths of the API."""

    kind: Literal["GitLab", "GitHub"]
    host: str
    base: str
    project: str
    headers: Mapping[str, str] = field(repr=False)
    _answers: dict[str, object] = field(default_factory=dict, repr=False)

    def ask(self, path: str) -> dict[str, Any] | None:
        """Return the object at a path below the project; None if there is nothing. Raises UnseenError."""
        found = self._read(path)
        if found is None or isinstance(found, dict):
            return found
        raise UnseenError(_ODD)

    def ask_all(self, path: str) -> list[dict[str, Any]]:
        """Return all pages of a list of objects; empty if GitLab has none. Raises UnseenError."""
        found: list[dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            answer = self._read(f"{path}{'&' if '?' in path else '?'}per_page={_PAGE}&page={page}")
            if answer is None and self.kind == "GitHub":  # what is empty there is an empty list
                raise UnseenError(NOT_FOUND)
            some = answer or []
            if not isinstance(some, list) or not all(isinstance(each, dict) for each in some):
                raise UnseenError(_ODD)
            found += some
            if len(some) < _PAGE:
                return found
        raise UnseenError(f"the answer has over {_MOST_PAGES} pages")

    def _read(self, path: str) -> object:
        """Return what is at a path, which is asked for once: several environments are of one repository."""
        address = f"{self.base}/{self.project}{path}"
        if address not in self._answers:
            self._answers[address] = self._get(address)
        return self._answers[address]

    def _get(self, address: str) -> object:
        from reconciler.api.answers import NoAnswer
        from reconciler.api.http import Http, Request

        http = Http(self.host, _SECONDS, _SECONDS)
        try:
            came = http.send(Request("GET", address, self.headers))
        finally:
            http.close()
        if isinstance(came, NoAnswer):
            raise UnseenError(came.error)
        if came.status == 404:
            return None
        if came.status != 200:
            raise UnseenError(f"the token is not shown it (HTTP {came.status})")
        try:
            return json.loads(came.body)
        except (ValueError, RecursionError):
            raise UnseenError(_ODD) from None


def look(name: str, place: str, check: Callable[[], Check]) -> Check:
    """Return what `check` finds; if it is not shown to the token, say at which place of the settings to look."""
    try:
        return check()
    except UnseenError as error:
        return Check(name, "unknown", f"cannot be seen from here: {error}", f"look at {place}")


def judge(name: str, faults: list[str], well: str, next_step: str) -> Check:
    """Return a check that fails with the faults, or works."""
    return Check(name, "fails", "; ".join(faults), next_step) if faults else Check(name, "works", well)


def pin_faults(prefix: str, variables: Mapping[str, object], target: Target) -> list[str]:
    """Say which pins, as far as their values are shown, are not the manifest's `target`."""
    from reconciler.api.credentials import check_pins

    names = (f"{prefix}_HOST", f"{prefix}_ACCOUNT_ID", f"{prefix}_STREAM_ID")
    shown = {name: str(variables[name]) for name in names if variables.get(name)}
    try:
        check_pins(prefix, shown, target)
    except ReconcilerError as error:
        return [str(error)]
    return []


def find_forge(folder: Path, variables: Mapping[str, str]) -> Forge:
    """Return where the repository is, by the variables of the job that runs, else by the remote. Raises UsageError."""
    if variables.get("CI_API_V4_URL") and variables.get("CI_PROJECT_ID"):
        return _gitlab(variables["CI_API_V4_URL"], variables["CI_PROJECT_ID"], variables)
    if variables.get("GITHUB_API_URL") and variables.get("GITHUB_REPOSITORY"):
        return _github(variables["GITHUB_API_URL"], variables["GITHUB_REPOSITORY"], variables)
    from reconciler.state.backends.git import GitError, Repository

    try:
        address = Repository(folder).run("remote", "get-url", "origin").decode(errors="replace").strip()
    except GitError as error:
        raise UsageError("--ci looks at the repository on GitLab or GitHub: git knows no remote origin here") from error
    place = _ORIGIN.fullmatch(address)
    host = place["host"] if place else ""
    if place and host == variables.get("GH_HOST", "github.com"):
        api = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
        return _github(api, place["path"], variables)
    if place and host == variables.get("GITLAB_HOST", "gitlab.com"):
        return _gitlab(f"https://{host}/api/v4", place["path"], variables)
    raise UsageError(
        f"--ci knows github.com and gitlab.com, and origin is at {host or 'no host'}: set GITLAB_HOST or GH_HOST to "
        "that host, if your token is for it"
    )


def _gitlab(api: str, project: str, variables: Mapping[str, str]) -> Forge:
    if token := variables.get("GITLAB_TOKEN"):
        headers = {"PRIVATE-TOKEN": token}
    elif token := variables.get("CI_JOB_TOKEN"):
        headers = {"JOB-TOKEN": token}
    else:
        raise UsageError("--ci needs GITLAB_TOKEN: an access token of a maintainer, with the scope read_api")
    return _forge("GitLab", api, f"projects/{quote(project, safe='')}", headers)


def _github(api: str, repository: str, variables: Mapping[str, str]) -> Forge:
    token = variables.get("GH_TOKEN") or variables.get("GITHUB_TOKEN")
    if not token:
        raise UsageError("--ci needs GH_TOKEN: what `gh auth token` prints for an administrator of the repository")
    return _forge("GitHub", api, f"repos/{quote(repository)}", {"Authorization": f"Bearer {token}"})


def _forge(kind: Literal["GitLab", "GitHub"], api: str, project: str, headers: Mapping[str, str]) -> Forge:
    address = _API.fullmatch(api.rstrip("/"))
    if not address:
        raise UsageError(f"the address of {kind}'s API must begin with https://; got {api!r}")
    return Forge(kind, address["host"], address["base"] or "", project, headers)

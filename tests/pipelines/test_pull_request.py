"""Drift as a pull request, or a merge request: real repositories, and stand-ins for GitHub and GitLab."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from reconciler.sandbox.settings import Settings
from tests.pipelines.gitlab import TOKEN, GitLab
from tests.pipelines.project import WHO
from tests.pipelines.test_scripts import Desk
from tests.program import REPOSITORY, Workplace, some_lists, workplace
from tests.state.cas_files import bare, git

BRANCH = "reconciler/drift-prod"
GIT = shutil.which("git")
TEMPLATE = REPOSITORY / "reconciler" / "pipelines" / "gitlab" / "templates" / "contact-lists.yml"


@dataclass
class Clone(Desk):
    """A checkout of the default branch, in which the script runs, its remote, and what GitHub keeps of it."""

    def __post_init__(self) -> None:
        """Make both."""
        super().__post_init__()
        self.origin = bare(self.folder)
        git(self.folder, "init", "--quiet", "--initial-branch", "main")
        git(self.folder, "remote", "add", "origin", str(self.origin))
        self.know()

    def commit(self, *paths: str) -> str:
        """Commit on the default branch and push it; return the commit."""
        git(self.folder, "add", *paths)
        git(self.folder, *WHO, "commit", "--quiet", "--message", "lists")
        git(self.folder, "push", "--quiet", "origin", "HEAD:main")
        return git(self.folder, "rev-parse", "HEAD").strip()

    def propose(self, body: str = "the report\n", *, env: str = "prod", file: str = "lists.yaml") -> tuple[int, str]:
        """Let the script run with what is changed in the checkout, as another job does, and leave a clean one."""
        (self.folder / "accepted.md").write_text(body)
        git(self.folder, "diff", "--binary", "--output=accepted.patch")
        git(self.folder, "reset", "--quiet", "--hard")
        return self.run_keeper(env, file)

    def run_keeper(self, env: str, file: str) -> tuple[int, str]:
        """Let the script run; return its exit code and all that it prints."""
        patch = str(self.folder / "accepted.patch")
        return self.run("pull-request.sh", ENVIRONMENT=env, FILE=file, PATCH=patch, BODY="accepted.md")

    def tip(self, branch: str = BRANCH) -> str:
        """Return the end of a branch of the remote, "" if there is none."""
        return git(self.folder, "ls-remote", "origin", f"refs/heads/{branch}").partition("\t")[0]

    @property
    def pulls(self) -> list[dict[str, str]]:
        """Return head, base, title, body and state of each pull request."""
        pulls: list[dict[str, str]] = self.known().get("pulls", [])
        return pulls

    def close(self) -> None:
        """Close the only one, as a person does."""
        self.know(pulls=[{**self.pulls[0], "state": "closed"}])

    def refuse(self) -> None:
        """Have none be opened any more."""
        self.know(forbidden=True)

    def come_between(self) -> None:
        """Have another run open the next one first."""
        self.know(beside=True)


@dataclass
class MergeRequests(Clone):
    """The same with GitLab, and the script of its job."""

    gitlab: GitLab = field(default_factory=GitLab)

    def __post_init__(self) -> None:
        """Let git find the remote under the address that GitLab gives it."""
        super().__post_init__()
        self.gitlab.origin = self.origin
        self.put("python", f'exec {sys.executable} "$@"')
        (self.folder / ".gitconfig").write_text(f'[url "{self.origin}"]\n\tinsteadOf = https://gitlab.test/g/p.git\n')
        _, jobs = TEMPLATE.read_text().split("\n---\n")
        given = {"name": "contact-lists", "environment": "prod"}
        filled = re.sub(r"\$\[\[ inputs\.(\w+) \]\]", lambda name: given.get(name[1], "x"), jobs)
        (self.script,) = yaml.safe_load(filled)["contact-lists-merge-request-prod"]["script"]

    def run_keeper(self, env: str, file: str) -> tuple[int, str]:
        """Let the script of the job run."""
        ran = subprocess.run(
            ["bash", "-ec", self.script],
            cwd=self.folder,
            env={
                "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin",
                "HOME": str(self.folder),
                "CI_API_V4_URL": self.gitlab.url,
                "CI_PROJECT_ID": "5",
                "CI_PROJECT_URL": "https://gitlab.test/g/p",
                "CI_DEFAULT_BRANCH": "main",
                "RECONCILER_ENV": env,
                "RECONCILER_FILE": file,
                "RECONCILER_DRIFT_TOKEN": TOKEN,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.returncode, ran.stdout

    @property
    def pulls(self) -> list[dict[str, str]]:
        """Return head, base, title, body and state of each merge request."""
        return [
            {
                "head": each["source_branch"],
                "base": each["target_branch"],
                "title": each["title"],
                "body": each["description"],
                "state": each["state"].removesuffix("ed" if each["state"] == "opened" else ""),
            }
            for each in self.gitlab.requests
        ]

    def close(self) -> None:
        """Close the only one, as a person does."""
        self.gitlab.requests[0]["state"] = "closed"

    def refuse(self) -> None:
        """Have none be opened any more."""
        self.gitlab.forbidden = True

    def come_between(self) -> None:
        """Have another pipeline open the next one first."""
        self.gitlab.beside = True


@pytest.fixture(params=["GitHub", pytest.param("GitLab", marks=pytest.mark.slow)])
def clone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clone]:
    with GitLab() as gitlab:
        made = Clone(tmp_path) if request.param == "GitHub" else MergeRequests(tmp_path, gitlab)
        (tmp_path / "lists.yaml").write_text("# kept\none: 1\ntwo: 2 # kept, too\n")
        made.commit("lists.yaml")
        yield made


def edit(clone: Clone, old: str, new: str) -> None:
    path = clone.folder / "lists.yaml"
    path.write_text(path.read_text().replace(old, new))


def test_one_pull_request_is_opened_renewed_and_closed(clone: Clone) -> None:
    assert clone.propose() == (0, "")
    assert (clone.tip(), clone.pulls) == ("", [])
    edit(clone, "one: 1", "one: theirs")
    assert clone.propose() == (0, "")
    first = clone.tip()
    (pull,) = clone.pulls
    title = "Contact lists of prod: accept into lists.yaml what was changed elsewhere"
    assert (pull["title"], pull["head"], pull["base"], pull["state"]) == (title, BRANCH, "main", "open")
    assert "\n\nthe report\n<!-- reconciler drift " in str(pull["body"])
    git(clone.folder, "fetch", "--quiet", "origin", first)
    assert git(clone.folder, "show", f"{first}:lists.yaml") == "# kept\none: theirs\ntwo: 2 # kept, too"
    edit(clone, "one: 1", "one: theirs")
    assert clone.propose("a newer report\n") == (0, "")
    assert (clone.tip(), len(clone.pulls)) == (first, 1), "the same change is no new commit"
    assert "a newer report" in str(clone.pulls[0]["body"])
    edit(clone, "two: 2", "two: 3")
    base = clone.commit("lists.yaml")
    edit(clone, "one: 1", "one: theirs")
    assert clone.propose() == (0, "")
    git(clone.folder, "fetch", "--quiet", "origin", clone.tip())
    assert git(clone.folder, "rev-parse", f"{clone.tip()}^").strip() == base
    assert clone.propose("all as declared\n") == (0, "")
    (pull,) = clone.pulls
    assert (clone.tip(), pull["state"]) == ("", "closed")
    assert pull["body"] == "Nothing is left to accept: closed by the run that found this.\n\nall as declared\n"
    edit(clone, "one: 1", "one: theirs")
    assert clone.propose() == (0, "")
    assert [each["state"] for each in clone.pulls] == ["closed", "open"], "it was not a person who closed the first"


def test_what_a_person_did_is_left_as_it_is(clone: Clone) -> None:
    edit(clone, "one: 1", "one: theirs")
    assert clone.propose() == (0, "")
    clone.close()
    edit(clone, "one: 1", "one: theirs")
    code, said = clone.propose()
    assert (code, "it stays closed until something else differs" in said) == (0, True)
    edit(clone, "one: 1", "one: else")
    assert clone.propose() == (0, "")
    assert [each["state"] for each in clone.pulls] == ["closed", "open"]
    before = clone.pulls
    git(clone.folder, "fetch", "--quiet", "origin", clone.tip())
    git(clone.folder, "checkout", "--quiet", clone.tip())
    git(clone.folder, *WHO, "commit", "--quiet", "--allow-empty", "--message", "mine")
    git(clone.folder, "push", "--quiet", "origin", f"HEAD:{BRANCH}")
    git(clone.folder, "checkout", "--quiet", "main")
    mine = clone.tip()
    for text in ("one: 1", "one: other"):
        edit(clone, "one: 1", text)
        code, said = clone.propose()
        assert (code, f"Somebody has committed on the branch {BRANCH}: it and its" in said) == (0, True)
        assert (clone.tip(), clone.pulls) == (mine, before)


def test_two_runs_at_once_end_with_one_pull_request(clone: Clone) -> None:
    clone.come_between()
    edit(clone, "one: 1", "one: theirs")
    code, _ = clone.propose("mine\n")
    (pull,) = clone.pulls
    assert (code, pull["state"], "mine" in str(pull["body"])) == (0, "open", True)
    edit(clone, "one: 1", "one: other")
    pushing = 'case " $* " in *" push "*)'
    clone.put("git", f'{pushing} {GIT} -C {clone.origin} update-ref refs/heads/{BRANCH} main;; esac\nexec {GIT} "$@"')
    code, said = clone.propose()
    assert (code, f"branch {BRANCH} was changed meanwhile" in said, len(clone.pulls)) == (0, True, 1), said
    clone.put("git", f'{pushing} exit 1;; esac\nexec {GIT} "$@"')
    edit(clone, "one: 1", "one: other")
    code, said = clone.propose(env="dev")
    assert (code, "branch reconciler/drift-dev cannot be pushed: " in said) == (1, True), said


def test_a_repository_that_allows_no_pull_request_says_so(clone: Clone) -> None:
    clone.refuse()
    edit(clone, "one: 1", "one: theirs")
    code, said = clone.propose(file="sales team/lists.yaml")
    refused = (
        "error::No pull request can be opened. Choose Allow GitHub|no merge request: HTTP Error 403: .*_TOKEN needs the"
    )
    assert (code, bool(re.search(refused, said))) == (1, True), said
    assert clone.tip(f"{BRANCH}-sales-team-lists.yaml")


@pytest.mark.slow
def test_a_merge_ends_the_drift_without_a_put(tmp_path: Path) -> None:
    lists = some_lists(4)
    with workplace(tmp_path, lists, Settings(limit=0)) as place:
        clone = Clone(tmp_path)
        _declare(place, "")
        clone.commit("lists.yaml")
        assert place.run("apply", "--yes").code == 0
        _declare(place, "Ours")
        clone.commit("lists.yaml")
        place.sandbox.world.edit(lists[0].id, {"description": "Theirs"})
        place.sandbox.world.edit(lists[1].id, {"description": "Theirs, too"})
        place.sandbox.world.edit(lists[2].id, {"name": "ends in a space "})
        assert _night(place, clone) == (3, (0, ""))
        (pull,) = clone.pulls
        body = str(pull["body"])
        assert "### reconciler drift: `prod` 3 drifted, 1 as declared\n" in body
        assert "- **`a`** `Alpha 1` changed elsewhere since the last apply (`lists.yaml:" in body
        assert "`Text 1` → `Theirs`\n  - last saved: `by u-" in body
        assert "⚠ `left alone: b in prod: the manifest was edited too" in body
        assert '⚠ `not accepted: c in prod: the live name "ends in a space "' in body
        before = (clone.folder / "lists.yaml").read_text()
        git(clone.folder, "fetch", "--quiet", "origin", clone.tip())
        git(clone.folder, *WHO, "merge", "--quiet", "--no-ff", "--message", "merge", clone.tip())
        git(clone.folder, "push", "--quiet", "origin", "HEAD:main")
        clone.know(pulls=[{**pull, "state": "closed", "merged_at": "now"}])
        assert (clone.folder / "lists.yaml").read_text() == before.replace('"Text 1"', '"Theirs"')
        (of,) = json.loads(place.run("plan", "--refresh", "--only", "a", "--json").out)["environments"]
        assert (of["summary"]["adopt"], of["summary"]["update"], of["summary"]["drifted"]) == (1, 0, 0)
        assert place.run("apply", "--yes", "--only", "a").code == 0
        assert (place.puts, place.run("plan", "--refresh", "--only", "a", "--detailed-exitcode").code) == ([], 0)
        assert _night(place, clone) == (3, (0, ""))
        assert (clone.tip(), len(clone.pulls)) == ("", 1), "the rest is nothing that can be accepted"


def _declare(place: Workplace, ours: str) -> None:
    """Write a manifest with comments, in which the description of `b` is `ours` if that is given."""
    path = place.declare(some_lists(4), **({"b": {"description": ours}} if ours else {}))
    text = path.read_text().replace("version: 1", "# a comment\nversion: 1\nstate: git+branch://reconciler-state")
    path.write_text(text.replace('"Text 1"', '"Text 1"  # and one beside it'))


def _night(place: Workplace, clone: Clone) -> tuple[int, tuple[int, str]]:
    """Accept and run the script; return the exit code of the one, and what the other came to."""
    ran = place.run("accept", "--who", "--report", "markdown=report.md")
    return ran.code, clone.propose((place.folder / "report.md").read_text())

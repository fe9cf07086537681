"""The pages are true: transcripts are run, options, codes and names compared with the code, links followed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest

from reconciler.cli.app import VERBS
from reconciler.model.changes import Cause, Guard
from reconciler.model.outcomes import OutcomeKind
from reconciler.sandbox.accounts import ContactList
from reconciler.sandbox.settings import described
from tests.program import PROGRAM, REPOSITORY, workplace

PAGES = [REPOSITORY / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")]
PAGES += sorted((REPOSITORY / "docs").glob("*.md"))


def replayed(page: str, mark: str, actual: str) -> None:
    """Compare the fenced block behind `<!-- mark -->` with `actual`; UPDATE_DOCS=1 rewrites it."""
    path = REPOSITORY / page
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"<!-- {mark} -->\n```\w*\n(.*?)```", text, re.DOTALL)
    assert found, f"{page} has no block behind <!-- {mark} -->"
    if os.environ.get("UPDATE_DOCS"):
        path.write_text(text[: found.start(1)] + actual + text[found.end(1) :], encoding="utf-8")
    else:
        assert found[1] == actual


def test_the_plan_in_the_readme(tmp_path: Path) -> None:
    lists = [
        ContactList("cl-1", "Renewal Due - May 2025", "Customers whose service expires in June."),
        ContactList("cl-2", "Win Back", "Former customers who agreed to be called."),
        ContactList("cl-3", "Welcome Call", "New customers.", campaigns=("Welcome Summer",)),
        ContactList("cl-4", "Payment Reminder", "Invoices open for more than 14 days."),
    ]
    with workplace(tmp_path, lists) as place:
        declared = {
            "renewal-due": ("cl-1", "Renewal Due - May 2025", "Customers whose service expires in June."),
            "win-back": ("cl-2", "Win Back", "Former customers who agreed to be called."),
            "welcome-call": ("cl-3", "Welcome Call", "New customers."),
            "payment-reminder": ("cl-4", "Payment Reminder", "Invoices open for more than 14 days."),
        }

        def declare() -> None:
            place.manifest(
                "".join(
                    f"  {key}:\n    id: {list_id}\n    name: {name}\n    description: {description}\n"
                    for key, (list_id, name, description) in declared.items()
                ),
                rate=30,
            )

        declare()
        assert place.run("apply", "--yes").code == 0
        declared["renewal-due"] = ("cl-1", "Renewal Due - May/June 2025", "Customers whose service expires in July.")
        declared["welcome-call"] = ("cl-3", "Welcome Summer Call", "New customers.")
        declare()
        place.sandbox.world.edit("cl-4", {"description": "Invoices open for more than 30 days."})
        shown = place.run("plan", "--refresh").out
    replayed("README.md", "transcript: plan", f"$ reconciler plan --refresh\n{shown}")


def test_the_switches_of_the_sandbox() -> None:
    replayed("docs/sandbox.md", "settings", described().rstrip("\n") + "\n")


def test_the_messages_in_the_page_on_manifests(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "manifest.md").read_text(encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(
        "verson: 1\nversion: 1\nenvironments:\n  prod: {host: h.example, stream_id: st-1, account_id: a1}\n\nlists:\n"
        "  vip:\n    id: cl-1\n    name: 2025\n"
    )
    ran = subprocess.run(
        [*PROGRAM, "validate", "-f", "broken.yaml"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"$ reconciler validate -f broken.yaml\n{ran.stderr}```" in page


def options(verb: str) -> set[str]:
    ran = subprocess.run([*PROGRAM, verb, "--help"], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return set(re.findall(r"--[a-z][a-z-]+", ran.stdout)) - {"--help"}


def test_every_option_is_on_the_page_and_none_that_is_not() -> None:
    page = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    every = set().union(*map(options, VERBS)) | {"--json", "--file", "--env", "--all-envs", "--version"}
    assert set(re.findall(r"--[a-z][a-z-]+", page)) == every
    assert all(f"`{verb}" in page for verb in VERBS)


def test_every_guard_cause_and_outcome_is_explained() -> None:
    planning = (REPOSITORY / "docs" / "planning.md").read_text(encoding="utf-8")
    assert [name for name in (*get_args(Guard), *get_args(Cause)) if f"`{name}`" not in planning] == []
    commands = (REPOSITORY / "docs" / "commands.md").read_text(encoding="utf-8")
    told = {"adopted", "forgotten"}  # said of the plan's actions
    assert [name for name in get_args(OutcomeKind) if f"`{name}`" not in commands and name not in told] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_on_the_pages_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:\$|`)\s*reconciler ([a-z]+)", text))
    assert named <= set(VERBS)


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_no_page_speaks_of_another_machine() -> None:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"\.\./shared|/root/|/tmp/", text), page
    assert sys.version_info >= (3, 11)

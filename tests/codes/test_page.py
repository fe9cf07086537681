"""`docs/codes.md` is made of the entries, and `reconciler explain` prints them."""

from __future__ import annotations

import os
from itertools import groupby
from operator import attrgetter

import pytest

from reconciler.cli.app import run
from reconciler.codes.catalogue import KINDS, Entry, entries, explain
from tests.program import REPOSITORY

PAGE = REPOSITORY / "docs/codes.md"
HEAD = """\
# Codes

A message of `reconciler` that says what stops something, or what would stop an apply, has a code in brackets, such as
`[RENAME-IN-USE]`. Each code has an entry here. `reconciler explain CODE` prints the same entry, without a network;
`reconciler explain` lists all codes. Codes stay the same from release to release; the words of messages may become
better.

In JSON, a guard is `guard`, written as `rename_in_use`: of `blocked_by` in a plan, of an outcome in a result. A problem
of a manifest has its `code`; an error has its code at the end of its text. The examples of problems leave out the first
three lines of a manifest, its version and environments, except where these matter. Every example is what the program
really prints.
"""


def page() -> str:
    parts = [HEAD]
    for kind, of_kind in groupby(entries().values(), attrgetter("kind")):
        of_this = list(of_kind)
        parts += [f"## {KINDS[kind]}\n", index(of_this), *map(section, of_this)]
    return "\n".join(parts)


def index(of_kind: list[Entry]) -> str:
    rows = (f"| [{entry.code}](#{entry.code.lower()}) | {entry.summary} |" for entry in of_kind)
    return "\n".join(["| code | what it means |", "| --- | --- |", *rows, ""])


def section(entry: Entry) -> str:
    given = f"```yaml\n{entry.given}\n```\n\n" if entry.given else ""
    return (
        f"### {entry.code}\n\n{entry.means}\n\n**Why it exists:** {entry.why}\n\n**What to do:** {entry.what_to_do}\n\n"
        f"{given}```text\n{entry.example}\n```\n"
    )


def test_the_page_has_all_entries() -> None:
    """UPDATE_DOCS=1 writes the page."""
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_entries_are_whole_and_short() -> None:
    for entry in entries().values():
        said = (entry.means, entry.why, entry.what_to_do, entry.example)
        assert all(said), entry.code
        assert all(text.endswith(".") for text in said[:3]), entry.code
        assert len(entry.summary) <= 120, entry.code
        assert sum(map(len, said[:3])) <= 900, entry.code


@pytest.mark.parametrize(
    "written", ["rename-in-use", "RENAME_IN_USE", "[RENAME-IN-USE]", " rename_in_use ", "Rename in use"]
)
def test_a_code_is_found_as_it_is_written(written: str) -> None:
    found = explain(written)
    assert found is not None
    assert found.code == "RENAME-IN-USE"


def test_explain_prints_an_entry(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "rename-in-use"]) == 0
    entry, shown = entries()["RENAME-IN-USE"], capsys.readouterr().out
    assert shown.startswith(f"RENAME-IN-USE\n\n{entry.summary}")
    for told in (entry.means, entry.why, entry.what_to_do, entry.example):
        assert "".join(told.split()) in "".join(shown.split())


def test_explain_alone_lists_all_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert listed == list(entries())


@pytest.mark.parametrize(
    ("written", "said"),
    [("rename-in-used", "did you mean RENAME-IN-USE"), ("zzzzzz", "no code 'zzzzzz': `reconciler explain` lists")],
)
def test_a_code_that_does_not_exist(written: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", written]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("number", ["3", "EXIT-3", "exit 3"])
def test_an_exit_code_is_found_by_its_number(number: str) -> None:
    found = explain(number)
    assert found is not None
    assert found.code == "EXIT-3"

"""The pages are true: transcripts are run, options, codes and names compared with the code, links followed."""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from reconciler import errors
from reconciler.cli import ci_build
from reconciler.cli.app import VERBS, Parser, _parse, module_of
from reconciler.cli.reports import FORMATS
from reconciler.cli.schema import DOCUMENTS
from reconciler.cli.variables import VARIABLES
from reconciler.errors import UsageError
from reconciler.manifest import manifest_schema
from reconciler.model.changes import Cause, Guard
from reconciler.model.outcomes import OutcomeKind
from reconciler.report.phrases import CAUSES
from reconciler.report.view.kinds import BLOCKED, LEFT_ALONE, RECORDED, RISKY_RENAME, UPDATES
from reconciler.sandbox import faults
from reconciler.sandbox.control import _VERBS, PREFIX
from reconciler.sandbox.settings import Settings
from tests.docs import documents, llms
from tests.docs.replay import MARK, replayed
from tests.program import REPOSITORY

TOP = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
PAGES = [REPOSITORY / name for name in TOP]
PAGES += sorted((REPOSITORY / "docs").glob("*.md"))
REPLAYED = [page for page in PAGES if f"\n{MARK}" in page.read_text(encoding="utf-8")]
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((REPOSITORY / "reconciler").rglob("*.py"))}

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def text_of(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def rows(page: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, its head left out."""
    section = f"\n{text_of(page)}".split(f"\n{heading}\n", 1)[1]
    found = re.search(r"^\|.*\n\| ---.*\n((?:\|.*\n)+)", section, re.MULTILINE)
    assert found, heading
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in found[1].splitlines()]


def code(text: str) -> list[str]:
    """Return the code spans of a text."""
    return re.findall(r"`([^`\n]+)`", text)


@pytest.mark.parametrize("page", REPLAYED, ids=lambda page: page.name)
def test_transcripts(page: Path, tmp_path: Path) -> None:
    """UPDATE_DOCS=1 writes what the commands really print; read the difference before it is committed."""
    shown = page.read_text(encoding="utf-8")
    actual = replayed(shown, tmp_path)
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(actual, encoding="utf-8")
    else:
        assert actual == shown, "\n".join(difflib.unified_diff(shown.split("\n"), actual.split("\n"), lineterm=""))


def test_the_tutorial_shows_all_that_it_runs() -> None:
    """Whoever types it needs nothing else."""
    page = text_of("docs/start.md")
    assert f"{MARK} hidden" not in page
    assert page.count("```console") == page.count(f"{MARK} -->\n```console") > 5


def test_every_extra_is_on_the_page_and_no_other_is() -> None:
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    section = text_of("docs/install.md").split("\n## Extras\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^- `(\w+)`: ", section, re.MULTILINE)) == set(extras)


@every_page
def test_no_page_has_a_secret_typed_into_the_history_of_a_shell(page: Path) -> None:
    """But for that of the sandbox, which opens nothing else."""
    typed = re.findall(
        r"^.*\bexport\b.*_(?:SECRET|TOKEN)=(?!sandbox-only-|\$\().*", page.read_text("utf-8"), re.MULTILINE
    )
    assert not typed


def test_the_pages_and_the_changelog_agree_whether_there_is_a_release() -> None:
    versions = re.findall(r"^## (\d\S*) - (.+)$", text_of("CHANGELOG.md"), re.MULTILINE)
    none_yet = all(date == "not released yet" for _, date in versions)
    assert versions
    assert ("**Until the first release**" in text_of("README.md")) == none_yet
    assert ("## Before the first release" in text_of("docs/install.md")) == none_yet


def test_the_readme_stays_short() -> None:
    assert len(text_of("README.md").splitlines()) <= 120


def test_every_sign_of_a_plan_is_explained() -> None:
    kinds = (RISKY_RENAME, *UPDATES.values(), BLOCKED, LEFT_ALONE, *RECORDED.values())
    assert {code(first)[0] for first, *_ in rows("docs/read-a-plan.md", "# Read a plan")} == {
        kind.sign for kind in kinds
    }


def test_every_message_about_an_extra_names_one_that_there_is_and_its_page() -> None:
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    said = [found for text in SOURCES.values() for found in re.findall(r"with the extra (\w+)(.{18})", text)]
    assert len(said) > 5
    assert [extra for extra, where in said if extra not in extras or where != " (docs/install.md)"] == []


def test_the_index_links_every_page_once() -> None:
    """The site's contents are made of it."""
    linked = [
        (REPOSITORY / "docs" / path).resolve()
        for path in re.findall(r"^- \[.+?\]\((\S+?)\)", text_of("docs/README.md"), re.MULTILINE)
    ]
    beside = [REPOSITORY / "benchmarks" / "README.md", *REPOSITORY.glob("*.md")]
    assert sorted(linked) == sorted({*PAGES, *beside} - {REPOSITORY / "docs" / "README.md"})


def commands(parser: argparse.ArgumentParser, name: str) -> Iterator[tuple[str, argparse.Action]]:
    """Yield every option of a command and of its actions, with the name of whose it is."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice, subparser in action.choices.items():
                yield from commands(subparser, f"{name} {choice}")
        elif action.option_strings and "--help" not in action.option_strings:
            yield name, action


def declared_options() -> dict[str, set[str]]:
    """Return, by option as the pages write it, the commands that have it; `state` where all of its actions do."""
    owners: dict[str, set[str]] = {}
    for verb in VERBS:
        parser = Parser()
        import_module(module_of(verb)).arguments(parser)
        for owner, action in commands(parser, verb):
            option = ", ".join(action.option_strings) + (f" {action.metavar}" if action.metavar else "")
            owners.setdefault(option, set()).add(owner)
    actions = {f"state {action}" for action in ("list", "show", "mv", "rm", "pull", "push", "history", "unlock")}
    return {option: (of - actions) | {"state"} if of >= actions else of for option, of in owners.items()}


def test_every_option_is_on_the_page_with_its_commands_and_no_other_is() -> None:
    shown = {first.replace("`", ""): set(code(of)) for first, of, _ in rows("docs/commands.md", "## Options")}
    assert shown == declared_options()


def test_every_command_and_action_is_on_the_page_and_no_other_is() -> None:
    shown = re.findall(r"^\| \[`(\w+)`\]\(#", text_of("docs/commands.md"), re.MULTILINE)
    assert shown == list(VERBS)
    assert re.findall(r"^## ([a-z]+)$", text_of("docs/commands.md"), re.MULTILINE) == list(VERBS)
    parser = Parser()
    import_module("reconciler.cli.state").arguments(parser)
    (actions,) = (found for found in parser._actions if isinstance(found, argparse._SubParsersAction))
    listed = [code(first)[0].split()[1] for first, _ in rows("docs/commands.md", "## state")]
    assert listed == list(actions.choices)


def test_every_exit_code_is_on_the_page_and_no_other_is() -> None:
    declared = {found.exit_code for found in vars(errors).values() if hasattr(found, "exit_code")}
    signals = {129, 130, 143}
    of_commands = {0, 2, 3}  # in order; `plan --detailed-exitcode`; an apply that ended incomplete
    shown = {int(number) for first, _ in rows("docs/commands.md", "## Exit codes") for number in first.split(",")}
    assert shown == declared | signals | of_commands


def test_every_variable_is_on_the_page_and_no_other_is() -> None:
    """UPDATE_DOCS=1 writes the table anew."""
    every = "\n".join(SOURCES.values())
    declared = set(re.findall(r'environ(?:\.get\(|\[)"(\w+)"|"(\w+)" in os\.environ', every))
    declared_names = {name for pair in declared for name in pair if name}
    constants = re.findall(r'^([A-Z]+) = "([A-Z_]+)"', every, re.MULTILINE)
    declared_names |= {name for constant, name in constants if f"environ.get({constant})" in every}
    declared_names |= set(ci_build.SYSTEMS)
    credentials = SOURCES[REPOSITORY / "reconciler/api/credentials.py"]
    declared_names |= {f"KORE_{name}" for name in re.findall(r'"([A-Z]+(?:_[A-Z]+)*)"', credentials)}
    of_libraries = {"SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"}
    of_libraries |= {"AWS_…", "AZURE_…", "GOOGLE_…"}
    assert {name for names, _ in VARIABLES for name in names} == declared_names | of_libraries
    page = REPOSITORY / "docs" / "variables.md"
    made = [f"| {', '.join(f'`{name}`' for name in names)} | {says} |" for names, says in VARIABLES]
    if os.environ.get("UPDATE_DOCS"):
        table = re.compile(r"(?<=\| --- \| --- \|\n)(?:\|.*\n)*")
        page.write_text(table.sub(lambda _: "\n".join([*made, ""]), page.read_text(encoding="utf-8")), encoding="utf-8")
    assert [line for line in page.read_text(encoding="utf-8").splitlines() if line.startswith("| `")] == made


def test_every_guard_cause_and_outcome_is_explained() -> None:
    guards = {name for first, *_ in rows("docs/planning.md", "## Guards") for name in code(first)}
    assert guards == set(get_args(Guard))
    causes = {code(first)[0]: said for first, said in rows("docs/planning.md", "## Causes")}
    assert causes == CAUSES
    table = {name for row in rows("docs/planning.md", "## The table") for cell in row for name in code(cell)}
    assert set(get_args(Cause)) - {"undo"} <= table
    assert [code(first)[0] for first, _ in rows("docs/commands.md", "## The result")] == list(_outcomes())


def _outcomes() -> tuple[str, ...]:
    done = ("updated", "adopted", "forgotten")
    return (*done, *(kind for kind in get_args(OutcomeKind) if kind not in done))


def keys(node: object, *steps: str) -> set[str]:
    """Return the keys that the JSON Schema at `steps` below `node` knows."""
    for step in (*steps, "properties"):
        assert isinstance(node, dict)
        node = node[step]
    assert isinstance(node, dict)
    return set(node)


def test_every_key_of_the_manifest_is_on_the_page_and_no_other_is() -> None:
    shown: set[str] = set()
    for first, _ in rows("docs/manifest.md", "## Keys"):
        names = code(first)
        stem = names[0].rpartition(".")[0]
        shown |= {names[0], *(f"{stem}.{name}" for name in names[1:])}
    declared = {*keys(manifest_schema()), "lists.KEY", "x-…"} - {"lists", "policy"}
    shapes = {"environments.NAME": "EnvironmentEntry", "policy": "PolicyEntry", "lists.KEY": "ListEntry"}
    for stem, shape in shapes.items():
        declared |= {f"{stem}.{key}" for key in keys(manifest_schema(), "$defs", shape)}
    assert shown == declared


def test_every_schema_is_on_the_page_and_no_other_is() -> None:
    shown = [(code(kind)[0], link) for kind, _, link in rows("docs/commands.md", "## schema")]
    assert shown == [(kind, f"[{kind}/1.json](schemas/{kind}/1.json)") for kind in DOCUMENTS]


def test_the_page_of_documents_is_made_of_the_schemas() -> None:
    """UPDATE_DOCS=1 writes it."""
    page = REPOSITORY / "docs" / "documents.md"
    if os.environ.get("UPDATE_DOCS"):
        page.write_text(documents.page(), encoding="utf-8")
    assert page.read_text(encoding="utf-8") == documents.page()


def test_llms_txt_is_made_of_the_pages_and_links_each_of_them_once() -> None:
    """UPDATE_DOCS=1 writes it."""
    file = REPOSITORY / "llms.txt"
    if os.environ.get("UPDATE_DOCS"):
        file.write_text(llms.text(), encoding="utf-8")
    assert file.read_text(encoding="utf-8") == llms.text()
    linked = [REPOSITORY / path for path in re.findall(r"^- \[.+?\]\((\S+?)\): \S", llms.text(), re.MULTILINE)]
    pages = {*PAGES, REPOSITORY / "benchmarks" / "README.md"} - {REPOSITORY / "docs" / "README.md"}
    assert sorted(linked) == sorted({*pages, *(REPOSITORY / "docs" / "schemas").glob("*/*.json")})


_PLACE = re.compile(r"^\S+:\d+:\d+: (?:(?:version|verson|state|environments|policy|include|lists)\b[^:]*: )?")
_VALUE = re.compile(
    r"(?<=YAML reads )\S+|(?<=did you mean )\w+|\w+ is missing: add .*|(?<=remove )&\w+"
    r"""|\b(?:prod|dev)\b|(?<=of )[a-f]\b|"[^"]*"|'[^']*'|\S+\.yaml:\d+|-?\b[\w.-]*\d[\w.+-]*"""
)


def wording(problem: str) -> str:
    """Return a problem without its place and without the values in it."""
    return _VALUE.sub("…", _PLACE.sub("", problem))


def test_every_refusal_of_a_manifest_is_on_the_page_as_it_is_said() -> None:
    said = {
        re.sub(rf"\b{path.stem}\.yaml", "lists.yaml", line)
        for path in (REPOSITORY / "tests/manifest/refused").glob("*.problems")
        for line in path.read_text(encoding="utf-8").splitlines()
    }
    blocks = re.findall(r"<!-- refusals -->\n```\n(.*?)```", text_of("docs/manifest.md"), re.DOTALL)
    shown = [line for block in blocks for line in block.splitlines()]
    assert [line for line in shown if line not in said] == []
    assert sorted({wording(line) for line in said} - {wording(line) for line in shown}) == []


def test_every_report_format_is_on_the_page_and_no_other_is() -> None:
    assert [code(first)[0] for first, _ in rows("docs/commands.md", "## Reports")] == list(FORMATS)


def test_every_switch_of_the_sandbox_stands_for_a_question() -> None:
    named = [
        name for row in rows("docs/sandbox.md", "## What is known of the API, and what is not") for name in code(row[3])
    ]
    assert sorted(named) == sorted(Settings.model_fields)


def test_every_fault_and_control_path_is_on_the_page_and_no_other_is() -> None:
    kinds = {kind.model_fields["kind"].default: set(kind.model_fields) for kind in get_args(faults.Fault)}
    selectors = set.intersection(*kinds.values()) - {"kind"}
    page = text_of("docs/sandbox.md")
    tables = {code(line)[0] for line in page.split("## Faults")[1].splitlines() if line.startswith("| `")}
    listed = {name for first, *_ in rows("docs/sandbox.md", "## Faults") for name in code(first)}
    assert listed == selectors
    assert tables - selectors == set(kinds)
    for line in page.split("| kind | further keys")[1].splitlines():
        if line.startswith("| `"):
            kind, keys, _ = (cell.strip() for cell in line.strip("| ").split(" | "))
            assert kinds[code(kind)[0]] - selectors - {"kind"} <= set(code(keys)), kind
    paths = {code(path)[0]: methods.split() for path, methods, _ in rows("docs/sandbox.md", "## The control path")}
    assert paths == {PREFIX + path: list(methods) for path, methods in _VERBS.items()}


def typed(text: str) -> Iterator[str]:
    """Yield every command of the program that a page shows: in a console block, or in a code span."""
    for line in re.findall(r"^\s*\$ (.*)$", text, re.MULTILINE):
        yield from re.findall(r"(?:^|&& |\| |env \S+ )(reconciler .+?)(?= *$| \||2?>| &&)", line)
    yield from (
        span for span in code(re.sub(r"```.*?```", "", text, flags=re.DOTALL)) if span.startswith("reconciler ")
    )


def understood(command: str) -> None:
    """Parse a command as the program would."""
    words = shlex.split(command, comments=True)[1:]
    if words in (["--version"], ["help"]):
        return
    try:
        _parse(["1" if word == "N" else word for word in words])
    except UsageError as error:
        pytest.fail(f"{command}: {error}")


@every_page
def test_commands_on_the_pages_are_understood(page: Path) -> None:
    for command in typed(page.read_text(encoding="utf-8")):
        if not set("[…") & set(command) and command not in ("reconciler COMMAND --help", "reconciler state ACTION"):
            understood(command)


def test_commands_in_messages_are_understood() -> None:
    """What the program tells people to type or to read exists."""
    for path, source in SOURCES.items():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = re.findall(r"(?:^|[`:(] ?)reconciler ([a-z]+)\b", node.value)
                assert set(named) <= set(VERBS), f"{path}: {node.value}"
                pages = re.findall(r"\bdocs/[\w-]+\.md", node.value)
                assert all((REPOSITORY / page).exists() for page in pages), f"{path}: {node.value}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]*(?:#[^)\s]*)?)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if path.startswith("https:"):  # only the archive of a release has such ones: .github/release.py
            continue
        linked = page.parent / path if path else page
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked), target


def test_the_changelog_names_every_format() -> None:
    formats = set(re.findall(r'"(reconciler/[a-z]+)(?:/\d+)?"', "\n".join(SOURCES.values())))
    assert len(formats) >= 6
    assert [name for name in formats if name not in text_of("CHANGELOG.md")] == []


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_files_that_a_page_names_exist(page: str) -> None:
    named = {span for span in code(text_of(page)) if re.fullmatch(r"[a-z_/]+/[a-z_]+\.(?:py|md|txt|yaml)", span)}
    assert [
        span for span in sorted(named) if not any((REPOSITORY / top / span).exists() for top in ("", "reconciler"))
    ] == []


@every_page
def test_no_page_speaks_of_another_machine(page: Path) -> None:
    """A path that begins at the root is one that every machine has, or an example; none leads out of the project."""
    text = page.read_text(encoding="utf-8")
    absolute = {"/".join(found.split("/")[:3]) for found in re.findall(r"(?<![\w.:/<{}~$*%-])/[a-z]+/[\w.-]*", text)}
    assert absolute <= {"/dev/null", "/dev/stdin", "/dev/stdout", "/home/me", "/run/secrets"}
    assert all(
        (page.parent / up).resolve().is_relative_to(REPOSITORY) for up in re.findall(r"(?:\.\./)+[\w./-]*", text)
    )

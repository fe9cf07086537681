"""llms.txt, made of the pages, for assistants that read the site: https://llmstxt.org tells of the format.

Links lead from the root of the repository, which is the root of the site, too, to sources of pages.
"""

from __future__ import annotations

import json
import os
import re

from reconciler.cli.schema import DOCUMENTS
from tests.program import REPOSITORY

_INDEX = REPOSITORY / "docs" / "README.md"
_SECTION = re.compile(r"^## (.+)\n\n((?:(?:- |  ).+\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^- \[(.+?)\]\((.+?)\): (.+(?:\n  .+)*)", re.MULTILINE)
_LINK = re.compile(r"\[(.+?)\]\(.+?\)")
_FOR_TOOLS = """\
- `reconciler explain CODE` says what a code in brackets means; `reconciler schema` prints the JSON Schemas.
- With `--json`, commands print documents that have a schema.
- `plan`, `drift` and `validate` change nothing. `apply` sends changes: let a person review the plan first.
"""


def text() -> str:
    """Return the file."""
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    title, what, bounds = readme.split("\n\n")[:3]
    sections = _SECTION.findall(_INDEX.read_text(encoding="utf-8"))
    summary = "\n".join(f"> {line}" for line in what.splitlines())
    pages = [f"## {_heading(name)}\n\n{_entries(listed)}" for name, listed in sections]
    return "\n".join([f"{title}\n\n{summary}\n\n{bounds}\n\n{_FOR_TOOLS}", *pages[:-1], _schemas(), pages[-1]])


def _heading(name: str) -> str:
    """`Optional` is a word of the format: what may be left out if there is little room."""
    return "Optional" if name == "Project" else name


def _entries(listed: str) -> str:
    found = ((title, path, _LINK.sub(r"\1", said)) for title, path, said in _ENTRY.findall(listed))
    return "".join(f"- [{title}]({_from_root(path)}): {' '.join(said.split())}\n" for title, path, said in found)


def _from_root(path: str) -> str:
    return os.path.relpath(_INDEX.parent / path, REPOSITORY)


def _schemas() -> str:
    lines = ["## JSON Schemas\n"]
    for kind in DOCUMENTS:
        path = f"docs/schemas/{kind}/1.json"
        schema = json.loads((REPOSITORY / path).read_text(encoding="utf-8"))
        lines.append(f"- [{kind}]({path}): {' '.join(schema['description'].split())}")
    return "\n".join(lines) + "\n"

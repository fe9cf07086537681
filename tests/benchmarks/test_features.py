"""The table of features: each answer about another tool names where it comes from."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmarks.versus.__main__ import PAGE

TOOLS = ["Terraform, restapi", "CX as Code", "Salto", "decK", "octoDNS", "Argo CD", "Atlas"]
LINK = re.compile(r"\[((?:`[^`]*`|[^\]`])+)\](?:\[([\w-]+)\]|\(([^)\s]+)\))")
SOURCE = re.compile(r"^\[([\w-]+)\]: (https://\S+)$", re.MULTILINE)


def answers(page: str) -> Iterator[tuple[str, str, str]]:
    """Yield every answer of the tables with its question and its tool."""
    section = page.split("\n## What each tool does\n", 1)[1].split("\n## ", 1)[0]
    for table in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        head, _, *rows = [[cell.strip() for cell in line[1:-1].split(" | ")] for line in table.splitlines()]
        assert [tool for tool, *_ in rows] == ["**reconciler**", *(f"**{tool}**" for tool in TOOLS)]
        for tool, *cells in rows:
            assert len(cells) == len(head) - 1, tool
            yield from ((question, tool.strip("*"), cell) for question, cell in zip(head[1:], cells, strict=True))


def without_source(page: str) -> list[tuple[str, str]]:
    """Return the question and the tool of each answer without a link to a source."""
    sources = dict(SOURCE.findall(page))

    def stands(tool: str, cell: str) -> bool:
        links = LINK.findall(cell)
        if tool == "reconciler":
            return bool(links) and all(here for _, _, here in links)
        return bool(links) and all(name in sources for _, name, _ in links)

    return [(question, tool) for question, tool, cell in answers(page) if not stands(tool, cell)]


def test_every_answer_has_a_source() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert len({question for question, _, _ in answers(page)}) >= 12
    assert without_source(page) == []
    assert set(dict(SOURCE.findall(page))) == set(re.findall(r"\]\[([\w-]+)\]", page))


def test_an_answer_without_one_is_found() -> None:
    page = PAGE.read_text(encoding="utf-8")
    bare = page.replace("[`diff`][deck-diff]", "`diff`")
    assert without_source(bare) == [("A preview that cannot write", "decK")]
    gone = {tool for _, tool in without_source(re.sub(r"^\[tf-lock\]: .*\n", "", page, flags=re.MULTILINE))}
    assert gone == {"Terraform, restapi", "CX as Code"}

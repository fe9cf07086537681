"""A part of a page that a command writes: what stands between two marks, which are comments."""

from __future__ import annotations

from pathlib import Path


def renew(page: Path, name: str, content: str) -> None:
    """Put `content` between the two marks `<!-- name -->` of a page."""
    mark = f"<!-- {name} -->"
    before, rest = page.read_text(encoding="utf-8").split(mark, 1)
    page.write_text(f"{before}{mark}\n{content}{mark}{rest.split(mark, 1)[1]}", encoding="utf-8")

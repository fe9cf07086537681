"""Where text stands on the page."""

from __future__ import annotations

import pytest

from reconciler.report.colour import Pen
from reconciler.report.text.layout import Page, columns

WIDTHS = {"": 0, "abc": 3, "é": 1, "e\u0301": 1, "東京": 4, "ｱ": 1, "한": 2, "👩": 2}
PROSE = {
    "one line": (40, "short enough", "  why: short enough"),
    "wrapped": (40, "these words are too many for one line", "  why: these words are too many for one\n    line"),
    "to the last column": (40, "x" * 33 + " y", "  why: " + "x" * 33 + "\n    y"),
    "double spaces stay": (40, 'the name "a  b"', '  why: the name "a  b"'),
    "no room for the word": (40, "x" * 50, "  why:\n    " + "x" * 50),
    "wide letters": (40, "東京" * 8 + " 大阪", "  why: " + "東京" * 8 + "\n    大阪"),
    "never too narrow to read": (1, "a few words at least", "  why: a few words at least"),
    "outer white space": (40, "\n x \n", "  why: x"),
    "nothing": (40, "", "  why:"),
    "hostile": (40, "x\nwhy: y\x1b[0m", r"  why: x\nwhy: y\x1b[0m"),
}


@pytest.mark.parametrize(("text", "width"), WIDTHS.items())
def test_columns(text: str, width: int) -> None:
    assert columns(text) == width


@pytest.mark.parametrize(("width", "text", "expected"), PROSE.values(), ids=list(PROSE))
def test_prose(width: int, text: str, expected: str) -> None:
    assert Page(Pen(False), width).prose("why:", text, ink="red", indent=2) == expected


def test_colour_takes_no_columns() -> None:
    text = "these words are too many for one line"
    painted = Page(Pen(True), 40).prose("why:", text, ink="red", indent=2)
    assert painted == "  \x1b[31mwhy:\x1b[0m these words are too many for one\n    line"

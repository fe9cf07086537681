"""The drawing of the architecture is of today's imports, and says all of them."""

from __future__ import annotations

import re

from tests.docs.architecture import PICTURE, drawn, imports, layers, without_shortcuts
from tests.golden import check

PACKAGES = layers()
IMPORTS = imports(name for row in PACKAGES for name in row)


def test_the_picture_is_drawn_from_the_imports_as_they_are() -> None:
    """`make drawings` renews it, too."""
    check(PICTURE, drawn(PACKAGES, without_shortcuts(IMPORTS)))


def test_what_is_left_out_can_be_followed() -> None:
    shown = without_shortcuts(IMPORTS)
    assert shown < IMPORTS
    ways = set(shown)
    while more := {(one, end) for one, by in ways for start, end in ways if by == start} - ways:
        ways |= more
    assert ways >= IMPORTS


def test_a_shortcut_is_an_arrow_with_a_longer_way() -> None:
    ways = {("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"), ("a", "d"), ("a", "e")}
    assert without_shortcuts(ways) == {("a", "b"), ("b", "c"), ("c", "d"), ("a", "e")}


def test_no_line_runs_below_a_box() -> None:
    """An arrow that passes a layer has a place of its own there."""
    picture = drawn([["a", "b"], ["c"], ["d"]], {("a", "c"), ("b", "d"), ("c", "d")})
    assert picture.count('class="box"') == 4
    assert picture.count('class="line"') == 3
    assert len(re.findall(r"V\d", picture)) == 1

"""The recording of the demo is of today's program, small, and asks no network for anything."""

from __future__ import annotations

import re

import pytest

from tests.docs.recording import PICTURE, SHOWN, drawn, recorded, scenes
from tests.golden import check
from tests.program import REPOSITORY


def test_the_picture_is_small_and_stands_alone() -> None:
    picture = PICTURE.read_text(encoding="utf-8")
    assert len(picture.encode()) < 40_000
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]
    assert picture.count('class="scene') == SHOWN
    assert picture.count('class="scene still"') == 1


def test_the_scenes_are_the_last_steps_of_the_demo() -> None:
    picture = PICTURE.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    steps = re.findall(r'^say "(.*)"$', (REPOSITORY / "docs/demo.sh").read_text(encoding="utf-8"), re.MULTILINE)
    assert [step[:40] for step in re.findall(r"># (.*?)</text>", picture)] == [step[:40] for step in steps[-SHOWN:]]


@pytest.mark.slow
def test_the_picture_is_what_the_demo_prints_today() -> None:
    """`make drawings` renews it, too."""
    check(PICTURE, drawn(scenes(recorded())))

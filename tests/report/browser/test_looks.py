"""What the page looks like: on a desk, on a phone, in the dark and on paper. The pictures stand in `docs`, too."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from PIL import Image

from reconciler.report.formats import render
from tests.report import morning
from tests.report.browser import pictures
from tests.report.browser.conftest import Opener

pytestmark = pytest.mark.slow

MISSING = "the fonts Liberation Sans and Mono are missing: make browser installs them where that can be done"
PLAN, RESULT, DRIFT = render("html", morning.PLAN), render("html", morning.RESULT), render("html", morning.DRIFT)


@dataclass(frozen=True)
class Look:
    """A document, and how it is looked at."""

    document: str
    width: int
    scheme: Literal["light", "dark"] = "light"
    media: Literal["screen", "print"] = "screen"


LOOKS = {
    "plan-desk": Look(PLAN, 1280),
    "plan-phone": Look(PLAN, 390),
    "plan-paper": Look(render("html", morning.SINGLE), 794, media="print"),
    "apply-desk": Look(RESULT, 1280),
    "apply-phone-dark": Look(RESULT, 390, "dark"),
    "drift-desk-dark": Look(DRIFT, 1280, "dark"),
}


@pytest.fixture(autouse=True)
def _fonts() -> None:
    if not pictures.has_fonts():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)


@pytest.mark.parametrize("name", LOOKS)
def test_looks(opened: Opener, tmp_path: Path, name: str) -> None:
    look = LOOKS[name]
    options = {"viewport": {"width": look.width, "height": 900}, "color_scheme": look.scheme, "bypass_csp": True}
    page = opened(look.document, **options)
    page.emulate_media(media=look.media, color_scheme=look.scheme)
    pictures.check(name, pictures.taken(page), tmp_path)


def test_the_tolerance_sees_a_colour_and_a_size_that_change(opened: Opener) -> None:
    def taken(document: str, **options: object) -> Image.Image:
        return pictures.taken(opened(document, bypass_csp=True, **options))

    plain = taken(RESULT)
    assert pictures.differing(plain, taken(RESULT)) == 0
    assert pictures.differing(plain, taken(RESULT.replace("--stop: #a81f18", "--stop: #175aa8"))) > pictures.MOST
    assert pictures.differing(plain, taken(RESULT.replace("font-size: 1.05rem", "font-size: 1.1rem"))) > pictures.MOST
    assert pictures.differing(plain, taken(RESULT, color_scheme="dark")) > 0.5


def test_the_pictures_are_small() -> None:
    kept = {path.stem: path.stat().st_size for path in pictures.FOLDER.glob("*.png")}
    assert kept.keys() == LOOKS.keys()
    assert max(kept.values()) <= pictures.MOST_BYTES

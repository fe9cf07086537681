"""Pictures of the page against the ones that `docs/pictures` keeps, with a tolerance.

Fonts are pinned to Liberation Sans and Mono, which `make browser` installs beside Chromium; what is left between two
machines is how letters are smoothed. Both pictures are halved, which blurs that away, and of the pixels that are left
no more than `MOST` may differ by more than `SEEN` of 255 levels. A line that moves, or another colour, is over that; a
single word is not: what the page says is tested elsewhere.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from pathlib import Path
from typing import cast

from PIL import Image, ImageChops
from playwright.sync_api import Page

from tests.program import REPOSITORY

FOLDER = REPOSITORY / "docs" / "pictures"
FONTS = ':root { --text: "Liberation Sans" !important; --code: "Liberation Mono" !important; }'
SEEN = 48
MOST = 0.0015
MOST_BYTES = 150_000
_COLOURS = 64  # the most frequent ones: those of surfaces stay as they are, those of smoothed edges nearly so
_TALLEST = 3_600  # of a page this much is kept: beyond it, entries look like those above


def has_fonts() -> bool:
    """Tell whether the fonts are there that the pictures were made with."""
    if not shutil.which("fc-list"):
        return False
    return "Liberation Mono" in subprocess.run(["fc-list"], capture_output=True, text=True, check=True).stdout


def taken(page: Page) -> Image.Image:
    """Return the page as a picture, in the pinned fonts; its context must let a style in."""
    page.add_style_tag(content=FONTS)
    whole = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled"))).convert("RGB")
    return whole.crop((0, 0, whole.width, min(whole.height, _TALLEST)))


def differing(one: Image.Image, other: Image.Image) -> float:
    """Return which share of the pixels can be told apart; 1 where the pictures are of different sizes."""
    if one.size != other.size:
        return 1.0
    half = (one.width // 2, one.height // 2)
    levels = ImageChops.difference(one.resize(half, Image.Resampling.BOX), other.resize(half, Image.Resampling.BOX))
    channels = [channel.point([0] * (SEEN + 1) + [255] * (255 - SEEN)) for channel in levels.split()]
    most = ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])
    return most.histogram()[255] / (half[0] * half[1])


def check(name: str, picture: Image.Image, failed: Path) -> None:
    """Compare with the picture that is kept; UPDATE_GOLDEN=1 keeps this one, to be looked at before it is committed."""
    kept = FOLDER / f"{name}.png"
    if os.environ.get("UPDATE_GOLDEN"):
        _reduced(picture).save(kept, optimize=True)
    with Image.open(kept) as golden:
        share = differing(picture, golden.convert("RGB"))
    if share > MOST:
        picture.save(failed / kept.name)
    assert share <= MOST, f"{share:.2%} of {kept.name} differ: look at {failed / kept.name}; UPDATE_GOLDEN=1 accepts it"


def _reduced(picture: Image.Image) -> Image.Image:
    """Return the picture in few colours, which makes it small."""
    counts = cast("list[tuple[int, tuple[int, ...]]]", picture.getcolors(picture.width * picture.height))
    frequent = [colour for _, colour in sorted(counts, reverse=True)[:_COLOURS]]
    palette = Image.new("P", (1, 1))
    palette.putpalette([level for colour in frequent for level in colour])
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)

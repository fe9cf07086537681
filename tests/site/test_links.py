"""The check of the site finds what is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.site.links import check

WHOLE = {
    "index.html": '<meta http-equiv="refresh" content="0; url=docs/a.html"><link href="_static/a.css">',
    "docs/a.html": '<h1 id="top">A</h1><a href="#top">up</a><a href="../index.html">home</a>'
    '<a href="b.html#caf%C3%A9">b</a><a href="a.schema.json">schema</a><a href="https://github.com/o/r">code</a>'
    '<img src="data:image/gif;base64,x">',
    "docs/b.html": '<h2 id="café">B</h2><script src="../_static/a.js?v=1"></script>',
    "docs/a.schema.json": "{}",
    "_static/a.css": '@font-face { src: url("a.woff2") } p { background: url(data:image/gif;base64,x) }',
    "_static/a.js": "",
    "llms.txt": "- [A](docs/a.html): what it is\n",
    "_static/a.woff2": "",
}


def built(folder: Path, page: str = "", style: str = "", listed: str = "") -> tuple[list[str], list[str]]:
    for name, text in WHOLE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        added = {"docs/a.html": page, "_static/a.css": style, "llms.txt": listed}
        (folder / name).write_text(text + added.get(name, ""))
    return check(folder)


def test_a_whole_site_has_no_problem(tmp_path: Path) -> None:
    assert built(tmp_path) == ([], ["https://github.com/o/r"])


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ('<a href="c.html">', "c.html leads nowhere"),
        ('<a href="b.html#tea">', "b.html#tea: the page has no such anchor"),
        ('<a href="#tea">', "#tea: the page has no such anchor"),
        ('<script src="https://cdn.example/a.js"></script>', "https://cdn.example/a.js is loaded from elsewhere"),
        ('<img src="//cdn.example/a.png">', "//cdn.example/a.png is loaded from elsewhere"),
        ('<img srcset="a.png 1x, https://cdn.example/b.png 2x">', "https://cdn.example/b.png is loaded from elsewhere"),
        ('<link rel="preload" href="https://cdn.example/f">', "https://cdn.example/f is loaded from elsewhere"),
        ('<iframe src="http://cdn.example/f"></iframe>', "http://cdn.example/f is loaded from elsewhere"),
        ('<p style="background: url(https://cdn.example/f)">', "https://cdn.example/f is loaded from elsewhere"),
        ('<img src="gone.png">', "gone.png is loaded, but is not there"),
    ],
)
def test_what_a_page_must_not_hold_is_found(page: str, problem: str, tmp_path: Path) -> None:
    assert f"docs/a.html: {problem}" in built(tmp_path, page)[0]


@pytest.mark.parametrize("address", ["http://github.com/o/r", "https://github", "https://a.b/<OWNER>", "ftp://a.b/c"])
def test_links_to_elsewhere_have_a_shape(address: str, tmp_path: Path) -> None:
    assert built(tmp_path, f'<a href="{address}">')[0] == [f"{address} is no https:// address"]


@pytest.mark.parametrize("style", ['@import "https://cdn.example/f";', "p { background: url(https://cdn.example/f) }"])
def test_styles_load_nothing_from_elsewhere(style: str, tmp_path: Path) -> None:
    assert built(tmp_path, style=style)[0] == ["_static/a.css: https://cdn.example/f is loaded from elsewhere"]


def test_what_llms_txt_lists_is_there(tmp_path: Path) -> None:
    assert built(tmp_path, listed="- [B](docs/b.md): gone\n")[0] == ["llms.txt: docs/b.md leads nowhere"]

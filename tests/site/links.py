"""Check the site that `make site` has built: `python -m tests.site.links FOLDER`. Needs no package, only Python.

- What a page loads (scripts, styles, fonts, pictures) stands beside it: nothing comes from another host.
- Each link within the site leads to a file, and its anchor to a place in it; so does each link of llms.txt.
- Each link to elsewhere is `https://` with a host. Nothing is asked of it: `make site LINKS=external` does that.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

_LOADING = {"src", "srcset", "poster", "data", "background"}
_IN_STYLES = re.compile(r"""@import\s+["']([^"']+)|url\(\s*["']?([^"')]+)""")
_IN_MARKDOWN = re.compile(r"\]\(([^)\s]+)\)")
_HOST = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+")


@dataclass
class Page(HTMLParser):
    """What a page loads, where it links to, and the places in it that can be linked."""

    text: str
    loaded: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    places: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read the page."""
        super().__init__()
        self.feed(self.text)
        self.loaded += styled(self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Sort the addresses of an element."""
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        for name in _LOADING & set(given):
            self.loaded += [part.split()[0] for part in given[name].split(",")] if name == "srcset" else [given[name]]
        if address := given.get("href") or given.get("xlink:href"):
            (self.links if tag == "a" else self.loaded).append(address)
        if given.get("http-equiv", "").lower() == "refresh":
            self.links.append(given["content"].partition("url=")[2])


def styled(text: str) -> list[str]:
    """Return the addresses that styles load."""
    return [one or other for one, other in _IN_STYLES.findall(text)]


def check(site: Path) -> tuple[list[str], list[str]]:
    """Return the problems of a built site, and the addresses elsewhere that it links to."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    problems, elsewhere = [], set()
    for path, page in pages.items():
        for address in page.loaded:
            problems += [f"{path.relative_to(site)}: {said}" for said in _loaded(address, path)]
        for address in page.links:
            if urlsplit(address).scheme or address.startswith("//"):
                elsewhere.add(address)
            else:
                problems += [f"{path.relative_to(site)}: {said}" for said in _linked(address, path, pages)]
    for path in site.glob("llms.txt"):
        for address in _IN_MARKDOWN.findall(path.read_text(encoding="utf-8")):
            problems += [f"{path.relative_to(site)}: {said}" for said in _linked(address, path, pages)]
    for path in sorted(site.rglob("*.css")) + sorted(site.rglob("*.svg")):
        addresses = styled(path.read_text(encoding="utf-8"))
        problems += [f"{path.relative_to(site)}: {said}" for each in addresses for said in _loaded(each, path)]
    problems += [f"{address} is no https:// address" for address in sorted(elsewhere) if not _is_whole(address)]
    return problems, sorted(elsewhere)


def _loaded(address: str, path: Path) -> Iterator[str]:
    scheme, host, name, _, _ = urlsplit(address)
    if host or scheme not in ("", "data"):
        yield f"{address} is loaded from elsewhere"
    elif not scheme and name and not (path.parent / unquote(name)).is_file():
        yield f"{address} is loaded, but is not there"


def _linked(address: str, path: Path, pages: dict[Path, Page]) -> Iterator[str]:
    _, _, name, _, anchor = urlsplit(address)
    there = (path.parent / unquote(name)).resolve() if name else path
    if not there.is_file():
        yield f"{address} leads nowhere"
    elif anchor and there in pages and unquote(anchor) not in pages[there].places:
        yield f"{address}: the page has no such anchor"


def _is_whole(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "https" and bool(_HOST.fullmatch(parts.netloc)) and not re.search(r"[\s<>{}…]", address)


def main() -> int:
    """Print what is wrong; the addresses elsewhere go to a file beside the site."""
    site = Path(sys.argv[1]).resolve()
    problems, elsewhere = check(site)
    listed = site.with_name("elsewhere.txt")
    listed.write_text("".join(f"{address}\n" for address in elsewhere), encoding="utf-8")
    print(*problems, sep="\n", end="\n" if problems else "")
    pages = len(list(site.rglob("*.html")))
    print(
        f"{sys.argv[1]}: {pages} pages, {len(problems)} problems; {len(elsewhere)} links to elsewhere in {listed.name}"
    )
    return 1 if problems or pages < 2 else 0


if __name__ == "__main__":
    sys.exit(main())

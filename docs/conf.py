"""The site: the pages of this folder and those beside the code, as they stand on GitHub. `make site` builds it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent
INDEX = "docs/README"
REPOSITORY = os.environ.get("REPOSITORY", "")  # its address with a tag, https://github.com/OWNER/NAME/tree/v1.2.3
_SECTION = re.compile(r"^## (.+)\n\n((?:(?:- |  ).+\n)+)", re.MULTILINE)
_PAGE = re.compile(r"^- \[(.+?)\]\((.+?)\.md\)", re.MULTILINE)
_FOR_TESTS = re.compile(r"^<!-- (?:replay|refusals).*?-->", re.MULTILINE | re.DOTALL)
_TO_INDEX = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>reconciler</title>'
    '<meta http-equiv="refresh" content="0; url={0}"><a href="{0}">reconciler</a></html>\n'
)

project = "reconciler"
html_title = "reconciler"
root_doc = INDEX
extensions = ["myst_parser", "sphinx_copybutton"]
include_patterns = ["*.md", "docs/*.md", "benchmarks/README.md"]
exclude_patterns = [".*", "reconciler", "tests", "mutants", "dist"]
myst_heading_anchors = 6
nitpicky = True
suppress_warnings = ["misc.highlighting_failure"]  # pages show manifests that are wrong
smartquotes = False  # what is shown is what is typed

html_theme = "furo"
if REPOSITORY:  # a button on each page, to its source
    address, _, tag = REPOSITORY.partition("/tree/")
    html_theme_options = {
        "source_repository": address, "source_branch": tag, "source_directory": "", "top_of_page_buttons": ["view"],
    }  # fmt: skip
html_static_path = ["site"]
html_css_files = ["site.css"]
html_extra_path = ["../llms.txt"]  # from here to the root of the site, as they are
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
html_use_index = False
linkcheck_timeout = 20
linkcheck_anchors = False  # many sites make them by script
copybutton_prompt_text = "$ "
copybutton_line_continuation_character = "\\"


def read_page(_app: Sphinx, page: str, source: list[str]) -> None:
    """Leave out what only tests read, and give the index its contents."""
    source[0] = _FOR_TESTS.sub(lambda found: "\n" * found[0].count("\n"), source[0])
    if page == INDEX:
        source[0] = _SECTION.sub(_with_contents, source[0])


def _with_contents(section: re.Match[str]) -> str:
    """Make contents of a list of pages: a page that the index does not link is in none, which Sphinx warns of."""
    entries = "".join(f"{title} <{path}>\n" for title, path in _PAGE.findall(section[2]))
    return f"{section[0]}\n```{{toctree}}\n:hidden:\n:caption: {section[1]}\n\n{entries}```\n"


def keep_addresses(app: Sphinx, page: nodes.document) -> None:
    """Copy files that a page links to where they are in the repository, so that they have lasting addresses.

    A folder is linked in the repository, if its address is known.
    """
    for link in [*page.findall(addnodes.download_reference), *page.findall(addnodes.pending_xref)]:
        there = ((ROOT / f"{app.env.docname}.md").parent / link["reftarget"]).resolve()
        if there.is_dir():
            address = f"{REPOSITORY}/{there.relative_to(ROOT)}"
            link.replace_self(nodes.reference("", "", *link.children, refuri=address) if REPOSITORY else link.children)
        elif isinstance(link, addnodes.download_reference):
            copy = app.outdir / there.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(there, copy)
            link.replace_self(nodes.reference("", "", *link.children, refuri=link["reftarget"]))


def add_front_door(app: Sphinx, failure: Exception | None) -> None:
    """Lead from the site's address to its first page."""
    if not failure:
        (app.outdir / "index.html").write_text(_TO_INDEX.format(f"{INDEX}.html"), encoding="utf-8")


def add_sources(app: Sphinx, failure: Exception | None) -> None:
    """Put what machines read where the repository has it: sources of pages, which llms.txt links, and schemas."""
    if failure:
        return
    for page in sorted(app.env.found_docs):
        text = (ROOT / f"{page}.md").read_text(encoding="utf-8")
        (app.outdir / f"{page}.md").write_text(_FOR_TESTS.sub("", text), encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "schemas", app.outdir / "docs" / "schemas", dirs_exist_ok=True)


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("source-read", read_page)
    app.connect("doctree-read", keep_addresses, priority=100)
    app.connect("build-finished", add_front_door)
    app.connect("build-finished", add_sources)

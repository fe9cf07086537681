"""Prepare a checkout for its release, as release.yml does: `python .github/release.py TAG REPOSITORY_URL`.

Refuse a tag that is not the version of the package and of the newest section of CHANGELOG.md. Write the addresses of
the project into pyproject.toml, and into README.md links that also hold on the package's page. Print that section.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path


def release_notes(tag: str, package: str, changelog: str) -> str:
    """Return the newest section of the changelog without its heading, or end the program if a version differs."""
    version = "".join(re.findall(r'^__version__ = "(.*)"$', package, re.MULTILINE))
    newest = re.search(r"^## (\S+).*\n((?:(?!## ).*\n)*)", changelog, re.MULTILINE)
    section, notes = newest.groups() if newest else ("", "")
    if tag != f"v{version}" or section != version:
        sys.exit(
            f"The tag is {tag!r}, reconciler/__init__.py says {version!r}, and the newest section of CHANGELOG.md is "
            f"{section!r}. Make them agree: v1.2.3, 1.2.3, 1.2.3."
        )
    return notes.strip() + "\n"


def with_addresses(pyproject: str, url: str, tag: str) -> str:
    """Return pyproject.toml with the table `project.urls`, in place of the one that it may have."""
    without = re.sub(r"^\[project\.urls\]\n(?:.+\n)*\n", "", pyproject, flags=re.MULTILINE)
    addresses = (
        f'[project.urls]\nSource = "{url}"\nDocumentation = "{url}/blob/{tag}/docs/README.md"\n'
        f'Changelog = "{url}/blob/{tag}/CHANGELOG.md"\nIssues = "{url}/issues"\n\n'
    )
    return without.replace("[project.scripts]\n", f"{addresses}[project.scripts]\n")


def with_absolute_links(page: str, url: str, tag: str) -> str:
    """Return a page of the top folder with links to files of the repository at `tag`; pictures as bare files."""

    def absolute(link: re.Match[str]) -> str:
        return f"{link[1]}]({url}/{'raw' if link[1].startswith('!') else 'blob'}/{tag}/{link[2]})"

    return re.sub(r"(!?\[[^\]]*)\]\((?![a-z]+:|#)([^)\s]+)\)", absolute, page)


def main(tag: str, url: str) -> None:
    """Check and change the files of the working directory."""
    package, changelog, pyproject, readme = (
        Path(name).read_text(encoding="utf-8")
        for name in ("reconciler/__init__.py", "CHANGELOG.md", "pyproject.toml", "README.md")
    )
    notes = release_notes(tag, package, changelog)
    Path("pyproject.toml").write_text(with_addresses(pyproject, url, tag), encoding="utf-8")
    Path("README.md").write_text(with_absolute_links(readme, url, tag), encoding="utf-8")
    sys.stdout.write(notes)


if __name__ == "__main__":
    main(*sys.argv[1:])

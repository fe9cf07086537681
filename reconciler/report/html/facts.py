"""The end of the page: what the run was made by, when, from which files, and against whom."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from reconciler.report.html.page import Fact
from reconciler.report.view.view import View

_LINK: Final = re.compile(r"https://[!#-;=?-~]+")  # of printable ASCII, without quotes and angle brackets


def date_in_words(timestamp: str) -> str:
    """Return RFC 3339 in UTC as people write it: `22 November 2026, 10:00 UTC`."""
    return datetime.fromisoformat(timestamp).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def join_names(names: tuple[str, ...]) -> str:
    """Return `prod`, `dev and prod`, `dev, test and prod`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def of_view(view: View) -> Iterator[Fact]:
    """Yield by what, when, in which build and from which files it was made, and the environments with their states."""
    if view.digest:
        yield Fact("Digest of the plan", view.digest, exact=True)
    yield Fact("Started", date_in_words(view.made_at))
    yield Fact("Version", f"reconciler {view.tool}")
    for label, said in view.build.items():
        yield Fact(label, said, exact=label == "Commit", leads=_LINK.fullmatch(said) is not None)
    for path, sha256 in view.files.items():
        yield Fact(path, f"sha256:{sha256}", exact=True)
    for of in view.environments:
        if of.target:
            target = f"{of.target.host}, account {of.target.account_id}, stream {of.target.stream_id}"
            yield Fact(of.name, target, exact=True)
            state = f"serial {of.serial}, lineage {of.lineage}" if of.lineage else "none yet"
            yield Fact(f"{of.name}: state", state, exact=True)
        if view.subject == "apply":
            yield Fact(f"{of.name}: took", of.cost)

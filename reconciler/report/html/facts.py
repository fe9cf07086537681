"""The end of the page: what the run was made by, when, from which files, and against whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from reconciler.model.lists import Target
from reconciler.report.html.page import Fact


def date_in_words(timestamp: str) -> str:
    """Return RFC 3339 in UTC as people write it: `22 November 2026, 10:00 UTC`."""
    return datetime.fromisoformat(timestamp).strftime("%d %B %Y, %H:%M UTC").lstrip("0")


def join_names(names: tuple[str, ...]) -> str:
    """Return `prod`, `dev and prod`, `dev, test and prod`."""
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1] if names else "") if part)


def of_run(tool: str, created_at: str, files: Mapping[str, str]) -> Iterator[Fact]:
    """Yield by what, when and from which files."""
    yield Fact("Started", date_in_words(created_at))
    yield Fact("Version", f"reconciler {tool}")
    for path, sha256 in files.items():
        yield Fact(path, f"sha256:{sha256}", exact=True)


def of_target(name: str, target: Target, lineage: str, serial: int) -> Iterator[Fact]:
    """Yield who an environment is, and with which state it was compared."""
    yield Fact(name, f"{target.host}, account {target.account_id}, stream {target.stream_id}", exact=True)
    yield Fact(f"{name}: state", f"serial {serial}, lineage {lineage}" if lineage else "none yet", exact=True)

"""What this process asks of the system, for its size."""

from __future__ import annotations

from contextlib import suppress

_FILES_A_SITE = 4  # lock, journal, connection, and one while files are replaced
_FILES_BESIDE = 64


def allow_open_files(workspaces: int) -> None:
    """Let this process keep the files open that so many `workspaces` need, as far as the system lets it."""
    with suppress(ImportError, OSError, ValueError):
        import resource

        wanted = workspaces * _FILES_A_SITE + _FILES_BESIDE
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

"""What this process asks of Python and of the system, for its size."""

from __future__ import annotations

import gc
from contextlib import suppress

_FILES_A_SITE = 4  # lock, journal, connection, and one while files are replaced
_FILES_BESIDE = 64


def settle_down(sites: int) -> None:
    """Prepare to talk for long: collect garbage again, but not what was read; keep files open for all `sites`."""
    gc.freeze()
    gc.enable()
    with suppress(ImportError, OSError, ValueError):
        import resource

        wanted = sites * _FILES_A_SITE + _FILES_BESIDE
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))

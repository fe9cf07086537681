"""How times are written."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp(now: float) -> str:
    """Return RFC 3339 in UTC, to the second, of `now` in seconds since the epoch."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

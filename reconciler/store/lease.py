"""A lease on a shared state: who writes, until when; it expires by itself when its holder is gone.

    held         the holder renews it, at least every `RENEWED` seconds
    unsure       the holder could not renew it for `TRUSTED` seconds: it writes nothing more
    expired      nobody renewed it for `LEASE` seconds: whoever comes next takes over

The sides measure by their own clocks; between `TRUSTED` and `LEASE` lies what clocks may differ by.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from reconciler.protocols import Holder
from reconciler.store.entries import AnyText, exactly
from reconciler.store.jsontext import as_text, check_shape, decode, encode, refuse_newer

RENEWED = 40.0
TRUSTED = 60.0
LEASE = 120.0
_FAMILY = "reconciler/lease"


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose it is; `token` tells two leases of one holder apart, `renewed_at` is RFC 3339 in UTC."""

    token: str
    holder: Holder
    renewed_at: str

    def expired(self, now: float) -> bool:
        """Tell whether nobody renewed it for so long that its holder must be gone."""
        return now - datetime.fromisoformat(self.renewed_at).timestamp() > LEASE


def render(lease: Lease) -> bytes:
    """Return the file of a lease."""
    return (encode({"format": f"{_FAMILY}/1", **asdict(lease)}) + "\n").encode()


def parse(raw: bytes, *, where: str) -> Lease:
    """Return the lease that a file holds; raises StateDamagedError."""
    content = decode(as_text(raw, where=where), where=where)
    refuse_newer(content.get("format") if isinstance(content, dict) else None, family=_FAMILY, where=where)
    found = check_shape(_shape(), content, where=where)
    return Lease(found["token"], Holder(**found["holder"]), found["renewed_at"])


@exactly
class _Holder(TypedDict):
    pid: int
    host: AnyText
    user: AnyText
    command: AnyText
    since: AnyText
    job: AnyText


@exactly
class _Shape(TypedDict):
    format: Literal["reconciler/lease/1"]
    token: AnyText
    holder: _Holder
    renewed_at: Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]


@cache
def _shape() -> TypeAdapter[_Shape]:
    return TypeAdapter(_Shape)

"""A lease on a shared state: who writes, until when; it expires by itself when its holder is gone.

    held         the holder renews it, at least every `RENEWED` seconds
    unsure       the holder could not renew it for `TRUSTED` seconds: it writes nothing more
    expired      it was not renewed for `LEASE` seconds: the next writer takes over

    released     given back; kept for its fence, if the store cannot remove it safely

The sides measure by their own clocks; between `TRUSTED` and `LEASE` lies what clocks may differ by. A `fence` counts
the holders where a lease and what it guards are not written together; it never goes back.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Annotated, Literal, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from reconciler.documents.parts import Moment
from reconciler.documents.state_entries import AnyText, exactly
from reconciler.errors import StateDamagedError
from reconciler.protocols import LockInfo
from reconciler.state.jsontext import as_text, decode, encode, refuse_newer
from reconciler.state.shapes import check_shape

RENEWED = 40.0
TRUSTED = 60.0
LEASE = 120.0
DAMAGED = "damaged"  # stands for the token of a lease that cannot be read
_FAMILY = "reconciler/lease"
_WAY_OUT = (
    "Nothing was changed. It says only who is writing: make sure that no run is under way, then clear it: reconciler "
    "state unlock"
)


@dataclass(frozen=True, slots=True)
class Lease:
    """Whose it is; `token` tells two leases of one holder apart, `renewed_at` is RFC 3339 in UTC."""

    token: str
    holder: LockInfo
    renewed_at: str
    fence: int = 0

    def is_expired(self, now: float) -> bool:
        """Tell whether it was not renewed for so long that its holder must be gone."""
        return now - datetime.fromisoformat(self.renewed_at).timestamp() > LEASE


@dataclass(frozen=True, slots=True)
class Released:
    """A lease that its last holder gave back."""

    fence: int


def render(lease: Lease | Released) -> bytes:
    """Return the file of a lease."""
    fields = asdict(lease)
    if not lease.fence:
        del fields["fence"]
    return (encode({"format": f"{_FAMILY}/1", **fields}) + "\n").encode()


def parse(raw: bytes, *, where: str) -> Lease | Released:
    """Return the lease that a file holds; raises StateDamagedError."""
    content = decode(as_text(raw, where=where, way_out=_WAY_OUT), where=where, way_out=_WAY_OUT)
    refuse_newer(content.get("format") if isinstance(content, dict) else None, family=_FAMILY, where=where)
    if isinstance(content, dict) and "token" not in content:
        return Released(check_shape(_released_shape(), content, where=where, way_out=_WAY_OUT)["fence"])
    found = check_shape(_shape(), content, where=where, way_out=_WAY_OUT)
    return Lease(found["token"], LockInfo(**found["holder"]), found["renewed_at"], found.get("fence", 0))


def parse_or_clear(raw: bytes, *, where: str, broken: str) -> Lease | Released | None:
    """Return the lease as `parse`; None if it is damaged, and that is what was to be `broken`."""
    try:
        return parse(raw, where=where)
    except StateDamagedError:
        if broken != DAMAGED:
            raise
        return None


@exactly
class _LockInfo(TypedDict):
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
    holder: _LockInfo
    renewed_at: Annotated[Moment, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")]
    fence: NotRequired[Annotated[int, Field(ge=1)]]


@exactly
class _Released(TypedDict):
    format: Literal["reconciler/lease/1"]
    fence: Annotated[int, Field(ge=1)]


@cache
def _shape() -> TypeAdapter[_Shape]:
    return TypeAdapter(_Shape)


@cache
def _released_shape() -> TypeAdapter[_Released]:
    return TypeAdapter(_Released)

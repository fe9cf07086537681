"""The values of an entry of `policy.freeze`: days, hours, dates and a time zone, as texts and as what they mean.

days: mon-fri, sun     hours: 18:00-08:00     since: "2026-12-20"     until: "2027-01-06 12:00"
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

from reconciler.manifest.flaws import Flaw, Kind

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = f"(?:{'|'.join(WEEK)})"
DAYS = rf"^{_DAY}(?:-{_DAY})?(?:, *{_DAY}(?:-{_DAY})?)*$"
HOURS = r"^(?:[01][0-9]|2[0-3]):[0-5][0-9]-(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"
MOMENT = r"^20[0-9]{2}-[01][0-9]-[0-3][0-9](?: [0-2][0-9]:[0-5][0-9])?$"

_OF_THE_MACHINE = ("localtime", "posixrules")  # links that a system's data of time zones may hold


def zone_fault(name: str) -> Flaw | None:
    """Check the name of a time zone."""
    if name in _OF_THE_MACHINE:
        return _freeze_flaw(
            f"{name!r} differs from machine to machine: write one such as Europe/Berlin, America/New_York or UTC"
        )
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):  # unknown, no name at all, or the name of a folder of zones
        from zoneinfo import available_timezones  # noqa: PLC0415  (as below)

        if available_timezones():
            return _freeze_flaw(
                f"there is no time zone {name!r}: write one such as Europe/Berlin, America/New_York or UTC"
            )
        return _freeze_flaw(
            "this machine has no data of time zones: install them (pip install tzdata, or the system's tzdata)"
        )
    return None


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of this name."""
    from zoneinfo import ZoneInfo  # noqa: PLC0415  (most manifests have no freeze, and are read the sooner)

    return ZoneInfo(name)


def hours_fault(hours: str) -> Flaw | None:
    """Check `hours` that are of the right form."""
    begin, _, end = hours.partition("-")
    same = "begins and ends at the same time: leave hours out for whole days"
    return _freeze_flaw(same) if begin == end else None


def moment_fault(text: str) -> Flaw | None:
    """Check a date that is of the right form."""
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _freeze_flaw("there is no such date or time: correct it")
    return None


def _freeze_flaw(message: str) -> Flaw:
    return Flaw(Kind.FREEZE, message)


def days_in(days: str) -> frozenset[int]:
    """Return the days of the week, Monday as 0; a range may go over the weekend (`fri-mon`)."""
    found: set[int] = set()
    for part in days.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = WEEK.index(first), WEEK.index(last or first)
        found |= {day % 7 for day in range(begin, end + 1 + (7 if end < begin else 0))}
    return frozenset(found)


def hours_in(hours: str) -> tuple[timedelta, timedelta]:
    """Return begin and end from midnight on; the end is in the next day if it is not after the begin."""
    begin, end = (timedelta(hours=int(clock[:2]), minutes=int(clock[3:])) for clock in hours.split("-"))
    return begin, end if end > begin else end + timedelta(days=1)


def since(text: str) -> datetime | None:
    """Return the first moment of a date; None for ""."""
    return datetime.fromisoformat(text) if text else None


def until(text: str) -> datetime | None:
    """Return the moment at which it is over: a date alone counts to its end; None for ""."""
    if not text:
        return None
    return datetime.fromisoformat(text) + (timedelta() if ":" in text else timedelta(days=1))

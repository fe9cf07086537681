"""Times in which a policy lets no apply send anything.

A window begins on each of its days, by the clocks of its zone, and may end on the next day. Where clocks are changed,
a time may come twice or not at all: a window is then the longer of the two that it could be, never the shorter.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from reconciler.model.changes import Check, EnvironmentPlan, Update
from reconciler.model.lists import Freeze

_MOST_WINDOWS = 400  # one after the other; the end of more is not looked for
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def describe_freeze(plan: EnvironmentPlan, freezes: Sequence[Freeze], now: datetime) -> str | None:
    """Say until when and why the plan may not be carried out; None if it may be, or sends nothing anyway."""
    sends = any(isinstance(change, Update | Check) for change in plan.changes)
    words = freeze_in_words(freezes, now) if sends else None
    return words and f"{plan.name}: {words}"


def freeze_in_words(freezes: Sequence[Freeze], now: datetime) -> str | None:
    """Say until when `freezes` hold without a break, and the reason of the first; None if no freeze is on."""
    on = next((freeze for freeze in freezes if _end_of_window(freeze, now)), None)
    return f"frozen until {_end_in_words(freezes, now, on.zone)}: {on.reason}" if on else None


def _end_in_words(freezes: Sequence[Freeze], now: datetime, zone: tzinfo) -> str:
    end = now
    for _ in range(_MOST_WINDOWS):
        ends = [each for freeze in freezes if (each := _end_of_window(freeze, end))]
        if not ends:
            return _moment_in_words(end, zone)
        end = max(ends)
    last = [freeze.until for freeze in freezes if _end_of_window(freeze, end)]
    return f"at least {_moment_in_words(end, zone)}" if all(last) else "further notice"


def _moment_in_words(moment: datetime, zone: tzinfo) -> str:
    local = moment.astimezone(zone)
    return f"{_DAYS[local.weekday()]} {local:%Y-%m-%d %H:%M} ({zone})"


def _end_of_window(freeze: Freeze, now: datetime) -> datetime | None:
    """Return when the window that covers `now` ends; None if there is no such window."""
    today = datetime.combine(now.astimezone(freeze.zone), time())
    for day in (today + timedelta(days=days) for days in (-1, 0, 1)):
        begin = max(min(_instants(freeze, clock)) for clock in (day + freeze.begin, freeze.since) if clock)
        end = min(max(_instants(freeze, clock)) for clock in (day + freeze.end, freeze.until) if clock)
        if day.weekday() in freeze.days and begin <= now < end:
            return end
    return None


def _instants(freeze: Freeze, clock: datetime) -> tuple[datetime, datetime]:
    """Return when the clocks of the zone show `clock`: twice the same, unless they are changed then."""
    first, second = (clock.replace(tzinfo=freeze.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    return first, second

"""When a freeze holds: windows over midnight, dates, and the days on which clocks are changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifest import freeze_times
from reconciler.model.lists import Freeze
from reconciler.planning.build import build
from reconciler.planning.freezes import describe_freeze, freeze_in_words
from tests.planning.worlds import applied, desired, live


def freeze(
    days: str = "mon-sun", hours: str = "00:00-24:00", since: str = "", until: str = "", zone: str = "Europe/Berlin"
) -> Freeze:
    return Freeze(
        "a reason",
        freeze_times.zone_of(zone),
        freeze_times.days_in(days),
        *freeze_times.hours_in(hours),
        freeze_times.since(since),
        freeze_times.until(until),
    )


WEEKEND, NIGHTS, NOON = freeze("sat-sun"), freeze("mon-fri", "18:00-08:00"), freeze(hours="12:00-13:00")
CHRISTMAS = freeze(since="2026-12-20 12:00", until="2027-01-06")


@pytest.mark.parametrize(
    ("freezes", "now", "until"),
    [
        ([], "2026-11-28 12:00+01:00", None),
        ([NOON], "2026-11-28 11:59:59+01:00", None),
        ([NOON], "2026-11-28 12:00+01:00", "Sat 2026-11-28 13:00"),
        ([NOON], "2026-11-28 11:59:59Z", "Sat 2026-11-28 13:00"),
        ([NOON], "2026-11-28 13:00+01:00", None),
        ([NOON], "2026-07-04 10:00Z", "Sat 2026-07-04 13:00"),
        ([WEEKEND], "2026-11-27 23:59+01:00", None),
        ([WEEKEND], "2026-11-28 00:00+01:00", "Mon 2026-11-30 00:00"),
        ([WEEKEND], "2026-11-30 00:00+01:00", None),
        ([NIGHTS], "2026-11-28 07:59+01:00", "Sat 2026-11-28 08:00"),
        ([NIGHTS], "2026-11-29 18:00+01:00", None),
        ([NIGHTS], "2026-11-30 07:59+01:00", None),
        ([NIGHTS], "2026-11-30 18:00+01:00", "Tue 2026-12-01 08:00"),
        ([NIGHTS, WEEKEND], "2026-11-27 18:00+01:00", "Mon 2026-11-30 00:00"),
        ([freeze("fri-mon")], "2026-11-28 12:00+01:00", "Tue 2026-12-01 00:00"),
        ([freeze("wed, sat-sun")], "2026-11-25 12:00+01:00", "Thu 2026-11-26 00:00"),
        ([CHRISTMAS], "2026-12-20 11:59+01:00", None),
        ([CHRISTMAS], "2026-12-20 12:00+01:00", "Thu 2027-01-07 00:00"),
        ([CHRISTMAS], "2027-01-07 00:00+01:00", None),
        ([freeze(until="2026-11-28 12:30", hours="12:00-13:00")], "2026-11-28 12:00+01:00", "Sat 2026-11-28 12:30"),
        # 02:00 to 03:00 is left out on 29 March, and comes twice on 25 October: a window is never the shorter of two
        ([freeze(hours="00:00-02:30")], "2026-03-29 01:29Z", "Sun 2026-03-29 03:30"),
        ([freeze(hours="00:00-02:30")], "2026-03-29 01:30Z", None),
        ([freeze(hours="02:30-05:00")], "2026-03-29 00:29Z", None),
        ([freeze(hours="02:30-05:00")], "2026-03-29 00:30Z", "Sun 2026-03-29 05:00"),
        ([freeze(hours="01:00-02:30")], "2026-10-25 01:29Z", "Sun 2026-10-25 02:30"),
        ([freeze(hours="01:00-02:30")], "2026-10-25 01:30Z", None),
        ([freeze(hours="02:30-05:00")], "2026-10-25 00:29Z", None),
        ([freeze(hours="02:30-05:00")], "2026-10-25 00:30Z", "Sun 2026-10-25 05:00"),
        # where the clocks are changed at midnight, a window may begin in the day before by them
        ([freeze(hours="00:30-06:00", zone="Africa/Cairo")], "2026-04-23 21:30Z", "Fri 2026-04-24 06:00"),
        ([freeze(hours="00:30-06:00", zone="Africa/Cairo")], "2026-04-23 21:29Z", None),
        # the day before is that of the zone, not the one before the date elsewhere
        ([freeze(hours="18:00-17:30", zone="America/Los_Angeles")], "2026-12-01 00:30Z", "Mon 2026-11-30 17:30"),
    ],
)
def test_until_when_it_is_frozen(freezes: list[Freeze], now: str, until: str | None) -> None:
    zone = freezes[0].zone if freezes else None
    said = until and f"frozen until {until} ({zone}): a reason"
    assert freeze_in_words(freezes, datetime.fromisoformat(now)) == said


@given(
    st.sampled_from(["mon-sun", "sat-sun", "fri-mon", "tue, thu"]),
    st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda hours: hours[0] != hours[1]),
    st.integers(1_767_225_600, 1_798_761_600).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
)
def test_without_changes_of_clocks_days_and_hours_are_as_written(
    days: str, hours: tuple[int, int], now: datetime
) -> None:
    begin, end = hours
    on = freeze_times.days_in(days)
    today, yesterday = now.weekday() in on, (now.weekday() - 1) % 7 in on
    frozen = today and begin <= now.hour < (end if end > begin else 24)
    frozen |= end < begin and yesterday and now.hour < end
    said = freeze_in_words([freeze(days, f"{begin:02}:00-{end:02}:00", zone="UTC")], now)
    assert (said is not None) == frozen


def test_the_first_that_is_on_gives_reason_and_zone_and_its_end_is_that_of_all() -> None:
    other = replace(freeze(hours="06:30-10:00", zone="America/New_York"), reason="other")
    now = datetime.fromisoformat("2026-11-28 12:00+01:00")
    assert freeze_in_words([other, NOON], now) == "frozen until Sat 2026-11-28 16:00 (Europe/Berlin): a reason"
    assert freeze_in_words([freeze()], now) == "frozen until further notice: a reason"
    far = freeze(until="2031-12-31")
    assert freeze_in_words([far], now) == "frozen until at least Sun 2028-01-02 00:00 (Europe/Berlin): a reason"
    assert freeze_in_words([far, freeze()], now) == "frozen until further notice: a reason"
    assert freeze_in_words([freeze(until="2027-12-31")], now) == (
        "frozen until Sat 2028-01-01 00:00 (Europe/Berlin): a reason"
    )


def test_only_a_plan_that_may_send_something_is_frozen() -> None:
    now = datetime.fromisoformat("2026-11-28 12:00+01:00")
    wanted = desired({"a": {"name": "A"}})
    frozen = "prod: frozen until Sat 2026-11-28 13:00 (Europe/Berlin): a reason"
    update, check = build(wanted, applied({"a": {"name": "old"}}), None), build(wanted, applied({}), None)
    adopt, nothing = (
        build(wanted, applied({}), live({"a": {"name": "A"}})),
        build(wanted, applied(wanted_short()), None),
    )
    said = [describe_freeze(plan, [NOON], now) for plan in (update, check, adopt, nothing)]
    assert said == [frozen, frozen, None, None]
    assert describe_freeze(update, [], now) is None


def wanted_short() -> dict[str, dict[str, str]]:
    return {"a": {"name": "A"}}

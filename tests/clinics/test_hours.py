"""Weekly hours are read on the clock of the clinic, also when the clocks change."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clinics.rules import WEEK, are_on, next_opening
from app.clinics.views import HoursView

VANCOUVER = ZoneInfo("America/Vancouver")
OFFICE: HoursView = {"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "18:00"}
FRIDAY_NIGHT: HoursView = {"days": ["fri"], "from": "22:00", "to": "06:00"}
clocks = st.times().map(lambda each: f"{each:%H:%M}")
hours = st.fixed_dictionaries(
    {"days": st.lists(st.sampled_from(WEEK), min_size=1, unique=True), "from": clocks, "to": clocks}
)
# Two years, with four changes of the clocks in each of the zones.
instants = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
zones = st.sampled_from(
    [VANCOUVER, ZoneInfo("Europe/Zurich"), ZoneInfo("Australia/Lord_Howe"), ZoneInfo("UTC")]
)


@pytest.mark.parametrize(
    ("local", "open_"),
    [
        ("2026-11-30T07:59", False),
        ("2026-11-30T08:00", True),
        ("2026-11-30T17:59", True),
        ("2026-11-30T18:00", False),
        ("2026-11-29T12:00", False),
    ],
)
def test_hours_include_their_beginning_and_not_their_end(local: str, *, open_: bool) -> None:
    assert are_on([OFFICE], datetime.fromisoformat(local)) == open_


@pytest.mark.parametrize(
    ("local", "on"),
    [
        ("2026-11-27T21:59", False),
        ("2026-11-27T22:00", True),
        ("2026-11-28T05:59", True),
        ("2026-11-28T06:00", False),
        ("2026-11-28T23:00", False),
        ("2026-11-27T05:00", False),
    ],
)
def test_hours_over_night_belong_to_the_day_on_which_they_begin(local: str, *, on: bool) -> None:
    assert are_on([FRIDAY_NIGHT], datetime.fromisoformat(local)) == on


@given(instants, zones, clocks)
def test_hours_that_end_when_they_begin_last_a_whole_day(
    at: datetime, zone: ZoneInfo, clock: str
) -> None:
    always: HoursView = {"days": list(WEEK), "from": clock, "to": clock}
    assert are_on([always], at.astimezone(zone))


@given(instants, zones, clocks, clocks)
def test_day_and_night_share_each_moment_between_them(
    at: datetime, zone: ZoneInfo, begin: str, end: str
) -> None:
    if begin == end:
        return
    day: HoursView = {"days": list(WEEK), "from": begin, "to": end}
    night: HoursView = {"days": list(WEEK), "from": end, "to": begin}
    local = at.astimezone(zone)
    assert are_on([day], local) != are_on([night], local)


@given(instants, zones, st.lists(hours, min_size=1, max_size=3))
def test_the_next_opening_is_later_within_nine_days_and_begins_hours(
    at: datetime, zone: ZoneInfo, listed: list[HoursView]
) -> None:
    opening = next_opening(listed, at, zone)
    assert opening is not None
    assert timedelta() < opening.astimezone(UTC) - at < timedelta(days=9)
    assert f"{opening:%H:%M}" in {each["from"] for each in listed}


@given(instants, zones)
def test_openings_of_every_day_are_about_a_day_apart(at: datetime, zone: ZoneInfo) -> None:
    daily: HoursView = {"days": list(WEEK), "from": "02:30", "to": "03:00"}
    openings = [at]
    for _ in range(3):
        following = next_opening([daily], openings[-1], zone)
        assert following is not None
        openings.append(following.astimezone(UTC))
    gaps = [later - earlier for earlier, later in pairwise(openings[1:])]
    assert all(timedelta(hours=23) <= gap <= timedelta(hours=25) for gap in gaps)


def test_without_hours_there_is_no_opening() -> None:
    assert next_opening([], datetime(2026, 11, 30, tzinfo=UTC), VANCOUVER) is None

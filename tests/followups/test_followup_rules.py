"""The pure rules of follow-ups."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.followups.rules import hours_after, window

VANCOUVER = ZoneInfo("America/Vancouver")
AWARE = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - the zone is drawn beside it
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.sampled_from([VANCOUVER, ZoneInfo("UTC"), ZoneInfo("Asia/Kathmandu")]),
)


@pytest.mark.parametrize(
    ("hours", "name"),
    [
        (0, "early"),
        (17.999, "early"),
        (18, "h24"),
        (35.999, "h24"),
        (36, "h48"),
        (59.999, "h48"),
        (60, "h72"),
        (95.999, "h72"),
        (96, "late"),
        (5000, "late"),
    ],
)
def test_a_window_contains_its_first_hour_and_not_its_last(hours: float, name: str) -> None:
    assert window(hours) == name


def test_hours_are_those_that_passed_and_not_those_of_the_wall_clock() -> None:
    """On 8 March 2026 the clocks in Vancouver went from 2 to 3 in the morning."""
    session_at = datetime(2026, 3, 7, 10, tzinfo=VANCOUVER)
    reported_at = datetime(2026, 3, 8, 10, tzinfo=VANCOUVER)
    assert hours_after(session_at, reported_at) == 23


def test_hours_do_not_depend_on_the_offsets_the_times_came_with() -> None:
    session_at = datetime.fromisoformat("2026-11-20T10:00:00-08:00")
    assert hours_after(session_at, datetime.fromisoformat("2026-11-21T12:00:00Z")) == 18
    assert hours_after(session_at, datetime.fromisoformat("2026-11-21T13:00:00+01:00")) == 18


def test_a_report_made_before_the_session_has_negative_hours() -> None:
    session_at = datetime.fromisoformat("2026-11-20T10:00:00-08:00")
    assert hours_after(session_at, session_at - timedelta(minutes=30)) == -0.5


@given(AWARE, st.integers(0, 60 * 24 * 30))
def test_a_boundary_is_met_to_the_minute_at_any_time_of_day(at: datetime, minutes: int) -> None:
    reported_at = at.astimezone(ZoneInfo("UTC")) + timedelta(minutes=minutes)
    assert hours_after(at, reported_at) == minutes / 60

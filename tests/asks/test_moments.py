"""The moment of a message: outside quiet hours, within its window, and the nearest one."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.asks import rules
from app.asks.rules import SPANS, USUAL_QUIET, Quiet, planned
from app.asks.views import AttemptKind

VANCOUVER = Quiet(USUAL_QUIET, ZoneInfo("America/Vancouver"))
MINUTE = timedelta(minutes=1)
# Zones with changes of an hour, of half an hour, at midnight, and without any.
ZONES = ("America/Vancouver", "Australia/Lord_Howe", "America/Santiago", "Asia/Tokyo", "UTC")
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
quiets = st.builds(
    lambda begin, end, zone: Quiet({"from": begin, "to": end}, ZoneInfo(zone)),
    clocks,
    clocks,
    st.sampled_from(ZONES),
).filter(lambda quiet: quiet.hours["from"] != quiet.hours["to"])
instants = st.integers(0, 730 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + minutes * MINUTE
)
kinds = st.sampled_from(["first", "reminder"])
delays = st.integers(0, 70 * 60).map(lambda minutes: timedelta(minutes=minutes))


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_after_summer_time_has_ended_a_day_later_is_24_real_hours_later() -> None:
    ended_at = instant("2026-10-31T20:30-07:00")
    assert planned("first", ended_at, ended_at, VANCOUVER) == instant("2026-11-01T19:30-08:00")


def test_a_message_that_would_fall_into_the_night_goes_shortly_before_it() -> None:
    ended_at = instant("2027-03-13T21:40-08:00")
    found = planned("first", ended_at, ended_at, VANCOUVER)
    assert found is not None
    before = instant("2027-03-14T21:00-07:00") - found
    assert timedelta() < before <= 2 * rules.LEAD


def test_a_message_goes_after_the_night_where_that_is_nearer() -> None:
    ended_at = instant("2026-06-02T07:00-07:00")
    assert planned("first", ended_at, ended_at, VANCOUVER) == instant("2026-06-03T08:00-07:00")


def test_whoever_signs_late_asks_at_once_while_there_is_time() -> None:
    ended_at = instant("2026-06-02T09:00-07:00")
    at = ended_at + timedelta(hours=30)
    assert planned("first", ended_at, at, VANCOUVER) == at
    assert planned("first", ended_at, ended_at + timedelta(hours=36), VANCOUVER) is None


def test_quiet_hours_may_leave_no_moment() -> None:
    always = Quiet({"from": "12:01", "to": "12:00"}, ZoneInfo("UTC"))
    ended_at = instant("2026-06-02T09:00Z")
    assert planned("first", ended_at, ended_at, always) is None


@pytest.mark.parametrize(
    ("clock", "is_quiet"), [("20:59", False), ("21:00", True), ("08:00", False)]
)
def test_quiet_hours_begin_with_their_first_minute_and_end_before_their_last(
    clock: str, *, is_quiet: bool
) -> None:
    assert VANCOUVER.at(instant(f"2026-06-02T{clock}-07:00")) is is_quiet


@given(kinds, instants, delays, quiets)
def test_no_message_goes_in_quiet_hours_or_outside_its_window(
    kind: AttemptKind, ended_at: datetime, delay: timedelta, quiet: Quiet
) -> None:
    at = ended_at + delay
    moment = planned(kind, ended_at, at, quiet)
    if moment is not None:
        clock = moment.astimezone(quiet.zone).strftime("%H:%M")
        begin, end = quiet.hours["from"], quiet.hours["to"]
        is_quiet = begin <= clock < end if begin < end else not end <= clock < begin
        assert not is_quiet
        hours = (moment.timestamp() - ended_at.timestamp()) / 3600
        assert (18 <= hours < 36) if kind == "first" else (36 <= hours < 60)
        assert moment >= at
        assert rules.is_within(kind, ended_at, moment)


@given(kinds, instants, delays, quiets)
def test_no_other_minute_is_nearer(
    kind: AttemptKind, ended_at: datetime, delay: timedelta, quiet: Quiet
) -> None:
    at, span = ended_at + delay, SPANS[kind]
    aim = ended_at + span.aim
    begin, end = max(ended_at + span.begin, at), ended_at + span.end
    anchor = max(begin, aim)
    minutes = [anchor + n * MINUTE for n in range(-24 * 60, 24 * 60)]
    good = [each for each in minutes if begin <= each < end and quiet.suits(each)]
    nearest = min(good, key=lambda each: (abs(each - anchor), each), default=None)
    assert planned(kind, ended_at, at, quiet) == nearest

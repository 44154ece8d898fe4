"""A record is never due for erasure before the legal time, whatever the calendar."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.retention.rules import erasable_on

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
YEARS = st.integers(1, 100)
MAJORITY = st.integers(0, 30)


def anniversary_reached(start: date, years: int, day: date) -> bool:
    """Whether so many years have passed, computed only from months and days."""
    return (day.year - start.year, day.month, day.day) >= (years, start.month, start.day)


@given(last=DAYS, born=DAYS | st.none(), years=YEARS, majority=MAJORITY)
def test_the_retention_period_has_passed_since_the_contact_and_since_majority(
    last: date, born: date | None, years: int, majority: int
) -> None:
    due = erasable_on(last, born, years, majority)
    assert anniversary_reached(last, years, due)
    assert anniversary_reached(born or last, years + majority, due)


@given(last=DAYS, born=DAYS | st.none(), years=YEARS, majority=MAJORITY)
def test_on_the_day_before_one_of_the_two_periods_still_runs(
    last: date, born: date | None, years: int, majority: int
) -> None:
    eve = erasable_on(last, born, years, majority) - timedelta(days=1)
    assert not (
        anniversary_reached(last, years, eve)
        and anniversary_reached(born or last, years + majority, eve)
    ) or leap(born or last)


def leap(day: date) -> bool:
    """Whether a birthday on this day may be moved to 1 March, which adds a day."""
    return (day.month, day.day) == (2, 29)


@given(last=DAYS, years=YEARS, majority=MAJORITY, born=DAYS)
def test_not_knowing_the_birth_date_never_makes_it_earlier(
    last: date, years: int, majority: int, born: date
) -> None:
    unknown = erasable_on(last, None, years, majority)
    assert unknown >= erasable_on(last, min(born, last), years, majority)


@given(last=DAYS, born=DAYS, years=YEARS, majority=MAJORITY, later=st.integers(0, 9_000))
def test_a_later_contact_or_more_years_never_make_it_earlier(
    last: date, born: date, years: int, majority: int, later: int
) -> None:
    due = erasable_on(last, born, years, majority)
    assert erasable_on(last + timedelta(days=later), born, years, majority) >= due
    assert erasable_on(last, born, years + 1, majority) > due
    assert erasable_on(last, born, years, majority + 1) >= due


@pytest.mark.parametrize(
    ("last", "born", "years", "majority", "due"),
    [
        ("2020-05-10", "1970-01-01", 10, 18, "2030-05-10"),
        ("2020-02-29", "1970-01-01", 1, 18, "2021-03-01"),
        ("2020-02-29", "1970-01-01", 4, 18, "2024-02-29"),
        ("2020-05-10", "2010-06-01", 10, 18, "2038-06-01"),  # of age in 2028
        ("2028-06-01", "2010-06-01", 10, 18, "2038-06-01"),  # visited on that day
        ("2028-06-02", "2010-06-01", 10, 18, "2038-06-02"),
        ("2020-05-10", "2012-02-29", 10, 18, "2040-03-01"),  # of age on 1 March 2030
        ("2020-05-10", None, 10, 18, "2048-05-10"),  # perhaps a newborn
        ("2020-05-10", None, 10, 0, "2030-05-10"),
    ],
)
def test_known_answers(last: str, born: str | None, years: int, majority: int, due: str) -> None:
    birth_date = date.fromisoformat(born) if born else None
    found = erasable_on(date.fromisoformat(last), birth_date, years, majority)
    assert found == date.fromisoformat(due)

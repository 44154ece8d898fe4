"""A birth date that is known in part is kept as such, and never becomes a made-up day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.clock import first_day
from app.patients.rules import birth_dates as rules
from app.web.console.chart import age
from tests.ground import Api
from tests.records.bodies import faults

KNOWN = ("1933", "1933-05", "1933-05-17")


@pytest.mark.parametrize("born", KNOWN)
def test_it_is_kept_with_its_precision(api: Api, born: str) -> None:
    patient = api.patient(given_name="An", birth_date=born)
    assert patient["birth_date"] == born
    assert api.get(f"/v1/patients/{patient['id']}").json() == patient
    changed = api.change(patient, "/v1/patients", given_name="Ann")
    assert changed["birth_date"] == born
    assert born in api.get("/v1/exports/patients.csv").text.split("\r\n")[-2].split(",")


@pytest.mark.parametrize(
    "born",
    [
        *("", "33", "193", "19330517", "1933-5", "1933-13", "1933-00", "1933-02-30", "1933-05-"),
        *("1933-", "1933-5-17", "1933/05", "-1933", "577065600", "1933-05-17T00:00:00Z", "1933\n"),
    ],
)
def test_another_text_is_refused(api: Api, born: str) -> None:
    answer = api.post("/v1/patients", {"birth_date": born})
    assert faults(answer) == {"/birth_date": "date_parsing"}
    detail = answer.json()["errors"][0]["detail"]
    is_written_well = born in {"1933-13", "1933-00", "1933-02-30"}
    assert ("The calendar has no such day." if is_written_well else "such as 1988-04-12") in detail


@pytest.mark.parametrize(
    ("born", "code"),
    [("1899", "year_out_of_range"), ("2200", "year_out_of_range"), ("2199-01", "in_the_future")],
)
def test_a_year_out_of_range_or_in_the_future_is_refused(api: Api, born: str, code: str) -> None:
    assert faults(api.post("/v1/patients", {"birth_date": born})) == {"/birth_date": code}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("1933-05-17", KNOWN),
        ("1933-05-18", ("1933", "1933-05")),
        ("1933-06-17", ("1933",)),
        ("1933-05", KNOWN),
        ("1933-06", ("1933",)),
        ("1933", KNOWN),
        ("1934", ()),
    ],
)
def test_a_search_finds_what_covers_the_date_or_lies_within(
    api: Api, asked: str, found: tuple[str, ...]
) -> None:
    for born in (*KNOWN, None):
        api.patient(birth_date=born)
    api.patient(birth_date="1932-12-31")
    items = api.post("/v1/patients/search?limit=200", {"birth_date": asked}).json()["items"]
    assert sorted(patient["birth_date"] for patient in items) == sorted(found)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_lies_between_the_first_and_the_last_of_what_is_known(day: date) -> None:
    for length in (4, 7, 10):
        known = day.isoformat()[:length]
        rules.check_birth_date(known)
        first, last = first_day(known), rules.last_day(known)
        assert first <= day <= last
        assert known in rules.covering(day.isoformat())
        for other in (first - timedelta(days=1), last + timedelta(days=1)):
            assert other.isoformat()[:length] != known


@pytest.mark.parametrize(
    ("born", "years"),
    [("1933", "92 to 93"), ("1933-11", "92 to 93"), ("1933-05", "93"), ("1933-11-21", "92")],
)
def test_an_age_is_a_range_where_the_date_is_known_in_part(born: str, years: str) -> None:
    assert age(born, date(2026, 11, 20)) == years

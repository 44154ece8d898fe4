"""The strict reader of JSON and instants, and the places of faults."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.core.db.tables import at_offset, minutes_east
from app.core.values.faults import pointer
from app.core.values.problems import Invalid
from app.core.values.wire import Day, Moment, decode, faults

MOMENT = TypeAdapter[datetime](Moment)
DAY = TypeAdapter(Day)


def codes(adapter: TypeAdapter[Any], value: object) -> list[str]:
    """Return the codes of a value's faults."""
    with pytest.raises(ValidationError) as refused:
        adapter.validate_json(f'"{value}"')
    return [fault.code for fault in faults(refused.value)]


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T10:00:00Z",
        "2026-11-20t10:00:00z",
        "2026-11-20T10:00:00-08:00",
        "2026-11-20T10:00:00+05:45",
        "2026-11-20T10:00:00.1+14:00",
        "2026-11-20T10:00:00.123456-23:59",
        "2026-11-20T10:00:00-00:00",
        "1900-01-01T00:00:00+14:00",
        "2199-12-31T23:59:59.999999-12:00",
        "2024-02-29T00:00:00Z",
    ],
)
def test_an_instant_with_an_offset_is_read(written: str) -> None:
    expected = datetime.fromisoformat(written.upper())
    read = MOMENT.validate_json(f'"{written}"')
    assert read == expected
    assert read.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("2026-11-20T10:00:00", "timezone_aware"),
        ("2026-11-20 10:00:00", "timezone_aware"),
        ("2026-11-20T10:00", "timezone_aware"),
        ("2026-11-20", "datetime_parsing"),
        ("1763632800", "datetime_parsing"),
        ("", "datetime_parsing"),
        ("2026-11-20T10:00:00.1234567Z", "datetime_parsing"),
        ("2026-11-20T10:00Z", "datetime_parsing"),
        ("2026-11-20T10:00:00 Z", "datetime_parsing"),
        ("2026-11-20T10:00:00+0800", "datetime_parsing"),
        ("2026-11-20T10:00:00 UTC", "datetime_parsing"),
        ("\u0662026-11-20T10:00:00Z", "datetime_parsing"),
        ("2026-13-20T10:00:00Z", "datetime_from_date_parsing"),
        ("2026-02-29T10:00:00Z", "datetime_from_date_parsing"),
        ("2026-11-20T25:00:00Z", "datetime_from_date_parsing"),
        ("2026-11-20T10:00:60Z", "datetime_from_date_parsing"),
        ("2026-11-20T10:00:00+24:00", "datetime_from_date_parsing"),
        ("1899-12-31T23:59:59Z", "year_out_of_range"),
        ("2200-01-01T00:00:00Z", "year_out_of_range"),
    ],
)
def test_an_invalid_instant_is_refused(written: str, code: str) -> None:
    assert codes(MOMENT, written) == [code]


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2198, 1, 1)),  # noqa: DTZ001 - the offset comes below
    st.integers(0, 18),
)
def test_zeros_past_a_microsecond_lose_nothing(local: datetime, zeros: int) -> None:
    written = f"{local.isoformat(timespec='microseconds')}{'0' * zeros}+05:45"
    assert MOMENT.validate_json(f'"{written}"').replace(tzinfo=None) == local


@pytest.mark.parametrize("digits", ["1234567", "0000001", "12345600000001", "000000x", "0" * 40])
def test_digits_that_would_be_lost_are_refused(digits: str) -> None:
    assert codes(MOMENT, f"2026-11-20T10:00:00.{digits}Z") == ["datetime_parsing"]


@pytest.mark.parametrize("value", ["1763632800", "1e9", "true", "null", "[]", "{}"])
def test_an_instant_is_text(value: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_json(value)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert DAY.validate_json(f'"{day}"') == DAY.validate_python(day) == day


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("1899-12-31", "year_out_of_range"),
        ("2200-01-01", "year_out_of_range"),
        ("2026-02-29", "date_parsing"),
        ("2026-13-01", "date_parsing"),
        *[
            (written, "date_parsing")
            for written in (
                *("", "x", "2026-1-1", "2026-11-2", "26-11-20", "20261120", "1763596800", "0"),
                *("-86400", "1763596800000", "1.7e9", "2026", "2026-11", "2026/11/20"),
                *("20.11.2026", "2026-11-20T00:00:00Z", "2026-11-20T00:00:00", " 2026-11-20"),
                *("2026-11-20 ", "2026-W47-5", "2026-324", "+2026-11-20", "\u06622026-11-2"),
            )
        ],
    ],
)
def test_an_invalid_day_is_refused(written: str, code: str) -> None:
    assert codes(DAY, written) == [code]


@given(st.integers() | st.from_regex(r"[0-9.eE+-]{1,20}", fullmatch=True))
def test_digits_are_no_day(written: int | str) -> None:
    try:
        day = DAY.validate_json(f'"{written}"')
    except ValidationError:
        return
    assert day.isoformat() == written


@pytest.mark.parametrize("value", ["1763596800", "0", "1e9", "true", "null", "[]", "{}"])
def test_a_day_is_text(value: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_json(value)


@given(
    st.datetimes(datetime(1901, 1, 1), datetime(2198, 1, 1)),  # noqa: DTZ001 - the offset comes below
    st.integers(-1439, 1439),
)
def test_any_offset_is_returned_as_it_was_sent(local: datetime, minutes: int) -> None:
    sent = local.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    kept = at_offset(sent.astimezone(UTC), minutes_east(sent))
    assert kept.isoformat() == sent.isoformat()


@given(st.lists(st.text() | st.integers(0, 99)))
def test_a_pointer_leads_back_to_its_steps(steps: list[str | int]) -> None:
    found = pointer(*steps).split("/")[1:]
    assert [s.replace("~1", "/").replace("~0", "~") for s in found] == [str(s) for s in steps]


@pytest.mark.parametrize("deep", [202, 2_000, 1_000_000])
def test_deep_nesting_is_refused(deep: int) -> None:
    with pytest.raises(Invalid):
        decode(b"[" * deep + b"]" * deep)


def test_a_refusal_never_repeats_what_was_sent() -> None:
    for raw in (b'{"Ana N\xc3\xba": 1, "Ana N\xc3\xba": 2}', b'{"x": "Ana\\u0000"}', b'"Ana'):
        with pytest.raises(Invalid) as refused:
            decode(raw)
        assert "Ana" not in repr(refused.value.content("r"))


@pytest.mark.parametrize(
    ("raw", "places"),
    [
        (b'{"a": "\\u0000"}', ["/a"]),
        (b'{"a": [{"b/c": "x\\u0000"}, "\\u0000"]}', ["/a/0/b~1c", "/a/1"]),
        (b'{"\\u0000": 1}', [""]),
        (b'"\\u0000"', [""]),
        (b'{"a": 1e999, "b": [-1E+999, 1e99], "c": 1e300}', ["/a", "/b/0"]),
        (b'{"a": "1e999 \\u0000"}', ["/a"]),
        (b'{"a": %s.0}' % (b"9" * 400), ["/a"]),
    ],
)
def test_every_value_that_cannot_be_stored_is_found(raw: bytes, places: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        decode(raw)
    assert [error["pointer"] for error in refused.value.members["errors"]] == places


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert decode(b'{"a": "\\\\u0000"}') == {"a": "\\u0000"}

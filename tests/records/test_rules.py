"""The rules of records other than sessions that span several fields, one by one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.values.clock import clinic_day
from app.core.values.faults import check_distinct
from app.episodes import rules as episodes
from app.patients.rules import birth_dates
from app.practitioners import rules as practitioners
from app.practitioners.views import CredentialView
from app.safety import rules as safety
from tests.records.breaking import broken

T0 = datetime(2026, 11, 1, 10, tzinfo=UTC)
T1 = T0 + timedelta(microseconds=1)
DAY, NEXT = date(2026, 11, 1), date(2026, 11, 2)


@pytest.mark.parametrize(
    ("rule", "values", "code"),
    [
        (episodes.check_closed, ("finished", T0), None),
        (episodes.check_closed, ("active", None), None),
        (episodes.check_closed, ("finished", None), "closed_at_missing"),
        (episodes.check_closed, ("active", T0), "still_active"),
        (episodes.check_order, (T0, T0), None),
        (episodes.check_order, (T0, T1), None),
        (episodes.check_order, (T0, None), None),
        (episodes.check_order, (None, None), None),
        (episodes.check_order, (T1, T0), "closed_before_opened"),
        (episodes.check_order, (None, T0), "opened_at_missing"),
        (practitioners.check_validity, (DAY, DAY), None),
        (practitioners.check_validity, (DAY, None), None),
        (practitioners.check_validity, (NEXT, DAY), "ends_before_it_begins"),
        (safety.check_withdrawn, ("withdrawn", T0), None),
        (safety.check_withdrawn, ("given", None), None),
        (safety.check_withdrawn, ("refused", None), None),
        (safety.check_withdrawn, ("withdrawn", None), "withdrawn_at_missing"),
        (safety.check_withdrawn, ("given", T0), "not_withdrawn"),
        (safety.check_withdrawn, ("refused", T0), "not_withdrawn"),
        (safety.check_not_before, (T0, T0), None),
        (safety.check_not_before, (T1, T0), None),
        (safety.check_not_before, (None, T0), None),
        (safety.check_not_before, (T0, None), None),
        (safety.check_not_before, (T0, T1), "out_of_order"),
        (check_distinct, ([],), None),
        (check_distinct, (["a", "b"],), None),
        (check_distinct, (["a", "b", "a"],), "repeated"),
    ],
)
def test_each_rule_accepts_and_refuses(
    rule: Callable[..., None], values: tuple[Any, ...], code: str | None
) -> None:
    assert broken(rule, *values) == code


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "holds"),
    [
        (date(2026, 11, 1), date(2026, 11, 1), True),
        (date(2019, 1, 1), None, True),
        (date(2026, 11, 2), None, False),
        (date(2019, 1, 1), date(2026, 10, 31), False),
    ],
)
def test_a_credential_is_valid_from_its_first_day_to_its_last(
    valid_from: date, valid_to: date | None, *, holds: bool
) -> None:
    credential: CredentialView = {
        "kind": "gunn_ims",
        "body": "Example College",
        "number": "IMS-41",
        "valid_from": valid_from,
        "valid_to": valid_to,
    }
    assert practitioners.holds_on(credential, DAY) is holds


@pytest.mark.parametrize(
    ("rule", "given", "codes"),
    [
        (birth_dates.birth_faults, (DAY.isoformat(), DAY), []),
        (birth_dates.birth_faults, (None, DAY), []),
        (birth_dates.birth_faults, (NEXT.isoformat(), DAY), ["in_the_future"]),
        (safety.validity_faults, (DAY, DAY), []),
        (safety.validity_faults, (None, DAY), []),
        (safety.validity_faults, (DAY, NEXT), ["out_of_order"]),
    ],
)
def test_a_rule_about_days_yields_its_faults(rule: Any, given: Any, codes: list[str]) -> None:
    assert [fault.code for fault in rule(*given)] == codes


@given(st.datetimes(timezones=st.timezones()), st.timezones())
def test_the_day_of_an_instant_does_not_depend_on_its_offset(at: datetime, zone: ZoneInfo) -> None:
    for offset in (UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))):
        try:
            respelt = at.astimezone(offset)
        except OverflowError:
            return
        assert clinic_day(respelt, zone) == clinic_day(at.astimezone(UTC), zone)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("America/Vancouver", "2026-11-01"), ("UTC", "2026-11-02"), ("Asia/Tokyo", "2026-11-02")],
)
def test_the_time_zone_decides_the_day(zone: str, day: str) -> None:
    at = datetime.fromisoformat("2026-11-01T20:30:00-08:00")
    assert clinic_day(at, ZoneInfo(zone)).isoformat() == day

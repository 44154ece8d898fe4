"""Promises of the responder status: when an important improvement began, and when it ended."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.rules.history import Json, Scale
from app.progress.rules.measures import measures
from app.progress.rules.responder import least_important_gain
from app.progress.rules.verdict import Criteria
from tests.progress.facts import scale, series, week


def state_of(values: list[float], on: Scale) -> Json | None:
    shown: Json | None = measures([series(values, on)])[0]["responder"]
    return shown


@pytest.mark.parametrize(
    ("values", "state", "since", "first_at"),
    [
        ([7, 6, 5, 4], "responding", week(2), week(2)),
        ([7, 5, 6, 5, 3], "responding", week(3), week(1)),
        ([7, 4, 6, 7], "lost", week(2), week(1)),
        ([7, 6, 7, 8], "not_yet", None, None),
    ],
)
def test_a_response_has_the_date_of_its_first_value(
    values: list[float], state: str, since: datetime | None, first_at: datetime | None
) -> None:
    expected = {"state": state, "since": since, "first_at": first_at}
    assert state_of(values, scale(mcid=2)) == expected


def test_an_improvement_within_the_error_of_measurement_is_no_response() -> None:
    shown = state_of([7, 4], scale(mdc=4, mcid=2))
    assert shown is not None
    assert shown["state"] == "not_yet"


def test_there_is_no_responder_status_without_an_mcid_or_a_later_value() -> None:
    assert state_of([7, 1], scale(mdc=4)) is None
    assert state_of([7], scale(mcid=2)) is None


def test_a_rating_of_change_starts_from_no_change() -> None:
    rating = scale(mcid=3)._replace(better="higher", rates_change=True)
    shown = measures([series([4, 5], rating)])[0]
    assert shown["baseline"] == {"value": 0, "n": 0, "at": None, "last": None}
    assert (shown["change"], shown["change_percent"]) == (5, None)
    assert shown["verdict"] == "improved_important"
    assert shown["responder"] == {"state": "responding", "since": week(1), "first_at": week(1)}


@given(st.none() | st.floats(0.1, 20), st.floats(0.1, 20), st.floats(-30, 30))
def test_a_gain_is_a_response_if_its_verdict_is_an_important_improvement(
    mdc: float | None, mcid: float, gain: float
) -> None:
    criteria = Criteria("higher", mdc, mcid)
    assert (gain >= least_important_gain(criteria)) == (
        criteria.verdict(gain) == "improved_important"
    )

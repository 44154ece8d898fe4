"""Promises of confirmation: when an important change is held, and when it is lost."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.rules.history import Json, Scale
from app.progress.rules.measures import measures
from app.progress.rules.responder import Day, holding, is_provisional, responder
from app.progress.rules.verdict import Criteria
from tests.progress.facts import collected, outside, reading, scale, series, week, weekly

PAIN = scale(mdc=2, mcid=2)
CRITERIA = Criteria("higher", 2, 2)
GAINS = st.lists(st.sampled_from([-3.0, -2, -1, 0, 1, 2, 3]), max_size=12)


def shown(values: list[float], on: Scale = PAIN) -> Json:
    return measures([series(values, on)])[0]


def state_of(values: list[float], on: Scale = PAIN) -> Json | None:
    found: Json | None = shown(values, on)["responder"]
    return found


def days(gains: list[float]) -> list[Day]:
    start = datetime(2026, 2, 2, tzinfo=UTC)
    return [Day(start + timedelta(days=number), gain) for number, gain in enumerate(gains)]


@pytest.mark.parametrize(
    ("values", "state", "since", "first_at"),
    [
        ([7, 4], "not_yet", None, None),
        ([7, 6, 5, 4], "held", week(2), week(2)),
        ([7, 5, 6, 5, 6], "not_yet", None, None),
        ([7, 5, 6, 5, 3], "held", week(3), week(3)),
        ([7, 4, 5, 6], "wavering", week(1), week(1)),
        ([7, 4, 5, 6, 5], "held", week(1), week(1)),
        ([7, 4, 4, 6, 7], "lost", week(3), week(1)),
        ([7, 4, 4, 6, 7, 4], "lost", week(3), week(1)),
        ([7, 4, 4, 6, 7, 4, 5], "held", week(5), week(1)),
        ([7, 6, 7, 8], "not_yet", None, None),
    ],
)
def test_an_improvement_is_held_from_two_values_in_a_row_until_two_in_a_row_lose_it(
    values: list[float], state: str, since: datetime | None, first_at: datetime | None
) -> None:
    assert state_of(values) == {"state": state, "since": since, "first_at": first_at}


def test_values_of_one_clinic_day_are_one_and_confirm_nothing() -> None:
    same_day = [reading(0, 7), outside(1, 4), outside(1.01, 4)]
    found = collected(weekly(1), same_day, {"nprs": PAIN})
    [measure] = measures(found)
    assert (measure["verdict"], measure["provisional"]) == ("improved_important", True)
    assert measure["responder"]["state"] == "not_yet"
    again = collected(weekly(1), [*same_day, outside(1.2, 5)], {"nprs": PAIN})
    assert measures(again)[0]["responder"]["state"] == "held"


def test_a_missing_value_is_skipped_and_a_value_outside_a_session_confirms() -> None:
    readings = [reading(0, 7), reading(2, 4), outside(5.5, 5)]
    [measure] = measures(collected(weekly(6), readings, {"nprs": PAIN}))
    assert measure["responder"] == {"state": "held", "since": week(2), "first_at": week(2)}
    assert measure["provisional"] is False


def test_an_important_change_is_provisional_until_it_is_held() -> None:
    assert shown([7, 3])["provisional"] is True
    assert shown([7, 3, 3])["provisional"] is False
    assert shown([7, 3, 3, 6, 3])["provisional"] is False
    assert shown([7, 3, 3, 6, 6, 3])["provisional"] is True
    assert shown([3, 7])["provisional"] is True
    assert shown([3, 7, 6])["provisional"] is False
    assert shown([3, 7, 4])["provisional"] is False
    assert shown([3, 1, 6])["provisional"] is True


@given(GAINS)
def test_a_worsening_is_confirmed_by_the_rule_of_an_improvement(gains: list[float]) -> None:
    mirrored = days([-gain for gain in gains])
    assert is_provisional(CRITERIA, days(gains), worse=False) == is_provisional(
        CRITERIA, mirrored, worse=True
    )


@given(st.lists(st.booleans(), max_size=14))
def test_one_value_alone_changes_nothing(reached: list[bool]) -> None:
    """A value that differs from both of its neighbours neither begins a hold nor ends one."""
    for index in range(1, len(reached) - 1):
        before, now, after = reached[index - 1 : index + 2]
        if before == after != now:
            state = holding(reached[: index + 2])
            assert state.is_held == holding(reached[: index + 1]).is_held


@given(GAINS)
def test_a_state_agrees_with_the_last_two_days(gains: list[float]) -> None:
    found = responder(CRITERIA, days(gains), has_room=True)
    if len(gains) < 2:
        assert found is None or found["state"] == "not_yet"
        return
    assert found is not None
    last = [gain >= 2 for gain in gains[-2:]]
    if last == [True, True]:
        assert found["state"] == "held"
    if last == [False, False]:
        assert found["state"] in {"lost", "not_yet"}
    if last == [True, False]:
        assert found["state"] in {"wavering", "lost", "not_yet"}
    assert (found["since"] is None) == (found["state"] == "not_yet") == (found["first_at"] is None)


def test_an_improvement_within_the_error_of_measurement_is_not_held() -> None:
    found = state_of([7, 4, 4], scale(mdc=4, mcid=2))
    assert found is not None
    assert found["state"] == "not_yet"


def test_where_the_scale_has_no_room_it_says_so() -> None:
    found = state_of([3, 0, 0], scale(mdc=4, mcid=1.5)._replace(best=0, worst=10))
    assert found == {"state": "no_room", "since": None, "first_at": None}


def test_there_is_no_state_without_both_thresholds_or_a_later_value() -> None:
    assert state_of([7, 1, 1], scale(mdc=4)) is None
    assert state_of([7, 1, 1], scale(mcid=2)) is None
    assert state_of([7]) is None


def test_a_rating_of_change_starts_from_no_change() -> None:
    rating = scale(mdc=2, mcid=3)._replace(better="higher", rates_change=True)
    measure = shown([9, 4, 5], rating)
    assert measure["baseline"] == {"value": 0, "n": 0, "at": None, "last": None}
    assert (measure["change"], measure["change_percent"]) == (5, None)
    assert (measure["verdict"], measure["provisional"]) == ("improved_important", False)
    assert measure["responder"] == {"state": "held", "since": week(1), "first_at": week(1)}

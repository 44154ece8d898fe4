"""Promises of how figures are written."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.rules.history import Json
from app.progress.rules.measures import measures
from app.progress.rules.wording import (
    MINUS,
    NO_ROOM,
    NOTHING,
    TOO_FEW,
    WITHIN_ERROR,
    cautions,
    change_words,
    counted_slope,
    flag_words,
    held_words,
    number,
    p_value,
    per_week,
    released_words,
    signed,
    verdict_words,
)
from tests.progress.facts import collected, outside, reading, scale, series, weekly

NECK = scale(mdc=4, mcid=1.5)._replace(best=0, worst=10)
"""Pain of the neck (Kovacs et al. 2008)."""


def shown(*values: float, **on: Any) -> Json:
    return measures([series(values, NECK._replace(**on))])[0]


def day(at: Any) -> str:
    return f"{at:%d %b}"


def test_a_change_has_its_sign_and_nothing_has_none() -> None:
    assert [signed(value) for value in (1.5, 0, -4.0)] == ["+1.5", "0", f"{MINUS}4"]
    assert number(-2.5) == f"{MINUS}2.5"
    assert [number(None), per_week(None), p_value(None)] == [NOTHING] * 3


def test_a_slope_that_rounds_to_nothing_has_no_sign() -> None:
    assert [per_week(slope) for slope in (0.666, -0.004, -0.666)] == ["+0.67", "0", f"{MINUS}0.67"]


def test_no_p_is_written_as_nought() -> None:
    assert [p_value(p) for p in (1.0, 0.0123, 0.001, 0.00099)] == [
        "1.000",
        "0.012",
        "0.001",
        "< 0.001",
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ((7, 3), "an important improvement, one value after the start, not yet confirmed"),
        ((7, 3, 3), "an important improvement"),
        ((7, 6, 3), "an important improvement, not yet confirmed"),
        ((3, 7), "an important worsening, one value after the start, not yet confirmed"),
        ((3, 7, 8), "an important worsening"),
        ((7, 4), WITHIN_ERROR),
        ((3, 6.9), WITHIN_ERROR),
        ((7, 6), "no worthwhile change"),
        ((7,), "too little is known to judge a change"),
        ((3, 1), f"{WITHIN_ERROR}; {NO_ROOM}"),
        ((3, 2), f"an important improvement: {NO_ROOM}"),
        ((9, 10), f"an important worsening: {NO_ROOM}"),
        ((9, 8), "no worthwhile change"),
    ],
)
def test_a_verdict_in_words_says_what_is_not_confirmed_and_what_has_no_room(
    values: tuple[float, ...], words: str
) -> None:
    assert verdict_words(shown(*values)) == words


def test_without_an_mdc_a_change_may_always_be_measurement_error() -> None:
    unknown = scale(mcid=2).thresholds
    better = verdict_words(shown(9, 2, thresholds=unknown))
    assert better == "an improvement that may be measurement error: no MDC is known"
    worse = verdict_words(shown(2, 9, thresholds=unknown))
    assert worse == "a worsening that may be measurement error: no MDC is known"


def test_without_an_mcid_a_real_change_is_not_called_an_improvement() -> None:
    only = scale(mdc=2).thresholds
    words = "by more than measurement error; whether it matters is not known"
    assert verdict_words(shown(9, 2, thresholds=only)) == f"better {words}"
    assert verdict_words(shown(2, 9, thresholds=only)) == f"worse {words}"


def test_a_change_is_never_written_without_its_number_of_values() -> None:
    assert change_words(shown(7, 3)) == f"7 to 3, changed by {MINUS}4 ({MINUS}57.1 %), n = 2"
    assert change_words(shown(0, 3)) == "0 to 3, changed by +3, n = 2"
    assert change_words(shown(7)) == "7; no later value to compare with yet"
    assert counted_slope(shown(7, 6, 5, 4, 3)["trend"]) == f"{MINUS}1, n = 5"
    assert counted_slope(None) == NOTHING


def test_below_five_values_it_says_what_may_not_be_concluded_and_shows_no_slope() -> None:
    for few in ((7,), (7, 3), (7, 6, 5, 4)):
        assert counted_slope(shown(*few)["trend"]) == NOTHING
    assert cautions(shown(7, 6, 5, 4)) == [TOO_FEW]
    assert cautions(shown(7, 6, 5, 4, 3)) == []
    assert cautions(shown(7)) == []


def test_where_the_last_value_before_it_gives_another_verdict_both_are_named() -> None:
    readings = [outside(-1, 9), reading(0, 5), reading(1, 3)]
    [found] = measures(collected(weekly(2), readings, {"nprs": NECK}))
    assert (found["verdict"], found["verdict_from_last"]) == (
        "improved_important",
        "improved_uncertain",
    )
    words = verdict_words(found)
    assert words.startswith("an important improvement")
    assert words.endswith(f"; from the last value of the baseline: {WITHIN_ERROR}")
    assert shown(7, 3)["verdict_from_last"] is None


def test_a_held_improvement_is_dated_and_implies_no_cause() -> None:
    start = "important improvement"
    assert held_words(shown(8, 4, 3), day) == f"{start} held since 09 Feb"
    wavering = held_words(shown(8, 4, 3, 5), day)
    assert wavering == f"{start} held since 09 Feb, but not by the last value"
    assert held_words(shown(8, 4, 3, 6, 7), day) == f"{start} no longer held since 23 Feb"
    assert held_words(shown(8, 4), day) is None
    assert held_words(shown(8), day) is None


def test_a_flag_in_words_says_when_it_was_over() -> None:
    flag = {"code": "recurrence", "episode_id": None, "since": "2 May", "over": None}
    words = "Worse again than a level that was held, since 2 May"
    assert flag_words(flag, str) == words
    assert flag_words(flag | {"over": "9 May"}, str) == f"{words}; over on 9 May"
    assert flag_words(flag | {"code": "plateau"}, str) == (
        "No further improvement over six values, since 2 May"
    )
    assert flag_words(flag | {"episode_id": "second", "days_after": 12}, str) == (
        "A new episode of this region, 12 days later, on 2 May"
    )


@given(
    st.lists(st.integers(0, 10), min_size=1, max_size=9),
    st.sampled_from([NECK, scale(mcid=2), scale(mdc=2), scale(mdc=2, mcid=2)]),
)
def test_no_words_call_a_change_within_the_error_an_improvement(values: list[int], on: Any) -> None:
    on = on._replace(best=0, worst=10)
    measure = measures([series([float(value) for value in values], on)])[0]
    words = verdict_words(measure)
    if measure["exceeds_mdc"] is False and measure["verdict"].endswith("_uncertain"):
        assert words.startswith(WITHIN_ERROR)
    if measure["reachable"]["improved"] is False:
        assert "no worthwhile change" not in words


def test_a_release_that_nobody_recorded_is_never_counted_as_none() -> None:
    def said(treated: int, *counts: int) -> str:
        names = ("released_complete", "released_partial", "not_released")
        return released_words({"treated": treated, **dict(zip(names, counts, strict=True))})

    assert said(1, 0, 0, 0) == "release not recorded"
    assert said(2, 0, 0, 1) == "released in 0 of 1, not recorded in 1"
    assert said(3, 1, 1, 1) == "released in 1 of 3"

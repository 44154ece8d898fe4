"""Promises of the verdict on a change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.progress.rules.history import Scale
from app.progress.rules.verdict import Criteria
from tests.progress.facts import scale

FIGURES = st.none() | st.floats(0.1, 20)
MIRRORED = {
    "improved_important": "worse",
    "improved_uncertain": "worse_uncertain",
    "stable": "stable",
    "insufficient": "insufficient",
}


@pytest.mark.parametrize(
    ("mdc", "mcid", "gain", "verdict"),
    [
        (2, 3, 3, "improved_important"),
        (3, 2, 3, "improved_important"),
        (None, 2, 2, "improved_uncertain"),
        (None, 2, 9, "improved_uncertain"),
        (3, 2, 2.9, "improved_uncertain"),
        (3, None, 3, "improved_uncertain"),
        (2, 3, 2.9, "stable"),
        (3, None, 2.9, "stable"),
        (None, 2, 1.9, "stable"),
        (2, 3, 0, "stable"),
        (None, None, 5, "insufficient"),
    ],
)
def test_a_verdict_follows_from_what_is_real_and_what_is_worthwhile(
    mdc: float | None, mcid: float | None, gain: float, verdict: str
) -> None:
    criteria = Criteria.of(scale(mdc, mcid), 7)
    assert criteria.verdict(gain) == verdict
    assert criteria.verdict(-gain) == MIRRORED[verdict]


@given(FIGURES, FIGURES, st.floats(0.01, 30))
def test_a_worsening_is_judged_as_the_improvement_of_the_same_size(
    mdc: float | None, mcid: float | None, gain: float
) -> None:
    criteria = Criteria("lower", mdc, mcid)
    assert criteria.verdict(-gain) == MIRRORED[criteria.verdict(gain)]
    assert criteria.is_real(-gain) == criteria.is_real(gain)
    assert criteria.is_worthwhile(-gain) == criteria.is_worthwhile(gain)


@given(FIGURES, FIGURES, st.floats(-30, 30))
def test_a_change_is_important_only_if_it_reaches_both_thresholds(
    mdc: float | None, mcid: float | None, gain: float
) -> None:
    criteria = Criteria("higher", mdc, mcid)
    important = criteria.verdict(gain) in {"improved_important", "worse"}
    assert important == (criteria.important is not None and abs(gain) >= criteria.important)
    assert not important or (mdc is not None and mcid is not None)


def test_neck_pain_from_three_to_seven_is_no_stable_course() -> None:
    """The thresholds of Kovacs et al. 2008: the loss passes the MCID, and not the MDC."""
    assert Criteria.of(scale(4.0, 1.5), 3).verdict(3 - 6.9) == "worse_uncertain"


def test_what_has_no_threshold_is_null_and_not_false() -> None:
    criteria = Criteria.of(Scale("lower", None), 7)
    assert criteria.is_real(5) is None
    assert criteria.is_worthwhile(5) is None
    assert criteria.larger_threshold is None
    assert criteria.important is None


@pytest.mark.parametrize(("earlier", "later"), [(7.1, 5.1), (2.3, 0.3), (0.7, -1.3)])
def test_a_threshold_is_not_missed_by_a_rounding_error(earlier: float, later: float) -> None:
    assert Criteria.of(scale(2, 2), earlier).verdict(earlier - later) == "improved_important"
    assert Criteria.of(scale(2, 2), earlier).verdict(later - earlier) == "worse"


def test_the_absolute_mcid_decides_where_there_is_a_percentage_too() -> None:
    assert Criteria.of(scale(mcid=2, percent=30), 4).mcid == 2


def test_a_percentage_that_stands_alone_is_taken_of_the_baseline() -> None:
    assert Criteria.of(scale(percent=30), 6).mcid == pytest.approx(1.8)
    assert Criteria.of(scale(percent=30), -6).mcid == pytest.approx(1.8)


def test_there_is_no_percentage_of_a_baseline_of_zero() -> None:
    assert Criteria.of(scale(percent=30), 0).mcid is None


@pytest.mark.parametrize(
    ("baseline", "improved", "worse"),
    [(0, False, True), (3.9, False, True), (4, True, True), (6, True, True), (6.1, True, False)],
)
def test_a_change_is_reachable_where_the_scale_has_room_for_the_larger_threshold(
    baseline: float, *, improved: bool, worse: bool
) -> None:
    on = scale(4, 1.5)._replace(best=0, worst=10)
    assert Criteria.of(on, baseline).reachable(baseline, on) == (improved, worse)


def test_a_force_always_has_room_to_improve() -> None:
    on = scale(None, 50)._replace(better="higher", best=None, worst=0)
    assert Criteria.of(on, 20).reachable(20, on) == (True, False)
    unknown = Scale("higher", None, worst=0)
    assert Criteria.of(unknown, 20).reachable(20, unknown) == (True, None)


def test_room_is_unknown_without_thresholds() -> None:
    on = Scale("lower", None, best=0, worst=10)
    assert Criteria.of(on, 5).reachable(5, on) == (None, None)

"""Promises of the verdict on a change."""

import pytest

from app.progress.rules.history import Scale
from app.progress.rules.verdict import Criteria
from tests.progress.facts import scale


@pytest.mark.parametrize(
    ("mdc", "mcid", "gain", "verdict"),
    [
        (2, 3, 3, "improved_important"),
        (3, 2, 3, "improved_important"),
        (None, 2, 2, "improved_important"),
        (3, 2, 2.9, "improved_uncertain"),
        (3, None, 3, "improved_uncertain"),
        (2, 3, 2.9, "stable"),
        (3, None, 2.9, "stable"),
        (None, 2, 1.9, "stable"),
        (2, 3, 0, "stable"),
        (2, 3, -2.9, "stable"),
        (2, 3, -3, "worse"),
        (3, 2, -3, "worse"),
        (3, 2, -2.9, "stable"),
        (None, 2, -2, "worse"),
        (3, None, -3, "worse"),
        (None, None, 5, "insufficient"),
    ],
)
def test_a_verdict_follows_from_what_is_real_and_what_is_worthwhile(
    mdc: float | None, mcid: float | None, gain: float, verdict: str
) -> None:
    assert Criteria.of(scale(mdc, mcid), 7).verdict(gain) == verdict


def test_a_change_is_real_for_better_and_for_worse_but_worthwhile_for_better_only() -> None:
    criteria = Criteria.of(scale(2, 2), 7)
    assert criteria.is_real(-2) is True
    assert criteria.is_worthwhile(-2) is False


def test_what_has_no_threshold_is_null_and_not_false() -> None:
    criteria = Criteria.of(Scale("lower", None), 7)
    assert criteria.is_real(5) is None
    assert criteria.is_worthwhile(5) is None
    assert criteria.larger_threshold is None


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

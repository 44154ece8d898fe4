"""Promises of the verdict on a change."""

import pytest

from app.progress.rules.history import Scale
from app.progress.rules.verdict import Bar
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
def test_a_verdict_follows_from_the_mdc_and_the_mcid(
    mdc: float | None, mcid: float | None, gain: float, verdict: str
) -> None:
    assert Bar.of(scale(mdc, mcid), 7).verdict(gain) == verdict


def test_the_mdc_applies_in_both_directions_and_the_mcid_to_improvements_only() -> None:
    bar = Bar.of(scale(2, 2), 7)
    assert bar.is_real(-2) is True
    assert bar.is_worthwhile(-2) is False


def test_a_comparison_without_a_threshold_is_null_and_not_false() -> None:
    bar = Bar.of(Scale("lower", None), 7)
    assert bar.is_real(5) is None
    assert bar.is_worthwhile(5) is None
    assert bar.highest is None


@pytest.mark.parametrize(("earlier", "later"), [(7.1, 5.1), (2.3, 0.3), (0.7, -1.3)])
def test_a_threshold_is_not_missed_by_a_rounding_error(earlier: float, later: float) -> None:
    assert Bar.of(scale(2, 2), earlier).verdict(earlier - later) == "improved_important"
    assert Bar.of(scale(2, 2), earlier).verdict(later - earlier) == "worse"


def test_the_absolute_mcid_decides_where_there_is_a_percentage_too() -> None:
    assert Bar.of(scale(mcid=2, percent=30), 4).mcid == 2


def test_an_mcid_in_percent_alone_is_taken_of_the_baseline() -> None:
    assert Bar.of(scale(percent=30), 6).mcid == pytest.approx(1.8)
    assert Bar.of(scale(percent=30), -6).mcid == pytest.approx(1.8)


def test_there_is_no_percentage_of_a_baseline_of_zero() -> None:
    assert Bar.of(scale(percent=30), 0).mcid is None

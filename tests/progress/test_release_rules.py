"""Promises of the time to release: the Kaplan-Meier median, never a mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.progress.rules.release import median, release
from tests.progress.facts import Needled, needled, needlings


def timed(felt: str | None, after_s: int | None = None, retention_s: int | None = None) -> Needled:
    return needled(0, felt)._replace(release_after_s=after_s, retention_s=retention_s)


def test_a_median_equals_the_one_computed_by_hand() -> None:
    # At risk 5: a release at 20 leaves 4/5; out at 30; at 40 of 3 left 8/15; at 60 of 2 left 4/15.
    assert median([(20, True), (30, False), (40, True), (60, True), (90, False)]) == 60


def test_a_release_comes_before_a_removal_at_the_same_time() -> None:
    assert median([(30, False), (30, True)]) == 30
    assert median([(20, False), (30, True)]) == 30


@pytest.mark.parametrize("times", [[], [(30, False)], [(10, True), (20, False), (30, False)]])
def test_there_is_no_median_before_half_are_known_to_have_released(
    times: list[tuple[int, bool]],
) -> None:
    assert median(times) is None


@given(st.lists(st.tuples(st.integers(0, 12).map(lambda n: n * 10), st.booleans()), min_size=1))
def test_the_median_agrees_with_scipy(times: list[tuple[int, bool]]) -> None:
    sample = stats.CensoredData.right_censored(
        [at for at, _ in times], [not released for _, released in times]
    )
    curve = stats.ecdf(sample).sf
    reached = np.asarray(curve.quantiles)[np.asarray(curve.probabilities) <= 0.5 + 1e-12]
    assert median(times) == (None if len(reached) == 0 else reached[0])


def test_a_release_without_a_time_is_counted_and_not_in_the_median() -> None:
    rows = [
        timed("complete", 40),
        timed("complete"),  # nobody measured the time
        timed("partial", 10, 60),  # not completely, when the needle came out
        timed("none", None, 120),
        timed("none"),
        timed(None, None, 90),  # nobody asked
    ]
    assert release(needlings(rows)) == {
        "needlings": 5,
        "complete": 2,
        "partial": 1,
        "none": 2,
        "time_to_release": {"method": "kaplan_meier", "n": 3, "released": 1, "median_s": None},
    }


def test_a_release_at_once_has_a_time() -> None:
    assert release(needlings([timed("complete", 0)]))["time_to_release"]["median_s"] == 0

"""Promises of the intervals: exact, and the rule of three for a count of 0."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from app.outcomes.rules.exact import interval


@given(st.integers(1, 20_000).flatmap(lambda of: st.tuples(st.integers(1, of), st.just(of))))
def test_an_interval_is_the_clopper_pearson_interval(counted: tuple[int, int]) -> None:
    theirs = binomtest(*counted).proportion_ci(0.95, "exact")
    assert interval(*counted) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize(("of", "high"), [(1, 1), (3, 1), (100, 0.03), (7629, 3 / 7629)])
def test_a_count_of_zero_uses_the_rule_of_three(of: int, high: float) -> None:
    assert interval(0, of) == (0, high)

"""Promises of the trend statistics, compared with `scipy`, all permutations and the table."""

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cache
from itertools import combinations, permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.progress.rules.mann_kendall import (
    EXACT_UP_TO,
    approximate_p,
    exact_p,
    two_sided_p,
)
from app.progress.rules.ranking import Ranking, count_falls
from app.progress.rules.theil_sen import (
    SORTED_UP_TO,
    slope,
    slope_by_selection,
    slope_by_sorting,
)
from app.progress.rules.trend import WEEK, trend

MINUTE = 60 * 1_000_000
SCORES = st.sampled_from([0, 0.5, 1, 2, 3, 5, 7, 7.5, 10])
VALUES = st.one_of(SCORES, st.floats(-50, 200).map(lambda value: round(value, 3)))

COURSES: dict[str, tuple[Callable[[float], float], float]] = {
    "decline": (lambda part: 7 - 5 * part, 1),
    "weak decline": (lambda part: 5 - part, 1),
    "rise": (lambda part: 2 + 6 * part, 1),
    "step": (lambda part: 7 if part < 0.5 else 3, 1),
    "line": (lambda part: 8 - 8 * part, 0),
    "noise": (lambda _: 5, 4),
}


def spread(count: int, random: Random, *, weekly: bool) -> list[int]:
    """Ascending distinct instants: weekly, or on irregular days at quarters of an hour."""
    time, times = 1_760_000_400_000_000, []
    for _ in range(count):
        quarters = 672 if weekly else random.choice([480, 576, 672, 672, 768, 1344])
        time += (quarters + (0 if weekly else random.randint(-12, 12))) * 15 * MINUTE
        times.append(time)
    return times


def course(kind: str, count: int, random: Random) -> list[float]:
    """A made-up course of scores in halves, from 0 to 10."""
    shape, noise = COURSES[kind]
    exact = (shape(index / count) + random.gauss(0, noise) for index in range(count))
    return [round(max(0, min(10, value)) * 2) / 2 for value in exact]


def score(values: Sequence[float]) -> int:
    """S of Mann-Kendall, as it is defined."""
    return sum((later > earlier) - (later < earlier) for earlier, later in combinations(values, 2))


@given(st.lists(VALUES, max_size=60))
def test_a_ranking_counts_every_pair_once(values: list[float]) -> None:
    ranking = Ranking.of(values)
    assert ranking.falls == sum(later < earlier for earlier, later in combinations(values, 2))
    assert ranking.rises == sum(later > earlier for earlier, later in combinations(values, 2))
    assert ranking.level == sum(later == earlier for earlier, later in combinations(values, 2))
    assert sorted(ranking.ties) == sorted(Counter(values).values())
    assert count_falls(values) == ranking.falls


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # of scipy's interval
@given(st.lists(st.tuples(st.integers(0, 500), VALUES), min_size=2, max_size=40))
def test_the_slope_is_that_of_scipy_with_ties_gaps_and_equal_times(
    points: list[tuple[int, float]],
) -> None:
    points.sort()
    days, values = zip(*points, strict=True)
    ours = slope(days, values, Ranking.of(values))
    if len(set(days)) < 2:
        assert ours is None
    else:
        assert ours == pytest.approx(stats.theilslopes(values, days).slope, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("kind", COURSES)
@pytest.mark.parametrize("weekly", [True, False])
@pytest.mark.parametrize("count", [SORTED_UP_TO + 1, 60, 133, 200])
def test_selection_finds_the_slope_that_sorting_finds(
    kind: str, count: int, *, weekly: bool
) -> None:
    for seed in range(3):
        random = Random(seed)
        times, values = spread(count, random, weekly=weekly), course(kind, count, random)
        sorted_out = slope_by_sorting(times, values)
        assert slope_by_selection(times, values) == pytest.approx(sorted_out, rel=1e-12)
        assert slope(times, values, Ranking.of(values)) == pytest.approx(sorted_out, rel=1e-12)


def test_a_long_series_has_the_slope_of_scipy() -> None:
    random = Random(8)
    times, values = spread(200, random, weekly=False), course("decline", 200, random)
    days = [(time - times[0]) / (1440 * MINUTE) for time in times]
    ours = slope(times, values, Ranking.of(values))
    assert ours is not None
    assert ours * 1440 * MINUTE == pytest.approx(stats.theilslopes(values, days).slope, abs=1e-9)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.integers(0, 10**15), VALUES),
        min_size=SORTED_UP_TO + 1,
        max_size=SORTED_UP_TO + 40,
        unique_by=lambda point: point[0],
    )
)
def test_selection_is_exact_at_times_to_the_microsecond(points: list[tuple[int, float]]) -> None:
    times, values = zip(*sorted(points), strict=True)
    slopes = sorted(
        (Fraction(round(later * 1000)) - round(value * 1000)) / (after - time)
        for (time, value), (after, later) in combinations(sorted(points), 2)
    )
    median = (slopes[(len(slopes) - 1) // 2] + slopes[len(slopes) // 2]) / 2000
    assert slope_by_selection(times, values) == pytest.approx(float(median), rel=1e-9)


def test_a_long_series_of_many_decimals_or_of_equal_times_is_sorted_instead() -> None:
    random = Random(4)
    times = spread(60, random, weekly=False)
    thirds = [random.randint(0, 30) / 3 for _ in times]
    days = [time / (1440 * MINUTE) for time in times]
    expected = stats.theilslopes(thirds, days).slope / (1440 * MINUTE)
    assert slope_by_selection(times, thirds) == pytest.approx(expected, rel=1e-9)
    twice = sorted(times[:30] * 2)
    assert slope(twice, thirds, Ranking.of(thirds)) == slope_by_sorting(twice, thirds)


def test_a_long_series_without_any_change_has_a_slope_of_zero() -> None:
    times = spread(100, Random(1), weekly=True)
    level = [4.0] * 100
    assert slope(times, level, Ranking.of(level)) == 0
    assert slope_by_selection(times, level) == 0


def test_a_median_halfway_between_no_change_and_the_smallest_rise_is_halved() -> None:
    """Of 990 pairs 11 fall, 484 stay level and 495 rise."""
    values = [*[0.0] * 11, 1.0, *[0.0] * 11, *[1.0] * 22]
    ranking = Ranking.of(values)
    assert (ranking.falls, ranking.level, ranking.rises) == (11, 484, 495)
    assert slope(range(1, 46), values, ranking) == pytest.approx(1 / 44 / 2)


@given(st.lists(st.integers(0, 4), min_size=2, max_size=7))
def test_p_is_that_of_all_permutations_with_ties(values: list[int]) -> None:
    observed = abs(score(values))
    orders = [abs(score(order)) >= observed for order in permutations(values)]
    assert two_sided_p(Ranking.of(values)) == pytest.approx(sum(orders) / len(orders), rel=1e-12)


@given(st.integers(3, 30).flatmap(lambda count: st.permutations(range(count))))
def test_p_without_ties_is_that_of_kendall(values: list[int]) -> None:
    expected = stats.kendalltau(range(len(values)), values, method="exact").pvalue
    assert exact_p(Ranking.of(values)) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("count", "smallest_p", "smallest_score"),
    [
        (3, "0.33", None),
        (4, "0.083", None),
        (5, "0.017", 10),
        (6, "0.003", 13),
        (7, "0.0004", 15),
        (8, "0.00005", 18),
        (9, "0.000006", 20),
        (10, "0.0000006", 23),
        (12, "0.000000004", 30),
    ],
)
def test_the_published_table_is_reproduced(
    count: int, smallest_p: str, smallest_score: int | None
) -> None:
    """Smallest possible p, and the smallest S with p < 0.05, without ties."""
    largest = count * (count - 1) // 2

    def p_of(score: int) -> float:
        falls = (largest - score) // 2
        return exact_p(Ranking(falls, largest - falls, 0, (1,) * count))

    decimals = len(smallest_p) - 2
    assert f"{p_of(largest):.{decimals}f}" == smallest_p
    scores = range(largest % 2, largest + 1, 2)
    assert next((one for one in scores if one and p_of(one) < 0.05), None) == smallest_score


def test_the_approximation_takes_over_without_a_jump() -> None:
    random = Random(6)
    count = EXACT_UP_TO + 1
    for levels in (5, 11, 1000):
        for _ in range(10):
            ranking = Ranking.of([random.randrange(levels) for _ in range(count)])
            if ranking.rises != ranking.falls:
                assert two_sided_p(ranking) == approximate_p(ranking)
                assert approximate_p(ranking) == pytest.approx(exact_p(ranking), abs=0.005)


def test_a_series_that_never_changes_has_a_p_of_one() -> None:
    assert two_sided_p(Ranking.of([3] * 12)) == 1
    assert two_sided_p(Ranking.of([3] * 60)) == 1


@pytest.mark.parametrize(("count", "has_p", "evidence"), [
    (0, False, "descriptive"),
    (1, False, "descriptive"),
    (4, False, "descriptive"),
    (5, True, "descriptive"),
    (9, True, "descriptive"),
    (10, True, "tested"),
])  # fmt: skip
def test_no_p_below_five_values_and_descriptive_below_ten(
    count: int, evidence: str, *, has_p: bool
) -> None:
    weeks = range(count)
    shown = trend([WEEK * n for n in weeks], list(weeks), [7 * n for n in weeks])
    assert shown["n"] == count
    assert (shown["p"] is not None) == has_p
    assert shown["evidence"] == evidence
    assert shown["per_week"] == (None if count < 2 else 1)


def test_the_slope_is_per_week_of_real_time_and_not_per_session() -> None:
    shown = trend([0, 2 * WEEK, 3 * WEEK], [8, 4, 2], [0, 14, 21])
    assert shown["per_week"] == -2


def test_values_at_one_instant_have_no_order_and_count_once() -> None:
    """Such pairs have no slope, and count as one observation in the test for a trend."""
    instants = [0, WEEK, WEEK, 2 * WEEK, 3 * WEEK]
    shown = trend(instants, [8, 7, 5, 4, 2], [0, 7, 7, 14, 21])
    assert shown["n"] == 5
    assert shown["p"] is None
    assert shown["per_week"] == pytest.approx(
        stats.theilslopes([8, 7, 5, 4, 2], [0, 1, 1, 2, 3])[0]
    )


def test_a_slope_too_small_to_show_is_a_plain_zero() -> None:
    shown = trend([0, 10**15], [1e-9, 0], [0, 11574])
    assert str(shown["per_week"]) == "0.0"


def test_no_slope_is_shown_before_a_week_has_passed() -> None:
    """Seven clinic days, however many hours of the first and of the last have passed."""
    nearly, week = [0, 6 * 86_400_000_000], [0, 7 * 86_400_000_000 - 1]
    assert trend(nearly, [8, 2], [0, 6])["per_week"] is None
    assert trend(week, [8, 2], [0, 7])["per_week"] == pytest.approx(-6)
    assert trend([0, *[1] * 5], [9, 8, 7, 6, 5, 4], [0, *[1] * 5])["per_week"] is None


@settings(max_examples=6)
@given(st.lists(SCORES, min_size=25, max_size=60))
def test_p_is_exact_up_to_sixty_values_with_ties(values: list[float]) -> None:
    """Against the same distribution, built by inserting one value after another."""
    ranking = Ranking.of(values)
    if ranking.rises != ranking.falls:
        assert two_sided_p(ranking) == exact_p(ranking)
    assert exact_p(ranking) == pytest.approx(by_insertion(values), rel=1e-9)


def by_insertion(values: Sequence[float]) -> float:
    """Two-sided p: levels are merged one by one, each as if all orders were equally likely."""
    ways, placed = Counter({0: 1}), 0
    for tie in Counter(values).values():
        ways, placed = (
            spread_by(ways, merged(placed, tie)),
            placed + tie,
        )
    observed = abs(score(values))
    far = sum(count for s, count in ways.items() if abs(s) >= observed)
    return far / ways.total()


def spread_by(ways: Counter[int], more: Counter[int]) -> Counter[int]:
    found: Counter[int] = Counter()
    for one, count in ways.items():
        for other, times in more.items():
            found[one + other] += count * times
    return found


@cache
def merged(before: int, tie: int) -> Counter[int]:
    """How often each S occurs when ``tie`` equal values join ``before`` others, all lower."""
    if not before or not tie:
        return Counter({0: 1})
    found: Counter[int] = Counter()
    for ways, shift in ((merged(before, tie - 1), before), (merged(before - 1, tie), -tie)):
        for s, count in ways.items():
            found[s + shift] += count
    return found

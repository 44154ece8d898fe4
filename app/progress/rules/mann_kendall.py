"""The Mann-Kendall test for a monotone trend (Mann 1945, Kendall 1975).

S is the number of pairs that rise minus the number of pairs that fall. Without a trend, every
order of the values is equally likely, which gives the exact distribution of S. With tied values,
the orders are the distinct permutations of a multiset. The series of an episode are short enough
to compute p exactly.
"""

from itertools import accumulate
from math import erfc, factorial, prod, sqrt
from operator import sub

from app.progress.rules.ranking import Ranking

EXACT_UP_TO = 60
"""p is exact up to so many values, in 3 ms. Above, the approximation is off by less than 0.005."""


def two_sided_p(ranking: Ranking) -> float:
    """The probability, without a trend, of an S at least as far from 0 as the observed one."""
    if ranking.rises == ranking.falls:
        return 1.0
    if sum(ranking.ties) <= EXACT_UP_TO:
        return exact_p(ranking)
    return approximate_p(ranking)


def exact_p(ranking: Ranking) -> float:
    """The exact, tie-corrected two-sided p.

    Over the distinct orders of a multiset, the number of falling pairs is distributed as the
    coefficients of the q-multinomial [n]_q! / ([t1]_q! [t2]_q! ...) (MacMahon 1916). They are
    symmetric, so only the lower tail is built: a power series cut off at the observed number.
    """
    tail = min(ranking.falls, ranking.rises)
    orders = [1] + [0] * tail
    placed = 0
    for tie in ranking.ties:
        for already in range(1, tie + 1):
            placed += 1
            if placed != already:
                orders = _with_one_more(orders, placed, already)
    distinct_orders = factorial(placed) // prod(map(factorial, ranking.ties))
    return min(1.0, 2 * sum(orders) / distinct_orders)


def approximate_p(ranking: Ranking) -> float:
    """The normal approximation with tie and continuity correction (Kendall 1975)."""
    count = sum(ranking.ties)
    variance = (_spread(count) - sum(map(_spread, ranking.ties))) / 18
    distance = abs(ranking.rises - ranking.falls) - 1
    return erfc(distance / sqrt(2 * variance))


def _with_one_more(orders: list[int], placed: int, already: int) -> list[int]:
    """Multiply the series by (1 - q^placed) / (1 - q^already)."""
    series = list(map(sub, orders, [0] * placed + orders))
    for start in range(min(already, len(series))):
        series[start::already] = accumulate(series[start::already])
    return series


def _spread(count: int) -> int:
    return count * (count - 1) * (2 * count + 5)

"""The trend of a series: the change per week, and whether it could be chance.

`per_week` is the Theil-Sen slope over real time, not over session numbers. `p` is the two-sided
Mann-Kendall p. It is given from five observations on, because with fewer no order of the values
is rare enough to be evidence. Below ten observations the evidence is called descriptive. The test
depends on the order of the values, so values at one instant count as one observation, their mean.
Nothing is forecast.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

from app.progress.rules.history import (
    Json,
    mean,
    rounded,
)
from app.progress.rules.mann_kendall import two_sided_p
from app.progress.rules.ranking import Ranking
from app.progress.rules.theil_sen import slope

P_FROM = 5
TESTED_FROM = 10
SLOPE_FROM_DAYS = 7
WEEK = 7 * 24 * 3600 * 1_000_000
"""Seven days in microseconds."""


def trend(instants: Sequence[int], values: Sequence[float], days: Sequence[int]) -> Json:
    """Describe ``values`` at ``instants``: microseconds, ascending, equal ones allowed.

    ``days`` are their clinic days. `per_week` is null where the first and the last lie under seven
    clinic days apart: a slope per week would be extrapolated. `n` is the number of values. `p` is
    not rounded, because a small one would become 0.
    """
    observed = _observations(instants, values)
    ranking = Ranking.of(observed)
    is_long = bool(days) and days[-1] - days[0] >= SLOPE_FROM_DAYS
    per_microsecond = slope(instants, values, ranking) if is_long else None
    return {
        "method": "theil_sen",
        "per_week": None if per_microsecond is None else rounded(per_microsecond * WEEK),
        "n": len(values),
        "p": two_sided_p(ranking) if len(observed) >= P_FROM else None,
        "evidence": "tested" if len(observed) >= TESTED_FROM else "descriptive",
    }


def _observations(instants: Sequence[int], values: Sequence[float]) -> Sequence[float]:
    """One value for each instant."""
    if len(set(instants)) == len(instants):
        return values
    points = zip(instants, values, strict=True)
    return [mean(value for _, value in same) for _, same in groupby(points, itemgetter(0))]

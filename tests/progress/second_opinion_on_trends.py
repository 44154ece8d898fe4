"""A second opinion on trends: with `scipy`, and by counting all orders of the values."""

import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo
from fractions import Fraction
from functools import cache
from typing import Any

from scipy import stats

Record = dict[str, Any]
KNOWN_P_UP_TO = 9
"""Up to this many values all orders of them are counted here."""


def exact_p(values: Sequence[float]) -> float:
    """Two-sided Mann-Kendall p over all distinct orders of the values."""

    @cache
    def scores(left: tuple[int, ...]) -> Counter[int]:
        if not any(left):
            return Counter({0: 1})
        found: Counter[int] = Counter()
        for level in (level for level, count in enumerate(left) if count):
            rest = (*left[:level], left[level] - 1, *left[level + 1 :])
            step = sum(rest[level + 1 :]) - sum(rest[:level])
            for score, ways in scores(rest).items():
                found[score + step] += ways
        return found

    pairs = [(values[i], later) for j, later in enumerate(values) for i in range(j)]
    observed = abs(sum((later > earlier) - (later < earlier) for earlier, later in pairs))
    levels = Counter(values)
    ways = scores(tuple(levels[level] for level in sorted(levels)))
    return sum(n for score, n in ways.items() if abs(score) >= observed) / sum(ways.values())


def mean(values: Iterable[float]) -> Fraction:
    """The exact mean."""
    exact = [Fraction(str(value)) for value in values]
    return sum(exact, Fraction(0)) / len(exact)


def trend(times: Sequence[datetime], values: Sequence[float], zone: tzinfo) -> Record:
    """The `trend` of the document."""
    moments = sorted(set(times))
    weeks = [(time - moments[0]) / timedelta(weeks=1) for time in times]
    each = [
        float(mean(value for at, value in zip(times, values, strict=True) if at == moment))
        for moment in moments
    ]
    opinion: Record = {
        "n": len(values),
        "per_week": None,
        "evidence": "tested" if len(moments) >= 10 else "descriptive",
    }
    days = [moment.astimezone(zone).date() for moment in moments]
    if days and days[-1] - days[0] >= timedelta(days=7):
        with warnings.catch_warnings(action="ignore"):  # of its interval, not of its slope
            opinion["per_week"] = float(stats.theilslopes(values, weeks).slope)
    if len(moments) <= KNOWN_P_UP_TO:
        opinion["p"] = exact_p(each) if len(moments) >= 5 else None
    return opinion

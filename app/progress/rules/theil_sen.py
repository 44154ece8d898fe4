"""The Theil-Sen slope: the median of the slopes of all pairs (Theil 1950, Sen 1968).

It is robust against single outliers, and suits short series of ordinal values.

Two hundred values have 19,900 pairs, too many to compute and sort on each read. So the median of
a long series is found by selection:

1. A small sample of pairs gives a bracket: two slopes with the median between them.
2. The pairs below the bracket are only *counted*, in O(n log n). A pair's slope is below b exactly
   if its later value is the lower one after the trend b is subtracted from both.
3. The few pairs inside the bracket are computed and sorted.

Times and values are whole numbers there, so rounding cannot miscount a pair. The result is exactly
the one by the definition.
"""

from bisect import bisect_left
from collections.abc import Sequence
from math import ceil, floor, gcd, isqrt
from statistics import median
from typing import NamedTuple, Self

from app.progress.rules.ranking import Ranking, count_falls

SORTED_UP_TO = 40
"""Up to this many values, sorting all slopes is faster than selecting among them."""


def slope(times: Sequence[int], values: Sequence[float], ranking: Ranking) -> float | None:
    """Median change of value per unit of time; None where no two times differ.

    ``times`` are ascending, and ``ranking`` is the ranking of ``values``. Pairs of equal times have
    no slope and are left out, as in `scipy.stats.theilslopes`.
    """
    if len(times) <= SORTED_UP_TO or len(set(times)) < len(times):
        return slope_by_sorting(times, values)
    first, last = _middle(len(times))
    if ranking.falls <= first and last < ranking.falls + ranking.level:
        return 0.0
    return slope_by_selection(times, values)


def slope_by_sorting(times: Sequence[int], values: Sequence[float]) -> float | None:
    """The slope by the definition: for short series, and where selection is not possible."""
    points = list(zip(times, values, strict=True))
    slopes = [
        (value - earlier) / (time - before)
        for index, (time, value) in enumerate(points)
        for before, earlier in points[:index]
        if time != before
    ]
    return median(slopes) if slopes else None


def slope_by_selection(times: Sequence[int], values: Sequence[float]) -> float | None:
    """The same number for a long series of distinct times, without computing all slopes.

    The rank of the sample's median among all pairs is counted, which shows how far off it is. The
    bracket is set around the corrected place, and widened until it holds the median. If a value
    has more than three decimals, all slopes are sorted instead.
    """
    grid = _Grid.of(times, values)
    if grid is None:
        return slope_by_sorting(times, values)
    first, last = _middle(len(times))
    sample = grid.sample()
    run = grid.times[-1] - grid.times[0]
    centre = len(sample) // 2
    missed_by = first - count_falls(grid.freed_of(round(sample[centre] * run)))
    centre += missed_by * centre // (first + 1)
    margin = 1 + isqrt(len(sample)) // 3
    while margin < len(sample):
        low = grid.freed_of(floor(sample[max(centre - margin, 0)] * run))
        high = grid.freed_of(ceil(sample[min(centre + margin, len(sample) - 1)] * run))
        below = count_falls(low)
        inside = sorted(grid.slopes_between(low, high))
        if below <= first and last < below + len(inside):
            return (inside[first - below] + inside[last - below]) / 2 * grid.unit
        margin *= 3
    return slope_by_sorting(times, values)


def _middle(length: int) -> tuple[int, int]:
    """Ranks of the two middle slopes of all pairs of a series; equal if their number is odd."""
    pairs = length * (length - 1) // 2
    return (pairs - 1) // 2, pairs // 2


class _Grid(NamedTuple):
    """A series in whole numbers: times in steps of their common measure, values in thousandths."""

    times: list[int]
    values: list[int]
    points: list[tuple[float, float]]  # the same as floats, which divide faster
    unit: float  # a thousandth per step of time, in the units of the series

    @classmethod
    def of(cls, times: Sequence[int], values: Sequence[float]) -> Self | None:
        """Convert a series to whole numbers; None where a value has more than three decimals."""
        whole = {value: round(value * 1000) for value in set(values)}
        if any(thousandths / 1000 != value for value, thousandths in whole.items()):
            return None
        step = gcd(*times)
        steps = [time // step for time in times]
        thousandths = [whole[value] for value in values]
        points = list(zip(map(float, steps), map(float, thousandths), strict=True))
        return cls(steps, thousandths, points, 1 / 1000 / step)

    def sample(self) -> list[float]:
        """The ascending slopes of about two pairs for each value, spread evenly over all pairs."""
        stride = len(self.points) // 4
        return sorted(
            {
                (later - value) / (after - time)
                for index, (time, value) in enumerate(self.points)
                for after, later in self.points[index + 1 + index * 7 % stride :: stride]
            }
        )

    def freed_of(self, rise: int) -> list[int]:
        """The values minus a trend of ``rise`` over the whole series, multiplied by its duration.

        A rise of 1 is one thousandth from the first value to the last, which is fine enough.
        """
        run = self.times[-1] - self.times[0]
        return [
            value * run - rise * time for time, value in zip(self.times, self.values, strict=True)
        ]

    def slopes_between(self, low: list[int], high: list[int]) -> list[float]:
        """Slopes of the pairs that do not fall in ``low`` and do not rise in ``high``.

        ``low`` and ``high`` are the values minus the lower and the upper slope of the bracket.
        Points are visited in the order of ``low``. A point's partners are the points visited
        before it that are not lower in ``high``.
        """
        met: list[tuple[float, float]] = []
        heights: list[int] = []
        partners: list[tuple[tuple[float, float], list[tuple[float, float]]]] = []
        for index in sorted(range(len(low)), key=low.__getitem__):
            point, height = self.points[index], high[index]
            place = bisect_left(heights, height)
            partners.append((point, met[place:]))
            met.insert(place, point)
            heights.insert(place, height)
        return [
            (value - earlier) / (time - before)
            for (time, value), others in partners
            for before, earlier in others
        ]

"""How the values of a series are ordered: the input of both trend statistics."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Self


class Ranking(NamedTuple):
    """Counts of the pairs of a series, earlier value against later value."""

    falls: int  # pairs whose later value is lower
    rises: int  # pairs whose later value is higher
    level: int  # pairs of equal values
    ties: tuple[int, ...]  # how often each distinct value occurs, largest first

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Count the pairs of ``values``, which are in order of time."""
        ties = tuple(sorted(Counter(values).values(), reverse=True))
        level = sum(tie * (tie - 1) for tie in ties) // 2
        falls = count_falls(values)
        rises = len(values) * (len(values) - 1) // 2 - level - falls
        return cls(falls, rises, level, ties)


def count_falls(values: Sequence[float]) -> int:
    """Count the pairs whose later value is lower than the earlier one, in O(n log n).

    The earlier values are kept in a sorted list. A value falls below those to the right of its
    place in it.
    """
    earlier: list[float] = []
    not_falling = 0
    for value in values:
        place = bisect_right(earlier, value)
        not_falling += place
        earlier.insert(place, value)
    return len(values) * (len(values) - 1) // 2 - not_falling

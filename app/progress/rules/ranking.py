"""How the values of a series are ordered: what both trend statistics stand on."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, Self


class Ranking(NamedTuple):
    """The pairs of a series, earlier value against later value."""

    falls: int  # pairs whose later value is lower
    rises: int  # pairs whose later value is higher
    level: int  # pairs of equal values
    ties: tuple[int, ...]  # how often each distinct value occurs, largest first

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """Rank ``values``, which are given in order of time."""
        ties = tuple(sorted(Counter(values).values(), reverse=True))
        level = sum(tie * (tie - 1) for tie in ties) // 2
        falls = count_falls(values)
        rises = len(values) * (len(values) - 1) // 2 - level - falls
        return cls(falls, rises, level, ties)


def count_falls(values: Sequence[float]) -> int:
    """Count the pairs whose later value is lower than the earlier one, in O(n log n).

    A value falls below as many earlier values as stand to its right in the sorted list of
    those that came before it.
    """
    earlier: list[float] = []
    not_falling = 0
    for value in values:
        place = bisect_right(earlier, value)
        not_falling += place
        earlier.insert(place, value)
    return len(values) * (len(values) - 1) // 2 - not_falling

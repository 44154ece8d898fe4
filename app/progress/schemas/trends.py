"""The view of a trend."""

from typing import Literal

from app.core.values.wire import View


class TrendView(View):
    """The Theil-Sen slope per week of real time, and from five values on a Mann-Kendall p.

    p is exact up to 60 values, and a normal approximation above.
    """

    method: Literal["theil_sen"]
    """The name of the method, the median of all slopes between two values."""
    per_week: float | None
    """Change per seven days, in the unit of the values; null with less than seven days
    between the first and the last value."""
    n: int
    """How many values went in."""
    p: float | None
    """Two-sided p of Mann and Kendall; null below five values."""
    evidence: str
    """How much the values can show. `descriptive`: too few for more."""

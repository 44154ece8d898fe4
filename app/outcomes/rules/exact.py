"""Exact intervals of a proportion, for few patients and for rare events."""

from collections.abc import Callable
from math import exp, inf, lgamma, log
from typing import Final

LEVEL: Final = 0.95
TOLERANCE: Final = 1e-12
"""The tolerance at which an iteration stops."""


def interval(count: int, of: int) -> tuple[float, float]:
    """The 95 % interval of ``count`` among ``of``, which is at least 1.

    Clopper and Pearson 1934 (Biometrika 26:404-413). Where nothing was counted, the upper end is
    3/n, the rule of three (Hanley and Lippman-Hand 1983, JAMA 249:1743-1745).
    """
    if count == 0:
        return 0.0, min(1.0, 3 / of)
    tail = (1 - LEVEL) / 2
    low = _root(lambda p: upper_tail(count, of, p) - tail)
    high = 1.0 if count == of else _root(lambda p: upper_tail(count + 1, of, p) - (1 - tail))
    return low, high


def upper_tail(count: int, of: int, probability: float) -> float:
    """The probability of at least ``count`` among ``of``: the regularized incomplete beta function.

    Computed by its continued fraction (DLMF 8.17.22), on the side where it converges fast.
    """
    a, b = count, of - count + 1
    if probability <= 0 or probability >= 1:
        return float(probability >= 1)
    if probability > (a + 1) / (a + b + 2):
        return 1 - _beta(b, a, 1 - probability)
    return _beta(a, b, probability)


def _beta(a: int, b: int, x: float) -> float:
    """The incomplete beta function for x below its mean; the fraction by Lentz's method."""
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(1 - x)) / a
    fraction, c, d = 1.0, inf, 1.0
    term, delta = 0, 0.0
    while abs(delta - 1) > TOLERANCE:
        term += 1
        d = 1 / (1 + _step(term, a, b, x) * d)
        c = 1 + _step(term, a, b, x) / c
        delta = c * d
        fraction *= delta
    return front * fraction


def _step(term: int, a: int, b: int, x: float) -> float:
    m, odd = divmod(term, 2)
    if odd:
        return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))


def _root(rising: Callable[[float], float]) -> float:
    """Where between 0 and 1 a rising function crosses 0, by bisection."""
    low, high = 0.0, 1.0
    while high - low > TOLERANCE:
        middle = (low + high) / 2
        if rising(middle) < 0:
            low = middle
        else:
            high = middle
    return (low + high) / 2

"""Numbers as people write them in their language."""

from functools import cache

from babel import Locale
from babel.numbers import format_decimal

_MOST_DECIMALS = 6


@cache
def _locale(tag: str) -> Locale:
    return Locale.parse(tag, sep="-")


def decimal(value: float, tag: str, decimals: int = 0) -> str:
    """Return a number with at least so many decimals, and no mark between its thousands."""
    whole = f"0.{'0' * decimals}{'#' * (_MOST_DECIMALS - decimals)}"
    return format_decimal(value, whole, _locale(tag))


def is_one(count: int, tag: str) -> bool:
    """Return whether a noun beside this number is singular. In French, 0 is."""
    return _locale(tag).plural_form(count) == "one"

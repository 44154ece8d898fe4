"""How progress is worded and formatted in the picture, the console and the PDF.

The words say "changed by", never why: regression to the mean alone causes large changes.
"""

from typing import Final

NOTHING: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
P_LEAST: Final = 0.001
"""A smaller p is shown as "< 0.001"."""
VERDICTS: Final = {
    "improved_important": "an important improvement",
    "improved_uncertain": "an improvement, but it is uncertain whether it is real and worthwhile",
    "stable": "no worthwhile change",
    "worse": "a worsening",
    "insufficient": "no verdict",
}
RELEASES: Final = {
    "none": "not released",
    "partial": "partly released",
    "complete": "completely released",
}


def number(value: float | None) -> str:
    """A number, with a proper minus sign; a dash for None."""
    return NOTHING if value is None else f"{value:g}".replace("-", MINUS)


def unit(code: str | None) -> str:
    """A unit in brackets, to follow the name of a measure; empty for a score (UCUM)."""
    return "" if code is None or code.startswith("{") else f" ({code})"


def signed(value: float) -> str:
    """A change with its sign; 0 has none."""
    return number(value) if value <= 0 else f"+{value:g}"


def per_week(slope: float | None) -> str:
    """A change per week, to two decimals; a dash for None."""
    return NOTHING if slope is None else signed(round(slope, 2) + 0.0)


def p_value(p: float | None) -> str:
    """A p value, to three decimals; a dash for None."""
    if p is None:
        return NOTHING
    return f"< {P_LEAST}" if p < P_LEAST else f"{p:.3f}"

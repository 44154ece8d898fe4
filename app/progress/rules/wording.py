"""What a progress document found, in the words and figures of the picture, the page and the paper.

They say "changed by", never why: regression to the mean alone changes much.
"""

from typing import Final

NOTHING: Final = "\N{EN DASH}"
MINUS: Final = "\N{MINUS SIGN}"
P_LEAST: Final = 0.001
"""No smaller p is written out."""
VERDICTS: Final = {
    "improved_important": "an improvement worth having",
    "improved_uncertain": "an improvement, but not surely a real and worthwhile one",
    "stable": "no worthwhile change",
    "worse": "a change for the worse",
    "insufficient": "no verdict",
}
RELEASES: Final = {
    "none": "not released",
    "partial": "partly released",
    "complete": "completely released",
}


def number(value: float | None) -> str:
    """A number, with a minus sign where it has one."""
    return NOTHING if value is None else f"{value:g}".replace("-", MINUS)


def unit(code: str | None) -> str:
    """A unit behind the name of what is measured in it; a score has none (UCUM)."""
    return "" if code is None or code.startswith("{") else f" ({code})"


def changed(value: float) -> str:
    """A change, with its sign."""
    return number(value) if value <= 0 else f"+{value:g}"


def weekly(slope: float | None) -> str:
    """A change per week, to two decimals."""
    return NOTHING if slope is None else changed(round(slope, 2) + 0.0)


def chance(p: float | None) -> str:
    """A p, to three decimals."""
    if p is None:
        return NOTHING
    return f"< {P_LEAST}" if p < P_LEAST else f"{p:.3f}"

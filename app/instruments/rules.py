"""The words of the instruments, and what a measured value must meet. Pure."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Final, Literal, NamedTuple

from app.core.values.faults import RuleBroken

Domain = Literal["pain", "function", "global", "mechanism", "impairment", "tolerability"]
OPEN: Final[frozenset[Domain]] = frozenset({"mechanism", "impairment"})
"""Where forces and angles are measured, whose scales end only where nothing more is plausible."""
Better = Literal["lower", "higher"]
Method = Literal["mean", "sum", "percent"]
"""How items make a score: `percent` is that of the way from the lowest to the highest mean, which
the Oswestry and Neck Disability Indices (from 0) and the DASH (from 1) have in common."""
DECIMALS: Final = 4
CONVERTED: Final = 6
"""Decimals of a value in another unit, which hide nothing but what binary fractions leave over."""
ITEMS_MAX: Final = 60
HAIR: Final = 1e-9
"""What floating-point numbers may miss a rounding by."""


class Scoring(NamedTuple):
    """How an instrument's items make its score. No item's wording stands anywhere."""

    method: Method
    items_min: int
    """How many have to be answered."""
    items_max: int
    low: float
    high: float


def check_value(value: float, lowest: float, highest: float) -> None:
    """Raise `RuleBroken` unless a value lies on its scale, ends included. NaN lies on none."""
    if not lowest <= value <= highest:
        raise RuleBroken("off_scale", f"Give a value from {lowest:g} to {highest:g}.")


def check_difference(difference: float, lowest: float, highest: float) -> None:
    """Raise `RuleBroken` where a scale has no room for a difference."""
    if difference > highest - lowest:
        raise RuleBroken("off_scale", f"The scale is {highest - lowest:g} wide.")


def in_own_unit(value: float, unit: str | None, factors: Mapping[str, float]) -> float:
    """A value in the instrument's own unit; `factors` holds every unit that it is recorded in.

    `RuleBroken` where the unit is none of them.
    """
    if unit is None:
        return value
    if unit not in factors:
        raise RuleBroken("unit", f"This instrument is recorded in {' or '.join(factors)}.")
    factor = factors[unit]
    return value if factor == 1 else round(value * factor, CONVERTED)


def score(items: Sequence[float | None], scoring: Scoring) -> float:
    """The score of items, of which None was not answered, to four decimals.

    Raises `RuleBroken` where there are too many items, too few answers, or an answer off its scale.
    """
    answers = [item for item in items if item is not None]
    if len(items) > scoring.items_max or len(answers) < scoring.items_min:
        least, most = scoring.items_min, scoring.items_max
        wanted = f"{most}" if least == most else f"{least} to {most}"
        raise RuleBroken("items_count", f"It is scored from {wanted} answers.")
    if not all(scoring.low <= answer <= scoring.high for answer in answers):
        raise RuleBroken("items_scale", f"Answers run from {scoring.low:g} to {scoring.high:g}.")
    if scoring.method == "sum":
        return round(sum(answers), DECIMALS)
    mean = fmean(answers)
    if scoring.method == "percent":
        mean = (mean - scoring.low) / (scoring.high - scoring.low) * 100
    return round(mean, DECIMALS)


def check_scored(value: float, scored: float) -> None:
    """Raise `RuleBroken` unless a value is the score, rounded to as many decimals as it has."""
    _, _, fraction = f"{value:.{DECIMALS}f}".rstrip("0").partition(".")
    if abs(value - scored) > 0.5 * 10 ** -len(fraction) + HAIR:
        raise RuleBroken("not_the_score", f"The items make {scored:g}.")


def check_activity(activity: str | None, *, takes_activity: bool) -> None:
    """Raise `RuleBroken` where an instrument that isn't about an activity is given one.

    Without an activity, the value of an instrument that takes one is the mean over activities.
    """
    if activity is not None and not takes_activity:
        raise RuleBroken("activity_forbidden", "This instrument is not about an activity.")


def check_once(column: str, cells: Sequence[str]) -> None:
    """Raise `RuleBroken` where a data file says twice what it may say once."""
    twice = sorted({cell for cell in cells if cells.count(cell) > 1})
    if twice:
        raise RuleBroken("repeated", f"column {column}: {', '.join(twice)} stands twice.")


def check_known(column: str, cells: Sequence[str], known: Sequence[str]) -> None:
    """Raise `RuleBroken` where one data file names what the other doesn't have."""
    unknown = sorted(set(cells).difference(known))
    if unknown:
        raise RuleBroken("unknown", f"column {column}: {', '.join(unknown)} is unknown.")


def check_figures(*figures: float | None) -> None:
    """Raise `RuleBroken` where a row of thresholds has no figure at all."""
    if all(figure is None for figure in figures):
        raise RuleBroken("no_figure", "Give a figure, or leave the row out.")

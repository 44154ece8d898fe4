"""The instruments' vocabularies, and the rules for a measured value. Pure."""

from collections.abc import Mapping, Sequence
from statistics import NormalDist, fmean
from typing import Final, Literal, NamedTuple

from typing_extensions import TypeAliasType

from app.core.values.faults import RuleBroken

InstrumentDomain = TypeAliasType(
    "InstrumentDomain",
    Literal["pain", "function", "global", "mechanism", "impairment", "tolerability"],
)
"""What an instrument measures. `tolerability` is no outcome."""
OPEN: Final[frozenset[InstrumentDomain]] = frozenset({"mechanism", "impairment"})
"""Domains of forces and angles: their scales end only at the limits of what is plausible."""
Better = TypeAliasType("Better", Literal["lower", "higher"])
"""Whether a lower or a higher value is an improvement."""
MovementUse = TypeAliasType("MovementUse", Literal["optional", "required"])
"""Whether a value needs a movement. A value without one is compared with nothing."""
SeriesMember = TypeAliasType("SeriesMember", Literal["activity", "side", "muscle", "movement"])
"""A member of a value. Values that differ in it are never compared."""
ScoringMethod = TypeAliasType("ScoringMethod", Literal["mean", "sum", "percent"])
"""How items make a score. `percent` is the position of the mean between the lowest and the highest
answer, as in the Oswestry and Neck Disability Indices (from 0) and the DASH (from 1)."""
DECIMALS: Final = 4
CONVERTED: Final = 6
"""Decimals of a converted value: they remove only the error of binary fractions."""
ITEMS_MAX: Final = 60
MDC_LEVEL: Final = 95
"""The confidence of the MDC that verdicts use, in percent."""
FLOAT_TOLERANCE: Final = 1e-9
"""The floating-point error that a comparison with a rounded value allows."""


class Scoring(NamedTuple):
    """How an instrument is scored from items. The items' wording is not stored."""

    method: ScoringMethod
    items_min: int
    """The fewest answers for a score."""
    items_max: int
    low: float
    high: float


def check_value(value: float, lowest: float, highest: float) -> None:
    """Raise `RuleBroken` unless a value lies on its scale, including both ends. NaN never does."""
    if not lowest <= value <= highest:
        raise RuleBroken("off_scale", f"Give a value from {lowest:g} to {highest:g}.")


def check_difference(difference: float, lowest: float, highest: float) -> None:
    """Raise `RuleBroken` if a difference is larger than the scale."""
    if difference > highest - lowest:
        raise RuleBroken("off_scale", f"The scale is {highest - lowest:g} wide.")


def in_own_unit(value: float, unit: str | None, factors: Mapping[str, float]) -> float:
    """Convert a value to the instrument's own unit; `factors` holds every accepted unit.

    Raises `RuleBroken` for any other unit.
    """
    if unit is None:
        return value
    if unit not in factors:
        raise RuleBroken("unit", f"This instrument is recorded in {' or '.join(factors)}.")
    factor = factors[unit]
    return value if factor == 1 else round(value * factor, CONVERTED)


def score(items: Sequence[float | None], scoring: Scoring) -> float:
    """The score of items, rounded to four decimals. None stands for an item without an answer.

    Raises `RuleBroken` for too many items, too few answers, or an answer off its scale.
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
    """Raise `RuleBroken` unless `value` is the score, rounded to the decimals of `value`."""
    _, _, fraction = f"{value:.{DECIMALS}f}".rstrip("0").partition(".")
    if abs(value - scored) > 0.5 * 10 ** -len(fraction) + FLOAT_TOLERANCE:
        raise RuleBroken("not_the_score", f"The items make {scored:g}.")


def check_activity(activity: str | None, *, takes_activity: bool) -> None:
    """Raise `RuleBroken` if there is an activity and the instrument takes none.

    If it takes one, a value without an activity is the mean over all activities.
    """
    if activity is not None and not takes_activity:
        raise RuleBroken("activity_forbidden", "This instrument is not about an activity.")


def check_movement(movement: str | None, use: MovementUse | None) -> None:
    """Raise `RuleBroken` if a movement is missing, or if the instrument takes none.

    Movements of one joint are not comparable with each other, so each is a series of its own.
    """
    if movement is None and use == "required":
        raise RuleBroken("movement_required", "Say which movement was measured.")
    if movement is not None and use is None:
        raise RuleBroken("movement_forbidden", "This instrument is not about a movement.")


def series_by(*, takes_activity: bool, movement: MovementUse | None) -> tuple[SeriesMember, ...]:
    """The members of a value that identify its series, beside the instrument."""
    every: tuple[SeriesMember, ...] = ("activity", "side", "muscle", "movement")
    left_out = {"activity": not takes_activity, "movement": movement is None}
    return tuple(member for member in every if not left_out.get(member))


def mdc95(mdc: float, level: int | None) -> float:
    """An MDC at 95 % confidence, from one at another level, in percent; None is taken as 95.

    An MDC is the standard error of a difference times the normal quantile of its level. So an
    MDC90 is multiplied by 1.19. Factors are rounded to two decimals.
    """
    if level in {None, MDC_LEVEL}:
        return mdc
    factor = _quantile(MDC_LEVEL) / _quantile(level)
    return round(mdc * round(factor, 2), DECIMALS)


def _quantile(level: int) -> float:
    return NormalDist().inv_cdf((1 + level / 100) / 2)


def check_once(column: str, cells: Sequence[str]) -> None:
    """Raise `RuleBroken` if a column of a data file has the same cell twice."""
    twice = sorted({cell for cell in cells if cells.count(cell) > 1})
    if twice:
        raise RuleBroken("repeated", f"column {column}: {', '.join(twice)} stands twice.")


def check_known(column: str, cells: Sequence[str], known: Sequence[str]) -> None:
    """Raise `RuleBroken` if one data file names something that the other doesn't have."""
    unknown = sorted(set(cells).difference(known))
    if unknown:
        raise RuleBroken("unknown", f"column {column}: {', '.join(unknown)} is unknown.")


def check_figures(*figures: float | None) -> None:
    """Raise `RuleBroken` if a row of thresholds has no figure at all."""
    if all(figure is None for figure in figures):
        raise RuleBroken("no_figure", "Give a figure, or leave the row out.")

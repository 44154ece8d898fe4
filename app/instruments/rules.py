"""The words of the instruments, and what a measured value must meet. Pure."""

from collections.abc import Sequence
from typing import Literal

from app.core.faults import RuleBroken

Domain = Literal["pain", "function", "global", "mechanism", "impairment", "tolerability"]
Better = Literal["lower", "higher"]


def check_value(value: float, lowest: float, highest: float) -> None:
    """Raise `RuleBroken` unless a value lies on its scale, ends included. NaN lies on none."""
    if not lowest <= value <= highest:
        raise RuleBroken("off_scale", f"Give a value from {lowest:g} to {highest:g}.")


def check_unit(unit: str | None, expected: str) -> None:
    """Raise `RuleBroken` where a unit is given and isn't the instrument's; nothing is converted."""
    if unit not in {None, expected}:
        raise RuleBroken("unit", f"This instrument is recorded in {expected}.")


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

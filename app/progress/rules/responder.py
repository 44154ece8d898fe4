"""Whether a patient holds an important improvement by one measure, and since when.

One value proves little: of unchanged patients many have a single value that is an important
improvement. So an improvement is *held* from two consecutive clinic days whose values reach it, and
*lost* by two consecutive ones that do not. A missing value is skipped. A worsening is held and lost
by the same rule.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from app.progress.rules.history import (
    Json,
    Occasion,
    mean,
)
from app.progress.rules.verdict import Criteria


class Day(NamedTuple):
    """The mean gain of one clinic day after the baseline, and when its first value was taken."""

    at: Any
    gain: float  # over the baseline; negative where it is worse


class Holding(NamedTuple):
    """How a direction stands at the end of a series, as indexes of its days; None where never."""

    first: int | None  # where it was held for the first time
    since: int | None  # where the present state, held or lost, began
    is_held: bool


NEVER = Holding(None, None, is_held=False)


def daily(occasions: Sequence[Occasion], gains: Iterable[float]) -> list[Day]:
    """One mean gain for each clinic day, from the occasions after the baseline."""
    if len({occasion.day for occasion in occasions}) == len(occasions):
        return [Day(occasion.at, gain) for occasion, gain in zip(occasions, gains, strict=True)]
    points = zip(occasions, gains, strict=True)
    days = [list(same) for _, same in groupby(points, lambda point: point[0].day)]
    return [Day(day[0][0].at, mean(gain for _, gain in day)) for day in days]


def holding(reached: Sequence[bool]) -> Holding:
    """How a direction stands, from whether each day reached it.

    Two days in a row that reach it begin a hold, and two in a row that do not end it. `since` is
    the first of these two.
    """
    state = NEVER
    for index, (before, now) in enumerate(pairwise(reached)):
        if before == now != state.is_held:
            first = index if state.first is None else state.first
            state = Holding(first, index, is_held=now)
    return state


def responder(criteria: Criteria, days: Sequence[Day], *, has_room: bool | None) -> Json | None:
    """The state of an important improvement, from the days after the baseline.

    None without an MDC or an MCID, and without a day. `state` is:

    - `not_yet`: no important improvement was held;
    - `held`: it is held;
    - `wavering`: it is held, but the last day alone does not reach it;
    - `lost`: it was held, and two days in a row did not reach it;
    - `no_room`: the scale has no room for it from the baseline.

    `since` is the first of the two days that began the hold, or ended it. `first_at` is the first
    of the two days that held it for the first time. Both are null where it was never held.
    """
    least = criteria.important
    if least is None or not days:
        return None
    reached = [day.gain >= least for day in days]
    held = holding(reached)
    if held.since is None or held.first is None:
        state = "no_room" if has_room is False else "not_yet"
        return {"state": state, "since": None, "first_at": None}
    state = "lost" if not held.is_held else "held" if reached[-1] else "wavering"
    return {"state": state, "since": days[held.since].at, "first_at": days[held.first].at}


def is_provisional(criteria: Criteria, days: Sequence[Day], *, worse: bool) -> bool:
    """Whether a verdict of an important change, for better or worse, isn't held yet."""
    least = criteria.important
    if least is None:
        return False
    sign = -1 if worse else 1
    return not holding([sign * day.gain >= least for day in days]).is_held

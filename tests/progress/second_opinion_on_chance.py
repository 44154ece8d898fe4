"""A second opinion on what may be chance: verdicts, what is held, and the flags of a series.

By docs/progress.md alone, and naively: each question is asked anew of the whole list.
"""

from collections.abc import Sequence
from datetime import date, datetime
from fractions import Fraction
from math import sqrt
from typing import Any, NamedTuple

Record = dict[str, Any]


class Limits(NamedTuple):
    """MDC and MCID, exact; None where unknown."""

    mdc: Fraction | None
    mcid: Fraction | None

    @property
    def both(self) -> Fraction | None:
        """What an important change reaches, either way."""
        return max(self.mdc, self.mcid) if self.mdc and self.mcid else None


Gain = tuple[datetime, Fraction]
"""When a value was taken, and by how much it is better than the baseline."""


def verdict(gain: Fraction, limits: Limits) -> str:
    """The verdict, by the table of the page."""
    if not limits.mdc and not limits.mcid:
        return "insufficient"
    size, way = abs(gain), ("improved" if gain > 0 else "worse")
    if size < (limits.mcid or limits.mdc or 0):
        return "stable"
    if limits.both and size >= limits.both:
        return "improved_important" if gain > 0 else "worse"
    return f"{way}_uncertain"


def by_day(gains: Sequence[Gain]) -> list[Gain]:
    """One gain for each clinic day, the mean, at its first time. Times are local."""
    found: dict[date, list[Gain]] = {}
    for at, gain in gains:
        found.setdefault(_day(at), []).append((at, gain))
    return [
        (same[0][0], sum((gain for _, gain in same), Fraction(0)) / len(same))
        for same in found.values()
    ]


def responder(gains: Sequence[Gain], limits: Limits, room: Fraction | None) -> Record | None:
    """The state of an important improvement; `room` is the gain at the good end, or None."""
    days = by_day(gains)
    if limits.both is None or not days:
        return None
    least = limits.both
    reached = [gain >= least for _, gain in days]
    turns = _turns(reached)
    if not turns:
        state = "no_room" if room is not None and room < least else "not_yet"
        return {"state": state, "since": None, "first_at": None}
    holds, since = turns[-1]
    state = "lost" if not holds else "held" if reached[-1] else "wavering"
    return {"state": state, "since": days[since][0], "first_at": days[turns[0][1]][0]}


def is_held(gains: Sequence[Gain], limits: Limits, sign: int) -> bool:
    """Whether an important change is held at the end: better for the sign 1, worse for -1."""
    if limits.both is None:
        return False
    turns = _turns([sign * gain >= limits.both for _, gain in by_day(gains)])
    return bool(turns) and turns[-1][0]


def series_flags(gains: Sequence[Gain], limits: Limits, room: Fraction | None) -> list[Record]:
    """The flags of one series."""
    days, least = by_day(gains), limits.both
    found, goes_on = [], False
    if least is not None:
        lost = [_has_lost([gain for _, gain in days[: n + 1]], least) for n in range(len(days))]
        runs = [n for n in range(1, len(days)) if lost[n] and lost[n - 1]]
        if runs:
            end = runs[-1]
            start = max(n for n in range(end + 1) if n == 0 or not lost[n]) + 1
            goes_on = end == len(days) - 1
            over = None if goes_on else days[end + 1][0]
            found.append({"code": "recurrence", "since": days[start][0], "over": over})
    now = verdict(gains[-1][1], limits) if gains else ""
    last = [gain for _, gain in days[-6:]]
    if len(last) == 6 and limits.mdc and now != "worse" and not goes_on:
        old, new = sum(last[:3]) / 3, sum(last[3:]) / 3
        rose = sorted(last) == last and last[0] != last[-1]
        flat = -limits.mdc < (new - old) * sqrt(3) and (new - old) * sqrt(12) < limits.mdc
        if flat and not rose and (room is None or room - new >= limits.mdc):
            found.append({"code": "plateau", "since": days[-6][0], "over": None})
    return found


def _day(at: datetime) -> date:
    return at.date()


def _turns(reached: Sequence[bool]) -> list[tuple[bool, int]]:
    """Each time when it began to be held (True) or was lost (False): the first of the two days."""
    turns: list[tuple[bool, int]] = []
    for n in range(1, len(reached)):
        holds = bool(turns) and turns[-1][0]
        if reached[n - 1] and reached[n] and not holds:
            turns.append((True, n - 1))
        if not reached[n - 1] and not reached[n] and holds:
            turns.append((False, n - 1))
    return turns


def _has_lost(gains: Sequence[Fraction], least: Fraction) -> bool:
    """Whether the last gain is worse than the level that was held before, by what is important."""
    pairs = [min(gains[n - 1], gains[n]) for n in range(1, len(gains))]
    return bool(pairs) and max(pairs) >= least and max(pairs) - gains[-1] >= least

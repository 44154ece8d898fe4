"""Flags: a course that turned, reported once, with the time at which it turned.

A flag of a series names the series, and its `since` is the time of one of the points. A flag of an
episode names the episode, and its `since` is the time at which the episode was opened.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from math import sqrt
from statistics import fmean
from typing import Any, NamedTuple

from app.progress.rules.history import Clock, Json, Reopening, instant
from app.progress.rules.measures import Key, Series
from app.progress.rules.responder import Day
from app.progress.rules.verdict import FLOAT_TOLERANCE, Criteria

PLATEAU_HALF = 3
PLATEAU_VALUES = 2 * PLATEAU_HALF
RECURS_WITHIN_DAYS = 90


class Recurrence(NamedTuple):
    """The latest run of values that lost a held improvement."""

    since: Any
    over: Any | None  # None: it goes on


def flags(
    all_series: Iterable[Series], reopenings: Iterable[Reopening], clock: Clock
) -> list[Json]:
    """The document's `flags`: first those of the series, in their order, then the episodes'."""
    turns = [flag for series in all_series for flag in _of_series(series)]
    return turns + [
        _flag(
            "recurrence",
            clock.write(again.at),
            episode_id=again.episode_id,
            days_after=clock.day(again.at) - clock.day(again.closed_at),
        )
        for again in recurrent_episodes(reopenings, clock)
    ]


def recurrent_episodes(reopenings: Iterable[Reopening], clock: Clock) -> list[Reopening]:
    """Each episode opened at most 90 clinic days after one of its region closed, oldest first.

    Of several closed ones the last counts.
    """
    recent = {
        (instant(again.at), again.episode_id): again
        for again in sorted(reopenings, key=lambda again: instant(again.closed_at))
        if clock.day(again.at) - clock.day(again.closed_at) <= RECURS_WITHIN_DAYS
    }
    return [recent[key] for key in sorted(recent)]


def recurrence(criteria: Criteria, days: Sequence[Day]) -> Recurrence | None:
    """The latest run of two or more days in a row that lost the level held before.

    The level is the best, over two consecutive days, of the worse of both. It counts if it is an
    important improvement. A day has lost it if it is worse by at least the larger of MDC and MCID.
    The run ends with the first day that hasn't. None without an MDC or an MCID.
    """
    least = criteria.important
    if least is None or not days:
        return None
    gains = [day.gain for day in days]
    levels = accumulate(map(min, gains, gains[1:]), max, initial=0.0)
    lost = [level >= least <= level - gain for level, gain in zip(levels, gains, strict=True)]
    begun = [n for n, (one, next_) in enumerate(pairwise(lost)) if one and next_]
    if not begun:
        return None
    last = begun[-1]
    first = last
    while lost[first - 1]:
        first -= 1
    over = last + 2
    return Recurrence(days[first].at, days[over].at if over < len(days) else None)


def plateau(criteria: Criteria, days: Sequence[Day], room: float | None) -> Any | None:
    """The time of the first of the last six days, if the three later ones are no better.

    They average less than MDC / (2 * sqrt(3)) better, and less than MDC / sqrt(3) worse, than the
    three before; MDC / sqrt(3) is the smallest real difference of two means of three values. None
    where they only got better, where they are nearer than the MDC to the good end of the scale, and
    without an MDC. `room` is the gain at that end; None: the scale has no end.
    """
    last = [day.gain for day in days[-PLATEAU_VALUES:]]
    if criteria.mdc is None or len(last) < PLATEAU_VALUES:
        return None
    earlier, later = fmean(last[:PLATEAU_HALF]), fmean(last[PLATEAU_HALF:])
    only_better = last[-1] > last[0] and all(one <= next_ for one, next_ in pairwise(last))
    has_room = room is None or room - later >= criteria.mdc - FLOAT_TOLERANCE
    is_flat = -criteria.mdc / sqrt(3) < later - earlier < criteria.mdc / (2 * sqrt(3))
    return days[-PLATEAU_VALUES].at if is_flat and has_room and not only_better else None


def _of_series(series: Series) -> Iterable[Json]:
    """The flags of one series."""
    criteria, days = series.criteria, series.days
    turned = recurrence(criteria, days)
    if turned is not None:
        yield _flag("recurrence", turned.since, series.key, over=turned.over)
    is_worse = bool(days) and criteria.verdict(series.gains[-1]) == "worse"
    if is_worse or (turned is not None and turned.over is None):
        return
    since = plateau(criteria, days, series.room)
    if since is not None:
        yield _flag("plateau", since, series.key)


def _flag(
    code: str,
    since: object,
    key: Key | None = None,
    **more: Any,
) -> Json:
    return {
        "code": code,
        **(dict.fromkeys(Key._fields) if key is None else key._asdict()),
        "episode_id": None,
        "days_after": None,
        "since": since,
        "over": None,
        **more,
    }

"""Flags: a course that turned, said once, with the moment at which it did.

A recurrence is a finding about the past, and stays when the course turns again; a plateau is one
about the present, and ends with the next real improvement. A flag of a series names it, and
`since` is the time of one of its points; one of an episode names that, and `since` is when it
was opened.
"""

from collections.abc import Iterable
from itertools import accumulate

from app.progress.rules.history import Json, Reopening, Written, instant
from app.progress.rules.measures import Key, Series
from app.progress.rules.verdict import HAIR
from app.progress.rules.visits import DAY

PLATEAU_VALUES = 3
RECURS_WITHIN = 90 * DAY


def flags(
    all_series: Iterable[Series], reopenings: Iterable[Reopening], written: Written
) -> list[Json]:
    """The document's `flags`: those of the series, in their order, and then the episodes'."""
    turns = [
        _of_series(code, series, turned)
        for series in all_series
        for code, turned in (("recurrence", recurrence(series)), ("plateau", plateau(series)))
        if turned is not None
    ]
    return turns + [
        _flag("recurrence", written(again.at), episode_id=again.episode_id)
        for again in recurrent_episodes(reopenings)
    ]


def recurrent_episodes(reopenings: Iterable[Reopening]) -> list[Reopening]:
    """Each episode that was opened within 90 days after one of its region, in order of time."""
    recent = {
        (instant(again.at), again.episode_id): again
        for again in reopenings
        if instant(again.at) - instant(again.closed_at) <= RECURS_WITHIN
    }
    return [recent[key] for key in sorted(recent)]


def recurrence(series: Series) -> int | None:
    """Index of the first of two consecutive values that lost what had been reached.

    After a value that reaches the MCID, both are worse than the best value so far by at least
    the larger of MDC and MCID. None without an MCID.
    """
    bar = series.bar
    if bar.mcid is None or bar.highest is None:
        return None
    best = bar.merit(series.baseline)
    reached, loss = best + bar.mcid - HAIR, bar.highest - HAIR
    lost = False
    for index, value in enumerate(map(bar.merit, series.values)):
        loses = best >= reached and best - value >= loss
        if loses and lost:
            return index - 1
        lost = loses
        best = max(best, value)
    return None


def plateau(series: Series) -> int | None:
    """Index of the first value on which three or more values since do not improve by the MDC.

    None where a later one does; while the course has only got better since, however slowly; without
    an MDC, for then nobody can tell an improvement from the error of measurement; and nearer than
    the MDC to the good end of the scale, where nothing could improve by as much.
    """
    bar, best = series.bar, series.scale.best
    if bar.mdc is None:
        return None
    real = bar.mdc - HAIR
    merits = [bar.merit(value) for value in series.values]
    reached = list(accumulate(reversed(merits), max))[::-1]  # the best from each value on
    rising = len(merits) - 1  # from here on, nothing got worse
    while rising and merits[rising - 1] <= merits[rising]:
        rising -= 1
    for index, merit in enumerate(merits[:-PLATEAU_VALUES]):
        has_room = best is None or bar.merit(best) - merit >= real
        only_better = index >= rising and merits[-1] > merit
        if has_room and not only_better and reached[index + 1] - merit < real:
            return index
    return None


def _of_series(code: str, series: Series, turned: int) -> Json:
    return _flag(code, series.occasions[turned].at, series.key)


def _flag(code: str, since: object, key: Key | None = None, episode_id: str | None = None) -> Json:
    instrument, activity, side, muscle, region = key or (None,) * 5
    return {
        "code": code,
        "instrument": instrument,
        "activity": activity,
        "side": side,
        "muscle": muscle,
        "region": region,
        "episode_id": episode_id,
        "since": since,
    }

"""Flags: a course that turned, reported once, with the time at which it turned.

A recurrence describes the past, and stays when the course turns again. A plateau describes the
present, and ends with the next real improvement. A flag of a series names the series, and its
`since` is the time of one of the points. A flag of an episode names the episode, and its `since`
is the time at which the episode was opened.
"""

from collections.abc import Iterable
from itertools import accumulate

from app.progress.rules.history import Clock, Json, Reopening, instant
from app.progress.rules.measures import Key, Series
from app.progress.rules.verdict import FLOAT_TOLERANCE
from app.progress.rules.visits import DAY

PLATEAU_VALUES = 3
RECURS_WITHIN = 90 * DAY


def flags(
    all_series: Iterable[Series], reopenings: Iterable[Reopening], clock: Clock
) -> list[Json]:
    """The document's `flags`: first those of the series, in their order, then the episodes'."""
    turns = [
        _of_series(code, series, turned)
        for series in all_series
        for code, turned in (("recurrence", recurrence(series)), ("plateau", plateau(series)))
        if turned is not None
    ]
    return turns + [
        _flag("recurrence", clock.write(again.at), episode_id=again.episode_id)
        for again in recurrent_episodes(reopenings)
    ]


def recurrent_episodes(reopenings: Iterable[Reopening]) -> list[Reopening]:
    """Each episode that was opened within 90 days after one of its region closed, oldest first."""
    recent = {
        (instant(again.at), again.episode_id): again
        for again in reopenings
        if instant(again.at) - instant(again.closed_at) <= RECURS_WITHIN
    }
    return [recent[key] for key in sorted(recent)]


def recurrence(series: Series) -> int | None:
    """Index of the first of two consecutive values that lost the improvement reached before.

    An earlier value reached the MCID. Both values are worse than the best value so far by at
    least the larger of MDC and MCID. None without an MCID.
    """
    criteria = series.criteria
    if series.baseline is None or criteria.mcid is None or criteria.larger_threshold is None:
        return None
    best = criteria.merit(series.baseline)
    reached, loss = (
        best + criteria.mcid - FLOAT_TOLERANCE,
        criteria.larger_threshold - FLOAT_TOLERANCE,
    )
    lost = False
    for index, value in enumerate(map(criteria.merit, series.values)):
        loses = best >= reached and best - value >= loss
        if loses and lost:
            return index - 1
        lost = loses
        best = max(best, value)
    return None


def plateau(series: Series) -> int | None:
    """Index of the first value that three or more values since do not improve on by the MDC.

    A value does not count where:

    - a later value improves on it by the MDC;
    - the values have only got better since then, however slowly;
    - it is nearer than the MDC to the good end of the scale, so it cannot improve by the MDC.

    None where no value counts, or without an MDC, because then nobody can tell an improvement
    from the error of measurement.
    """
    criteria, best = series.criteria, series.scale.best
    if criteria.mdc is None:
        return None
    real = criteria.mdc - FLOAT_TOLERANCE
    merits = [criteria.merit(value) for value in series.values]
    reached = list(accumulate(reversed(merits), max))[::-1]  # the best from each value on
    rising = len(merits) - 1  # from this index on, no value is worse than the one before
    while rising and merits[rising - 1] <= merits[rising]:
        rising -= 1
    for index, merit in enumerate(merits[:-PLATEAU_VALUES]):
        has_room = best is None or criteria.merit(best) - merit >= real
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

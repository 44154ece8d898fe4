"""Flags: a course that turned, said once, with the moment at which it did.

A flag is a finding about the past of one series. It stays when the course turns again, and
`since` is always the time of a point of that series.
"""

from collections.abc import Iterable

from app.progress.rules.history import Json
from app.progress.rules.measures import Series

PLATEAU_VALUES = 3


def flags(all_series: Iterable[Series]) -> list[Json]:
    """The document's `flags`, in the order of the series."""
    return [
        _flag(code, series, turned)
        for series in all_series
        for code, turned in (("recurrence", recurrence(series)), ("plateau", plateau(series)))
        if turned is not None
    ]


def recurrence(series: Series) -> int | None:
    """Index of the first of two consecutive values that lost what had been reached.

    After a value that reaches the MCID, both are worse than the best value so far by at least
    the larger of MDC and MCID. None without an MCID.
    """
    bar = series.bar
    if bar.mcid is None or bar.highest is None:
        return None
    best = series.baseline
    reached = lost = False
    for index, value in enumerate(series.values):
        loses = reached and bar.gain(best, value) <= -bar.highest
        if loses and lost:
            return index - 1
        lost = loses
        if bar.gain(best, value) > 0:
            best = value
            reached = bar.gain(series.baseline, best) >= bar.mcid
    return None


def plateau(series: Series) -> int | None:
    """Index of the first value after which three more bring no improvement of at least the MDC.

    Improvement is over the best value up to there. None without an MDC, for then nobody can
    tell an improvement from the error of measurement.
    """
    bar = series.bar
    if bar.mdc is None:
        return None
    best = series.values[0]
    for index, value in enumerate(series.values[:-PLATEAU_VALUES]):
        if bar.gain(best, value) > 0:
            best = value
        following = series.values[index + 1 : index + 1 + PLATEAU_VALUES]
        if all(bar.gain(best, later) < bar.mdc for later in following):
            return index
    return None


def _flag(code: str, series: Series, turned: int) -> Json:
    instrument, activity, side, muscle = series.key
    return {
        "code": code,
        "instrument": instrument,
        "activity": activity,
        "side": side,
        "muscle": muscle,
        "since": series.occasions[turned].at,
    }

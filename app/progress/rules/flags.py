"""Flags: a course that turned, said once, with the moment at which it did.

A flag is a finding about the past of one series. It stays when the course turns again, and
`since` is always the time of a point of that series.
"""

from collections.abc import Iterable

from app.progress.rules.history import Json
from app.progress.rules.measures import Series
from app.progress.rules.verdict import HAIR

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
    """Index of the first value that three more do not improve on by at least the MDC.

    That value is then the best so far: had an earlier one been better, its own three would have
    had to beat it. None without an MDC, for then nobody can tell an improvement from the error
    of measurement.
    """
    bar = series.bar
    if bar.mdc is None:
        return None
    merits = [bar.merit(value) for value in series.values]
    for index, merit in enumerate(merits[:-PLATEAU_VALUES]):
        following = merits[index + 1 : index + 1 + PLATEAU_VALUES]
        if max(following) < merit + bar.mdc - HAIR:
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

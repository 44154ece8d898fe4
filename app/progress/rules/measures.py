"""Outcome measures: series of values, and how far they came.

A series is keyed by instrument, activity, side and muscle, so that neither two activities nor
a left and a right range of motion are ever mixed. It takes `before` values only, for a value
taken after the needling is contaminated by it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from app.progress.rules.history import (
    Course,
    Json,
    Occasion,
    Reading,
    Scale,
    Written,
    figure,
    instant,
)
from app.progress.rules.trend import trend
from app.progress.rules.verdict import Bar

Key = tuple[str, str | None, str | None, str | None]
"""Instrument, activity, side, muscle."""

Point = tuple[Occasion, float]


class Series(NamedTuple):
    """The `before` values of one measure in order of time; there is at least one."""

    key: Key
    scale: Scale
    occasions: list[Occasion]
    values: list[float]
    baseline: float  # the mean of the first ``baseline_n`` values
    baseline_n: int

    @property
    def bar(self) -> Bar:
        """What a change of this series has to clear."""
        return Bar.of(self.scale, self.baseline)


def series_of(
    course: Course, readings: Iterable[Reading], scales: Mapping[str, Scale], written: Written
) -> list[Series]:
    """Sort readings into series, ordered by their keys.

    Several values of one series in one session, or at one instant outside of any, are one
    point, their mean, as repeated algometer readings are. A session's point stands at the
    session's time. A reading of a session that was not attended is left out.
    """
    points: defaultdict[Key, list[Point]] = defaultdict(list)
    for session_id, phase, instrument, activity, side, muscle, value, at in readings:
        if phase != "before":
            continue
        if session_id is None:
            occasion = Occasion(instant(at), "", written(at))
        elif session_id in course:
            occasion = course[session_id]
        else:
            continue
        points[instrument, activity, side, muscle].append((occasion, value))
    return [
        _series(course, key, scales[key[0]], sorted(points[key]))
        for key in sorted(points, key=lambda key: [part or "" for part in key])
    ]


def measures(all_series: Iterable[Series]) -> list[Json]:
    """The document's `measures`."""
    return [_measure(series) for series in all_series]


def _series(course: Course, key: Key, scale: Scale, points: list[Point]) -> Series:
    """Take the baseline of ordered points.

    It is the mean of the values before treatment, that is up to and with the first attended
    visit; or the first value, where a measure was taken up later.
    """
    if len({occasion.instant for occasion, _ in points}) < len(points):
        points = [_merged(list(same)) for _, same in groupby(points, _when_and_where)]
    started = next((visit.instant for visit in course.values()), points[-1][0].instant)
    untreated = [value for occasion, value in points if occasion.instant <= started]
    baseline = untreated or [points[0][1]]
    return Series(
        key,
        scale,
        [occasion for occasion, _ in points],
        [value for _, value in points],
        fmean(baseline),
        len(baseline),
    )


def _when_and_where(point: Point) -> tuple[int, str]:
    return point[0].instant, point[0].session_id


def _merged(same: list[Point]) -> Point:
    """One point for all values of one occasion, whatever the offsets its time came with."""
    occasion = min((occasion for occasion, _ in same), key=lambda occasion: str(occasion.at))
    return occasion, fmean(value for _, value in same)


def _measure(series: Series) -> Json:
    instrument, activity, side, muscle = series.key
    occasions, values, bar = series.occasions, series.values, series.bar
    latest = values[-1]
    best = max(values) if bar.better == "higher" else min(values)
    change = figure(latest - series.baseline)
    gain = bar.merit(latest) - bar.merit(series.baseline)
    thresholds = series.scale.thresholds
    return {
        "instrument": instrument,
        "activity": activity,
        "side": side,
        "muscle": muscle,
        "better": bar.better,
        "baseline": {
            "value": figure(series.baseline),
            "n": series.baseline_n,
            "at": occasions[0].at,
        },
        "latest": {"value": latest, "at": occasions[-1].at},
        "best": {"value": best, "at": occasions[values.index(best)].at},
        "change": change,
        "change_percent": _percent(change, series.baseline),
        "thresholds": thresholds and thresholds._asdict(),
        "exceeds_mdc": bar.is_real(gain),
        "reaches_mcid": bar.is_worthwhile(gain),
        "verdict": "insufficient" if len(values) == series.baseline_n else bar.verdict(gain),
        "trend": trend([occasion.instant for occasion in occasions], values),
        "points": [
            {"session_id": session_id or None, "at": at, "value": value, "draft": draft}
            for (_, session_id, at, draft, _, _), value in zip(occasions, values, strict=True)
        ],
    }


def _percent(change: float, baseline: float) -> float | None:
    """The change in percent of the baseline, to one decimal; None at a baseline of 0."""
    return round(change / abs(baseline) * 100, 1) + 0.0 if baseline else None

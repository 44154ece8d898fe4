"""Outcome measures: series of values, and how much they changed.

A series belongs to one course of care and is keyed by instrument, activity, side, muscle and
movement, and an activity by its words, not by its case and white space. So two activities, a
rotation and a flexion, or the pain of two complaints are never mixed. It takes `before` values
only, because the needling influences a value that is taken after it.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from statistics import fmean
from typing import Literal, NamedTuple

from typing_extensions import TypeAliasType

from app.core.values.vocabularies import words_of
from app.progress.rules.courses import Care
from app.progress.rules.history import (
    OUTSIDE,
    Clock,
    Json,
    Occasion,
    Reading,
    Scale,
    ScaleOf,
    instant,
    mean,
    rounded,
)
from app.progress.rules.responder import Day, daily, is_provisional, responder
from app.progress.rules.trend import trend
from app.progress.rules.verdict import Criteria, Reachable, Verdict


class Key(NamedTuple):
    """What identifies a series within a course. Series are ordered by it."""

    instrument: str
    activity: str | None = None
    side: str | None = None
    muscle: str | None = None
    region: str | None = None
    movement: str | None = None


Part = TypeAliasType("Part", Literal["older", "baseline", "later"])
"""`older`: before the time of the baseline, only listed. `later`: compared with the baseline."""

OLDER, BASELINE, LATER = words_of(Part)

Shown = Callable[[int], bool]
"""Whether an instant lies within the period of which points are shown."""


class Point(NamedTuple):
    """The values of one series at one instant, as one: their mean."""

    occasion: Occasion
    value: float
    n: int  # how many values it is the mean of


class Series(NamedTuple):
    """The `before` values of one measure in one course, in order of time."""

    key: Key
    scale: Scale
    older: Sequence[Point]
    """Points that are only listed."""
    points: Sequence[Point]
    """Those that count: first the baseline's, then the later ones."""
    baseline: float | None  # the mean of the first ``baseline_n``; None: there is none
    baseline_n: int
    criteria: Criteria
    """The thresholds that a change of this series is judged by."""
    gains: list[float]
    """How much better than the baseline each later value is; negative where it is worse."""
    days: list[Day]
    """The mean gain of each clinic day after the baseline."""
    alone: bool = False
    """Whether they are compared with nothing: they belong to no course, or lack their movement."""

    @property
    def reachable(self) -> Reachable:
        """Whether the scale has room for an important change; unknown without a baseline."""
        if self.baseline is None:
            return Reachable(None, None)
        return self.criteria.reachable(self.baseline, self.scale)

    @property
    def responder(self) -> Json | None:
        """Whether an important improvement is held; None where that can't be said."""
        return responder(self.criteria, self.days, has_room=self.reachable.improved)

    @property
    def room(self) -> float | None:
        """The gain at the best end of the scale; None where it has no such end."""
        if self.scale.best is None or self.baseline is None:
            return None
        criteria = self.criteria
        return criteria.merit(self.scale.best) - criteria.merit(self.baseline)


def series_of(care: Care, scale: ScaleOf, clock: Clock) -> list[Series]:
    """Group the readings of a course into series, ordered by key.

    All values of one series at one instant become one point, their mean; repeated algometer
    readings are an example. A session's values have the session's time.
    """
    values: defaultdict[Key, list[tuple[Occasion, float]]] = defaultdict(list)
    region = care.region
    for one in care.readings:
        session_id = one.session_id
        occasion = _outside(one, clock) if session_id is None else care.course[session_id]
        key = Key(one.instrument, one.activity, one.side, one.muscle, region, one.movement)
        values[key].append((occasion, one.value))
    return [
        _series(care, key, scale(key.instrument, region, key.activity), _points(values[key]))
        for key in sorted(values, key=lambda key: [part or "" for part in key])
    ]


def measures(
    all_series: Iterable[Series], label: Json | None = None, shown: Shown | None = None
) -> list[Json]:
    """The document's `measures`.

    `label` names the course. The points that are not `shown` are left out of `points` alone.
    """
    return [_measure(series, label, shown) for series in all_series]


def _outside(reading: Reading, clock: Clock) -> Occasion:
    at = reading.at
    return Occasion(
        instant=instant(at),
        rank=OUTSIDE,
        session_id="",
        at=clock.write(at),
        day=clock.day(at),
    )


def _points(values: list[tuple[Occasion, float]]) -> list[Point]:
    """One point for each instant, in order of time.

    It is that of the session that comes first, and a draft if any of them is.
    """
    if len({occasion.instant for occasion, _ in values}) == len(values):
        return sorted((Point(occasion, value, 1) for occasion, value in values), key=_instant)
    at_once: defaultdict[int, list[tuple[Occasion, float]]] = defaultdict(list)
    for value in values:
        at_once[value[0].instant].append(value)
    return [_point(at_once[at]) for at in sorted(at_once)]


def _point(same: list[tuple[Occasion, float]]) -> Point:
    if len(same) == 1:
        return Point(*same[0], 1)
    occasions = [occasion for occasion, _ in same]
    occasion = min(occasions, key=lambda one: (one.rank, one.session_id, str(one.at)))
    occasion = occasion._replace(draft=any(one.draft for one in occasions))
    return Point(occasion, mean(value for _, value in same), len(same))


def _series(care: Care, key: Key, scale: Scale, points: list[Point]) -> Series:
    """The series of these points, with its baseline.

    The baseline is the mean of the points in the window of the course. For a rating of change it
    is 0, because the patient compares with the start. Only values after the window count then.
    """
    window = care.window
    older = later = 0
    if window is not None:
        later = bisect_right(points, window.start, key=_instant)
        older = bisect_left(points, window.first_day, hi=later, key=_day)
    alone = care.alone or (scale.needs_movement and key.movement is None)
    if scale.rates_change and not alone:
        older = later if window is not None else len(points)
        baseline: float | None = 0.0
    else:
        within = [point.value for point in points[older:later]]
        baseline = fmean(within) if within and not alone else None
    after = [] if baseline is None else points[max(older, later) :]
    gains = _gains(scale, baseline or 0.0, after)
    return Series(
        key,
        scale,
        points[:older],
        points[older:],
        baseline,
        max(later - older, 0),
        Criteria.of(scale, baseline or 0.0),
        gains,
        daily([point.occasion for point in after], gains),
        alone,
    )


def _gains(scale: Scale, baseline: float, later: Iterable[Point]) -> list[float]:
    if scale.better == "higher":
        return [point.value - baseline for point in later]
    return [baseline - point.value for point in later]


def _instant(point: Point) -> int:
    return point.occasion.instant


def _day(point: Point) -> int:
    return point.occasion.day


def _value(point: Point) -> float:
    return point.value


def _measure(series: Series, label: Json | None, shown: Shown | None) -> Json:
    points, criteria = series.points, series.criteria
    thresholds = series.scale.thresholds
    return {
        "course": label,
        **series.key._asdict(),
        "unit": series.scale.unit,
        "better": criteria.better,
        "baseline": _baseline(series),
        "latest": _valued(points[-1]) if points else None,
        "best": None if series.alone else _best(series),
        "thresholds": thresholds and thresholds._asdict(),
        **_changed(series),
        "trend": None if series.alone else _trend(series),
        "points": _listed(series, shown),
    }


def _baseline(series: Series) -> Json | None:
    if series.baseline is None:
        return None
    first = series.points[: series.baseline_n]
    return {
        "value": rounded(series.baseline),
        "n": len({point.occasion.day for point in first}),
        "at": first[0].occasion.at if first else None,
        "last": _valued(first[-1]) if first else None,
    }


def _valued(point: Point) -> Json:
    return {"value": point.value, "at": point.occasion.at}


def _best(series: Series) -> Json | None:
    best = max if series.scale.better == "higher" else min
    return _valued(best(series.points, key=_value)) if series.points else None


def _trend(series: Series) -> Json:
    return trend(
        [point.occasion.instant for point in series.points],
        [point.value for point in series.points],
        [point.occasion.day for point in series.points],
    )


def _changed(series: Series) -> Json:
    """The members about the change; all but `reachable` are empty until a value follows."""
    base, criteria, days = series.baseline, series.criteria, series.days
    found: Json = {
        "change": None,
        "change_percent": None,
        "exceeds_mdc": None,
        "reaches_mcid": None,
        "verdict": "insufficient",
        "verdict_from_last": None,
        "provisional": False,
        "reachable": series.reachable._asdict(),
        "responder": series.responder,
    }
    if base is None or not days:
        return found
    gain, change = series.gains[-1], rounded(series.points[-1].value - base)
    verdict = criteria.verdict(gain)
    important = verdict in {"improved_important", "worse"}
    return found | {
        "change": change,
        "change_percent": _percent(change, base),
        "exceeds_mdc": criteria.is_real(gain),
        "reaches_mcid": criteria.is_worthwhile(gain),
        "verdict": verdict,
        "verdict_from_last": _from_last(series, verdict),
        "provisional": important and is_provisional(criteria, days, worse=verdict == "worse"),
    }


def _from_last(series: Series, verdict: Verdict) -> Verdict | None:
    """The verdict from the last value of the baseline, where it is another than from the mean."""
    if not series.baseline_n:
        return None
    last = series.points[series.baseline_n - 1].value
    criteria = Criteria.of(series.scale, last)
    found = criteria.verdict(criteria.merit(series.points[-1].value) - criteria.merit(last))
    return None if found == verdict else found


def _listed(series: Series, shown: Shown | None) -> list[Json]:
    """The points of the document, oldest first."""
    parts = chain(
        repeat(OLDER, len(series.older)),
        repeat(BASELINE, series.baseline_n),
        repeat(LATER, len(series.points) - series.baseline_n),
    )
    points = [*series.older, *series.points]
    return [
        {
            "session_id": occasion.session_id or None,
            "at": occasion.at,
            "value": value,
            "n": n,
            "part": part,
            "draft": occasion.draft,
        }
        for (occasion, value, n), part in zip(points, parts, strict=True)
        if shown is None or shown(occasion.instant)
    ]


def _percent(change: float, baseline: float) -> float | None:
    """The change in percent of the baseline, to one decimal; None at a baseline of 0."""
    return round(change / abs(baseline) * 100, 1) + 0.0 if baseline else None

"""Outcome measures: series of values, and how much they changed.

A series is keyed by instrument, activity, side, muscle and body region, and an activity by its
words, not by its case and white space. So two activities, a
left and a right range of motion, or the pain of two complaints are never mixed. It takes
`before` values only, because the needling influences a value that is taken after it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from statistics import fmean
from typing import NamedTuple

from app.progress.rules.history import (
    OUTSIDE,
    Clock,
    Course,
    Episode,
    Json,
    Occasion,
    Reading,
    Scale,
    ScaleOf,
    Visit,
    in_one_spelling,
    instant,
    rounded,
)
from app.progress.rules.responder import Day, daily, is_provisional, responder
from app.progress.rules.trend import trend
from app.progress.rules.verdict import Criteria

Key = tuple[str, str | None, str | None, str | None, str | None]
"""Instrument, activity, side, muscle, region."""

Point = tuple[Occasion, float]

Regions = Mapping[str | None, str | None]
"""The body region of each episode; the key None has the region None."""


class Series(NamedTuple):
    """The `before` values of one measure in order of time; there is at least one."""

    key: Key
    scale: Scale
    occasions: list[Occasion]
    values: list[float]
    baseline: float  # the mean of the first ``baseline_n`` values
    baseline_n: int

    @property
    def criteria(self) -> Criteria:
        """The thresholds that a change of this series is judged by."""
        return Criteria.of(self.scale, self.baseline)

    @property
    def gains(self) -> list[float]:
        """How much better than the baseline each later value is; negative where it is worse."""
        later, base = self.values[self.baseline_n :], self.baseline
        if self.scale.better == "higher":
            return [value - base for value in later]
        return [base - value for value in later]

    @property
    def days(self) -> list[Day]:
        """The mean gain of each clinic day after the baseline."""
        return daily(self.occasions[self.baseline_n :], self.gains)

    @property
    def responder(self) -> Json | None:
        """Whether an important improvement is held; None where that can't be said."""
        has_room = self.criteria.reachable(self.baseline, self.scale).improved
        return responder(self.criteria, self.days, has_room=has_room)

    @property
    def room(self) -> float | None:
        """The gain at the best end of the scale; None where it has no such end."""
        if self.scale.best is None:
            return None
        criteria = self.criteria
        return criteria.merit(self.scale.best) - criteria.merit(self.baseline)


def series_of(
    course: Course,
    readings: Sequence[Reading],
    scale: ScaleOf,
    clock: Clock,
    regions: Regions,
    episodes: Mapping[str, str | None],
) -> list[Series]:
    """Group readings into series, ordered by key.

    Several values of one series in one session, or at one instant outside any session, become
    one point, their mean; repeated algometer readings are an example. A session's point has the
    session's time. A reading of a session that was not attended is left out. `episodes` gives the
    episode of each session. Readings without a region join the series that differs only in its
    region, if there is exactly one.
    """
    points: defaultdict[Key, list[Point]] = defaultdict(list)
    for one in in_one_spelling(readings):
        if one.phase != "before":
            continue
        if one.session_id is None:
            at = one.at
            occasion = Occasion(
                instant=instant(at),
                rank=OUTSIDE,
                session_id="",
                at=clock.write(at),
                day=clock.day(at),
            )
            region = regions.get(one.episode_id)
        elif one.session_id in course:
            occasion = course[one.session_id]
            region = regions.get(episodes[one.session_id])
        else:
            continue
        key = (one.instrument, one.activity, one.side, one.muscle, region)
        points[key].append((occasion, one.value))
    _settle(points)
    return [
        _series(course, key, scale(key[0], key[-1], key[1]), sorted(points[key]))
        for key in sorted(points, key=lambda key: [part or "" for part in key])
    ]


def _settle(points: dict[Key, list[Point]]) -> None:
    """Move values without a region into the series with a region, if there is exactly one."""
    regions: defaultdict[tuple[str | None, ...], list[Key]] = defaultdict(list)
    for key in points:
        if key[-1] is not None:
            regions[key[:-1]].append(key)
    for key in [key for key in points if key[-1] is None]:
        if len(regions[key[:-1]]) == 1:
            points[regions[key[:-1]][0]] += points.pop(key)


def regions_of(episodes: Iterable[Episode]) -> Regions:
    """The body region of each episode."""
    return {None: None} | {episode.episode_id: episode.region for episode in episodes}


def episodes_of(visits: Iterable[Visit]) -> dict[str, str | None]:
    """The episode of each session."""
    return {visit.session_id: visit.episode_id for visit in visits}


def measures(all_series: Iterable[Series]) -> list[Json]:
    """The document's `measures`."""
    return [_measure(series) for series in all_series]


def _series(course: Course, key: Key, scale: Scale, points: list[Point]) -> Series:
    """The series of these points, which are in order of time, with its baseline.

    The baseline is the mean of the values up to and including the first attended visit. If there
    are none, it is the first value. For a rating of change it is 0.
    """
    if len({occasion.instant for occasion, _ in points}) < len(points):
        points = [_merged(list(same)) for _, same in groupby(points, _when_and_where)]
    started = next((visit.instant for visit in course.values()), points[-1][0].instant)
    untreated = [value for occasion, value in points if occasion.instant <= started]
    baseline = untreated or [points[0][1]]
    if scale.rates_change:
        baseline = []
    return Series(
        key,
        scale,
        [occasion for occasion, _ in points],
        [value for _, value in points],
        fmean(baseline) if baseline else 0.0,
        len(baseline),
    )


def _when_and_where(point: Point) -> tuple[int, str]:
    return point[0].instant, point[0].session_id


def _merged(same: list[Point]) -> Point:
    """One point for all values of one occasion, even if its times have different UTC offsets."""
    occasion = min((occasion for occasion, _ in same), key=lambda occasion: str(occasion.at))
    return occasion, fmean(value for _, value in same)


def _measure(series: Series) -> Json:
    instrument, activity, side, muscle, region = series.key
    occasions, values, criteria = series.occasions, series.values, series.criteria
    latest = values[-1]
    best = max(values) if criteria.better == "higher" else min(values)
    thresholds = series.scale.thresholds
    return {
        "instrument": instrument,
        "activity": activity,
        "side": side,
        "muscle": muscle,
        "region": region,
        "unit": series.scale.unit,
        "better": criteria.better,
        "baseline": {
            "value": rounded(series.baseline),
            "n": series.baseline_n,
            "at": occasions[0].at,
        },
        "latest": {"value": latest, "at": occasions[-1].at},
        "best": {"value": best, "at": occasions[values.index(best)].at},
        "thresholds": thresholds and thresholds._asdict(),
        **_changed(series),
        "trend": trend(
            [occasion.instant for occasion in occasions],
            values,
            [occasion.day for occasion in occasions],
        ),
        "points": [
            {
                "session_id": occasion.session_id or None,
                "at": occasion.at,
                "value": value,
                "draft": occasion.draft,
            }
            for occasion, value in zip(occasions, values, strict=True)
        ],
    }


def _changed(series: Series) -> Json:
    """The members about the change; all but `reachable` are empty before a later value."""
    criteria, days = series.criteria, series.days
    reachable = criteria.reachable(series.baseline, series.scale)
    found: Json = {
        "change": None,
        "change_percent": None,
        "exceeds_mdc": None,
        "reaches_mcid": None,
        "verdict": "insufficient",
        "provisional": False,
        "reachable": reachable._asdict(),
        "responder": series.responder,
    }
    if not days:
        return found
    gain, change = series.gains[-1], rounded(series.values[-1] - series.baseline)
    verdict = criteria.verdict(gain)
    important = verdict in {"improved_important", "worse"}
    return found | {
        "change": change,
        "change_percent": _percent(change, series.baseline),
        "exceeds_mdc": criteria.is_real(gain),
        "reaches_mcid": criteria.is_worthwhile(gain),
        "verdict": verdict,
        "provisional": important and is_provisional(criteria, days, worse=verdict == "worse"),
    }


def _percent(change: float, baseline: float) -> float | None:
    """The change in percent of the baseline, to one decimal; None at a baseline of 0."""
    return round(change / abs(baseline) * 100, 1) + 0.0 if baseline else None

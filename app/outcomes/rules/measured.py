"""How many patients of a cohort hold an important improvement, by instrument."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.outcomes.rules.cases import Case
from app.progress.rules.courses import Care, started
from app.progress.rules.history import Clock, Course, Reading, ScaleOf, in_one_spelling, instant
from app.progress.rules.measures import Series, series_of

HELD = frozenset({"held", "wavering"})
"""The states in which an important improvement is held."""
NO_ROOM = "no_room"


class Improvements(NamedTuple):
    """The counts of one instrument."""

    instrument: str
    thresholds: Sequence[str]
    """The ids of all thresholds that were applied."""
    measured: int  # courses with a baseline
    measured_again: int  # courses with a later value, too
    patients: int  # patients measured again, whose scale had room
    held: int  # of these, those who hold an important improvement
    no_room: int  # patients measured again, whose scale had no room


class _Measured(NamedTuple):
    case: Case
    series: Series
    state: str | None  # None: not measured again, or without an MDC or an MCID


def improvements(cases: Iterable[Case], scale: ScaleOf, clock: Clock) -> list[Improvements]:
    """The counts of each instrument with thresholds.

    Of a patient with several courses, the last one that was measured again counts.
    """
    found: defaultdict[str, list[_Measured]] = defaultdict(list)
    for case in cases:
        for series in _series(case.care, scale, clock):
            if series.baseline is not None and series.scale.thresholds is not None:
                found[series.key[0]].append(_Measured(case, series, _state(series)))
    counted = (_improvements(code, some) for code, some in sorted(found.items()))
    return [one for one in counted if one is not None]


def _improvements(code: str, measured: Sequence[_Measured]) -> Improvements | None:
    """The counts of one instrument; None where no course can have one."""
    ordered = sorted(measured, key=lambda one: started(one.case.care) or 0)
    states = {one.case.patient_id: one.state for one in ordered if one.state is not None}
    if not states:
        return None
    thresholds = {
        one.series.scale.thresholds.id
        for one in measured
        if one.state is not None and one.series.scale.thresholds is not None
    }
    no_room = sum(state == NO_ROOM for state in states.values())
    return Improvements(
        code,
        sorted(thresholds),
        len(measured),
        sum(bool(one.series.gains) for one in measured),
        len(states) - no_room,
        sum(state in HELD for state in states.values()),
        no_room,
    )


def _state(series: Series) -> str | None:
    found = series.responder
    return None if found is None else found["state"]


def _series(care: Care, scale: ScaleOf, clock: Clock) -> list[Series]:
    """One series for each instrument, from values without a side and a muscle."""
    whole = [
        reading._replace(activity=None)
        for reading in _comparable(care.readings, care.course)
        if reading.side is reading.muscle is None
    ]
    return series_of(care._replace(readings=whole), scale, clock)


def _comparable(readings: Sequence[Reading], course: Course) -> list[Reading]:
    """The readings whose mean can be compared with the first score.

    The score of activities is their mean. It is comparable on each occasion on which the same
    activities were rated as on the first.
    """
    readings = in_one_spelling(readings)
    rated: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for reading in readings:
        if reading.activity is not None:
            rated[reading.instrument, _instant(reading, course)].add(reading.activity)
    first: dict[str, set[str]] = {}
    for (code, _), activities in sorted(rated.items(), key=lambda item: item[0]):
        first.setdefault(code, activities)
    return [
        reading
        for reading in readings
        if reading.activity is None
        or rated[reading.instrument, _instant(reading, course)] == first[reading.instrument]
    ]


def _instant(reading: Reading, course: Course) -> int:
    if reading.session_id is None:
        return instant(reading.at)
    return course[reading.session_id].instant

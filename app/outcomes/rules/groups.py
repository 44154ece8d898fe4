"""Counts of a cohort: improvements held and adverse events by group, with exact intervals.

A cohort consists of *courses of care*: one patient's visits in one episode, or in none. Counts from
1 to 4 are suppressed, and groups of fewer than 5 patients are merged, so that a printed table
identifies nobody. A count of 0 is given, because it reveals nothing about a person. Practitioners
are not compared. No figure says why a patient changed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

from typing_extensions import TypeAliasType

from app.outcomes.rules.exact import LEVEL, interval
from app.progress.rules.history import (
    Clock,
    Course,
    Json,
    Reading,
    ScaleOf,
    Visit,
    course_of,
    in_one_spelling,
    instant,
)
from app.progress.rules.measures import Series, series_of

SHOWN_FROM: Final = 5
OTHERS: Final = "(others)"
"""The name of the merged small groups."""
HIDDEN: Final = frozenset(range(1, SHOWN_FROM))
DECIMALS: Final = 9
Severity = Literal["mild", "significant", "serious"]
SEVERITIES: Final[tuple[Severity, ...]] = ("mild", "significant", "serious")
OutcomesBy = TypeAliasType("OutcomesBy", Literal["region", "diagnosis", "technique"])
"""What puts a course of care into a group."""


class Harm(NamedTuple):
    """An adverse event that was no close call, and its session, if it has one."""

    id: str
    severity: Severity
    session_id: str | None


class Care(NamedTuple):
    """A course of care, up to the end of the period."""

    patient_id: str
    region: str | None
    diagnoses: Sequence[str]
    techniques: Sequence[str]
    visits: Sequence[Visit]
    readings: Sequence[Reading]
    insertions: int
    events: Sequence[Harm]


def outcomes(cares: Iterable[Care], by: OutcomesBy | None, scale: ScaleOf) -> list[Json]:
    """The groups of a cohort, each with its improvements and adverse events, the largest first.

    A course that belongs to several groups, for example by two diagnoses, is counted in each.
    """
    groups: defaultdict[str | None, list[Care]] = defaultdict(list)
    for care in cares:
        for name in _names(care, by):
            groups[name].append(care)
    shown = groups.items() if by is None else _large_enough(groups)
    found = [_group(name, group, scale) for name, group in shown]
    return sorted(found, key=lambda group: (-(group["patients"] or 0), group["group"] or ""))


def _large_enough(
    groups: Mapping[str | None, Sequence[Care]],
) -> Iterable[tuple[str | None, Sequence[Care]]]:
    """The groups, with the small ones merged into one.

    The next larger groups are merged with them until there are enough patients. Otherwise
    subtracting the shown groups from the whole would reveal the small ones.
    """
    large = dict(groups)
    merged: list[Care] = []
    for name in sorted(groups, key=lambda name: (_patients(groups[name]), name or "")):
        if _patients(groups[name]) >= SHOWN_FROM and (
            not merged or _patients(merged) >= SHOWN_FROM
        ):
            break
        merged += large.pop(name)
    once = list({id(care): care for care in merged}.values())
    return [*large.items(), *([(OTHERS, once)] if once else [])]


def _patients(cares: Sequence[Care]) -> int:
    return len({care.patient_id for care in cares})


def _names(care: Care, by: OutcomesBy | None) -> Sequence[str | None]:
    if by == "region":
        return [care.region]
    found: Mapping[str | None, Sequence[str]]
    found = {"diagnosis": care.diagnoses, "technique": care.techniques}
    return sorted(set(found.get(by, ()))) or [None]


def _group(name: str | None, cares: Sequence[Care], scale: ScaleOf) -> Json:
    patients = _patients(cares)
    if patients < SHOWN_FROM:
        return {
            "group": name,
            "suppressed": True,
            **dict.fromkeys(("patients", "courses", "sessions", "insertions")),
            "measures": [],
            "adverse_events": None,
        }
    return {
        "group": name,
        "suppressed": False,
        "patients": patients,
        "courses": len(cares),
        "sessions": sum(len(care.visits) for care in cares),
        "insertions": sum(care.insertions for care in cares),
        "measures": _responders(cares, scale),
        "adverse_events": {severity: _events(cares, severity) for severity in SEVERITIES},
    }


def _responders(cares: Iterable[Care], scale: ScaleOf) -> list[Json]:
    """The courses of care that hold an important improvement, by instrument with MDC and MCID."""
    responds: defaultdict[str, list[bool]] = defaultdict(list)
    used: defaultdict[str, set[str]] = defaultdict(set)
    for care in cares:
        for series in _series(care, scale):
            thresholds = series.scale.thresholds
            state = series.responder
            if thresholds is not None and state is not None:
                responds[series.key[0]].append(state["state"] in {"held", "wavering"})
                used[series.key[0]].add(thresholds.id)
    return [
        {
            "instrument": code,
            "thresholds": sorted(used[code]),
            "responding": proportion(sum(found), len(found)),
        }
        for code, found in sorted(responds.items())
    ]


def _series(care: Care, scale: ScaleOf) -> list[Series]:
    """One series for each instrument, from values without a side and a muscle."""
    course = course_of(care.visits, Clock(), care.readings)
    whole = [
        reading._replace(activity=None, episode_id=None)
        for reading in _comparable(care.readings, course)
        if reading.side is reading.muscle is None
    ]
    regions: dict[str | None, str | None] = {None: care.region}
    return series_of(course, whole, scale, Clock(), regions, dict.fromkeys(course))


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


def _events(cares: Sequence[Care], severity: Severity) -> Json:
    """How often events of one severity were reported.

    Per session and per patient: those with at least one. Per insertion: the events.
    """
    found = {
        harm: care.patient_id for care in cares for harm in care.events if harm.severity == severity
    }
    sessions = {harm.session_id for harm in found} - {None}
    return {
        "per_session": proportion(len(sessions), sum(len(care.visits) for care in cares)),
        "per_patient": proportion(
            len(set(found.values())), len({care.patient_id for care in cares})
        ),
        "per_insertion": proportion(len(found), sum(care.insertions for care in cares)),
    }


def proportion(count: int, of: int) -> Json:
    """A proportion with its 95 % interval; null where it would reveal a count from 1 to 4."""
    if of == 0 or {count, of - count, of} & HIDDEN:
        shown = None if of in HIDDEN else of
        return {"count": None, "of": shown, "proportion": None, "interval": None}
    if count > of:  # more events than insertions: not a proportion
        return {"count": count, "of": of, "proportion": None, "interval": None}
    low, high = interval(count, of)
    return {
        "count": count,
        "of": of,
        "proportion": round(count / of, DECIMALS),
        "interval": {
            "method": "clopper_pearson" if count else "rule_of_three",
            "level": LEVEL,
            "low": round(low, DECIMALS),
            "high": round(high, DECIMALS),
        },
    }

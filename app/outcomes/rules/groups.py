"""Counts of a cohort: improvements held and adverse events by group, with exact intervals.

A cohort consists of courses of care. Counts from 1 to 4 are suppressed, and groups of fewer than 5
patients are merged, so that a printed table identifies nobody. A count of 0 is given, because it
reveals nothing about a person. Practitioners are not compared. No figure says why a patient
changed.

Intervals are given by patient. Sessions of one patient are alike, so an interval that takes them
for independent would be too narrow, and rates by session have none.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

from typing_extensions import TypeAliasType

from app.outcomes.rules.cases import SEVERITIES, Case
from app.outcomes.rules.exact import LEVEL, interval
from app.outcomes.rules.measured import improvements
from app.progress.rules.history import Clock, Json, ScaleOf

SHOWN_FROM: Final = 5
OTHERS: Final = "(others)"
"""The name of the merged small groups."""
HIDDEN: Final = frozenset(range(1, SHOWN_FROM))
DECIMALS: Final = 9
OutcomesBy = TypeAliasType("OutcomesBy", Literal["region", "diagnosis", "technique"])
"""What puts a course of care into a group."""


def outcomes(
    cases: Iterable[Case],
    by: OutcomesBy | None,
    scale: ScaleOf,
    clock: Clock,
) -> list[Json]:
    """The groups of a cohort, each with its improvements and adverse events, the largest first.

    A course that belongs to several groups, for example by two diagnoses, is counted in each.
    """
    groups: defaultdict[str | None, list[Case]] = defaultdict(list)
    for case in cases:
        for name in _names(case, by):
            groups[name].append(case)
    shown = groups.items() if by is None else _large_enough(groups)
    found = [_group(name, group, scale, clock) for name, group in shown]
    return sorted(found, key=lambda group: (-(group["patients"] or 0), group["group"] or ""))


def _large_enough(
    groups: Mapping[str | None, Sequence[Case]],
) -> Iterable[tuple[str | None, Sequence[Case]]]:
    """The groups, with the small ones merged into one.

    The next larger groups are merged with them until there are enough patients. Otherwise
    subtracting the shown groups from the whole would reveal the small ones.
    """
    large = dict(groups)
    merged: list[Case] = []
    for name in sorted(groups, key=lambda name: (_patients(groups[name]), name or "")):
        if _patients(groups[name]) >= SHOWN_FROM and (
            not merged or _patients(merged) >= SHOWN_FROM
        ):
            break
        merged += large.pop(name)
    once = list({id(case): case for case in merged}.values())
    return [*large.items(), *([(OTHERS, once)] if once else [])]


def _patients(cases: Sequence[Case]) -> int:
    return len({case.patient_id for case in cases})


def _names(case: Case, by: OutcomesBy | None) -> Sequence[str | None]:
    if by == "region":
        return [case.care.region]
    found: Mapping[str | None, Sequence[str]]
    found = {"diagnosis": case.diagnoses, "technique": case.techniques}
    return sorted(set(found.get(by, ()))) or [None]


def _group(
    name: str | None,
    cases: Sequence[Case],
    scale: ScaleOf,
    clock: Clock,
) -> Json:
    patients = _patients(cases)
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
        "courses": len(cases),
        "sessions": sum(len(case.care.course) for case in cases),
        "insertions": sum(case.insertions for case in cases),
        "measures": [
            {
                "instrument": one.instrument,
                "thresholds": one.thresholds,
                "measured_again": share(one.measured_again, one.measured),
                "held": proportion(one.held, one.patients),
                "no_room": _shown(one.no_room),
            }
            for one in improvements(cases, scale, clock)
        ],
        "adverse_events": {severity: _events(cases, severity) for severity in SEVERITIES},
    }


def outside(cases: Iterable[Case], happened: Mapping[str, str]) -> Json:
    """How many events of a period no course of the cohort counts, by severity.

    `happened` has the severity of each event of the period.
    """
    counted = {harm.id for case in cases for harm in case.harms}
    left = [severity for id, severity in happened.items() if id not in counted]
    return {severity: _shown(left.count(severity)) for severity in SEVERITIES}


def _events(cases: Sequence[Case], severity: str) -> Json:
    """How often events of one severity were reported.

    Per patient and per session: those with at least one. Otherwise: the events. An event without
    a visit close before it is in no count by session, and `without_session` says so.
    """
    harms = [
        (case.patient_id, harm)
        for case in cases
        for harm in case.harms
        if harm.severity == severity
    ]
    sessions = sum(len(case.care.course) for case in cases)
    with_one = {harm.session_id for _, harm in harms} - {None}
    return {
        "per_patient": proportion(len({id for id, _ in harms}), _patients(cases)),
        "per_session": share(len(with_one), sessions),
        "events_per_session": share(len(harms), sessions),
        "per_insertion": share(len(harms), sum(case.insertions for case in cases)),
        "by_date": _shown(sum(harm.by_date for _, harm in harms)),
        "without_session": _shown(sum(harm.session_id is None for _, harm in harms)),
    }


def _shown(count: int) -> int | None:
    """A count; None where it is one from 1 to 4."""
    return None if count in HIDDEN else count


def share(count: int, of: int) -> Json:
    """A count out of a total, without an interval; None where it would reveal one from 1 to 4.

    There may be more events than sessions. Then the quotient is above 1.
    """
    if of == 0 or {count, of - count, of} & HIDDEN:
        return {"count": None, "of": None if of in HIDDEN else of, "proportion": None}
    return {"count": count, "of": of, "proportion": round(count / of, DECIMALS)}


def proportion(count: int, of: int) -> Json:
    """A share of independent patients, with its 95 % interval."""
    shown = share(count, of)
    if shown["count"] is None:
        return {**shown, "interval": None}
    low, high = interval(count, of)
    return {
        **shown,
        "interval": {
            "method": "clopper_pearson" if count else "rule_of_three",
            "sides": 2 if count else 1,
            "level": LEVEL,
            "low": round(low, DECIMALS),
            "high": round(high, DECIMALS),
        },
    }

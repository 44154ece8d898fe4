"""A second opinion on the measures of a course: by docs/progress.md alone, in exact fractions."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from tests.progress import second_opinion_on_chance as chance
from tests.progress.second_opinion_on_courses import (
    CourseOfCare,
    Opinion,
    is_of_baseline,
    is_older,
)
from tests.progress.second_opinion_on_trends import mean, trend

Record = dict[str, Any]
KEY = ("activity", "side", "muscle", "movement")
OF_A_MOVEMENT = ("rom_active", "rom_passive", "rom_cervical")


def measures(
    course: CourseOfCare, scales: Mapping[str, Record], opinion: Opinion, *, alone: bool = False
) -> list[Record]:
    """The document's `measures` of a course, or of values that stand alone."""
    found: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for row in course.values:
        key = (row["instrument"], *(row.get(name) or "" for name in KEY))
        found[key].append(row)
    region = course.episode and course.episode["region"]
    drafts = {row["id"] for row in course.attended if row.get("status", "draft") == "draft"}
    return [
        {
            "course": None if alone else course.label,
            "instrument": key[0],
            **dict(zip(KEY, (part or None for part in key[1:]), strict=True)),
            "region": region,
            **_measure(
                rows,
                course,
                scales[key[0]],
                drafts,
                opinion,
                alone=alone or (key[0] in OF_A_MOVEMENT and not key[-1]),
            ),
        }
        for key, rows in sorted(found.items())
    ]


class Point(NamedTuple):
    """The values of one instant."""

    at: datetime
    value: Fraction
    rows: list[Record]
    part: str


def _points(rows: Sequence[Record], course: CourseOfCare, opinion: Opinion) -> list[Point]:
    found = []
    for at in sorted({row["at"] for row in rows}):
        same = [row for row in rows if row["at"] == at]
        part = "later"
        if is_older(course, at, opinion.zone, opinion.days):
            part = "older"
        elif is_of_baseline(course, at, opinion.zone, opinion.days):
            part = "baseline"
        found.append(Point(at, mean(row["value"] for row in same), same, part))
    return found


def _measure(
    rows: Sequence[Record],
    course: CourseOfCare,
    scale: Record,
    drafts: Container[str],
    opinion: Opinion,
    *,
    alone: bool,
) -> Record:
    points = _points(rows, course, opinion)
    before = [one for one in points if one.part == "baseline"]
    counted = [one for one in points if one.part != "older"]
    later = [one for one in points if one.part == "later"] if before else []
    shown: Record = {
        "better": scale["better"],
        "baseline": None,
        "latest": (counted and {"value": float(counted[-1].value), "at": counted[-1].at}) or None,
        "best": None if alone or not counted else _best(counted, scale),
        "change": None,
        "change_percent": None,
        "exceeds_mdc": None,
        "reaches_mcid": None,
        "verdict": "insufficient",
        "provisional": False,
        "reachable": {"improved": None, "worse": None},
        "responder": None,
        "flags": [],
        "trend": None
        if alone
        else trend(
            [one.at for one in counted], [float(one.value) for one in counted], opinion.zone
        ),
        "points": [
            {
                "at": one.at,
                "value": float(one.value),
                "n": len(one.rows),
                "part": one.part,
                "draft": any(row.get("session_id") in drafts for row in one.rows),
                **_session(one.rows),
            }
            for one in points
        ],
    }
    if before and not alone:
        shown |= _compared(before, later, scale, opinion)
    return shown


def _trend_of(points: Sequence[Point], opinion: Opinion) -> Record:
    values = [float(one.value) for one in points]
    return trend([one.at for one in points], values, opinion.zone)


def _session(rows: Sequence[Record]) -> Record:
    """The session of a point, where there is only one."""
    of = {row.get("session_id") for row in rows} - {None}
    return {} if len(of) > 1 else {"session_id": of.pop() if of else None}


def _best(points: Sequence[Point], scale: Record) -> Record:
    values = [one.value for one in points]
    best = max(values) if scale["better"] == "higher" else min(values)
    return {"value": float(best), "at": next(one.at for one in points if one.value == best)}


def _compared(
    before: Sequence[Point], later: Sequence[Point], scale: Record, opinion: Opinion
) -> Record:
    """The members of a measure with a baseline, and the change if a value follows it."""
    baseline = sum((one.value for one in before), Fraction(0)) / len(before)
    limits = chance.Limits(
        *(Fraction(str(scale[name])) if scale[name] else None for name in ("mdc", "mcid"))
    )
    last = {"value": float(before[-1].value), "at": before[-1].at}
    shown: Record = {
        "baseline": {
            "value": float(baseline),
            "n": len({one.at.astimezone(opinion.zone).date() for one in before}),
            "at": before[0].at,
            "last": last,
        },
        "reachable": {
            way: None
            if (scale[end] is not None or way == "worse") and not any(limits)
            else scale[end] is None
            or abs(Fraction(scale[end]) - baseline) >= max(filter(None, limits))
            for way, end in (("improved", "best"), ("worse", "worst"))
        },
    }
    if not later:
        return shown
    sign = 1 if scale["better"] == "higher" else -1
    gains = [(one.at.astimezone(opinion.zone), sign * (one.value - baseline)) for one in later]
    gain = gains[-1][1]
    room = None if scale["best"] is None else sign * (Fraction(scale["best"]) - baseline)
    verdict, ways = chance.verdict(gain, limits), {"improved_important": 1, "worse": -1}
    shown |= {
        "change": float(sign * gain),
        "exceeds_mdc": abs(gain) >= limits.mdc if limits.mdc else None,
        "reaches_mcid": abs(gain) >= limits.mcid if limits.mcid else None,
        "verdict": verdict,
        "provisional": verdict in ways and not chance.is_held(gains, limits, ways[verdict]),
        "responder": chance.responder(gains, limits, room),
        "flags": chance.series_flags(gains, limits, room),
    }
    if baseline:
        shown["change_percent"] = round(float(sign * gain / abs(baseline) * 100), 1)
    return shown

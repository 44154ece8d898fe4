"""A second opinion on progress: the contract's words over the records, naively and with `scipy`.

It shares nothing with the rules it is held against. It reads the records of one patient in the
form in which they are sent and imported, and answers with what it has an opinion on.
"""

import warnings
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import cache
from itertools import groupby, pairwise
from statistics import median
from typing import Any, NamedTuple

import pytest
from scipy import stats

from tests.progress import second_opinion_on_chance as chance
from tests.progress.second_opinion_on_courses import (
    CourseOfCare,
    Opinion,
    adverse_events,
    courses_of,
    in_order,
    is_of_baseline,
    is_older,
    longest_gap_days,
    unlinked_visits,
)
from tests.progress.second_opinion_on_muscles import muscles, time_to_release

Record = dict[str, Any]
KEY = ("activity", "side", "muscle")
CHANGES = ("much_worse", "worse", "same", "better", "much_better")
KNOWN_P_UP_TO = 9
"""Up to this many values all orders of them are counted here."""


def disagreements(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Where a document differs from the second opinion on what the latter has an opinion on."""
    if isinstance(theirs, dict):
        return [
            fault
            for name, value in theirs.items()
            for fault in disagreements(ours[name], value, f"{where}/{name}")
        ]
    if isinstance(theirs, list) and len(ours) == len(theirs):
        return [
            fault
            for index, (mine, value) in enumerate(zip(ours, theirs, strict=True))
            for fault in disagreements(mine, value, f"{where}/{index}")
        ]
    if isinstance(theirs, datetime) and isinstance(ours, str):
        ours = datetime.fromisoformat(ours)
    if isinstance(theirs, float) and isinstance(ours, float | int):
        ours = pytest.approx(ours, abs=1e-6)
    return [] if ours == theirs else [f"{where}: {ours} and not {theirs}"]


class Asked(NamedTuple):
    """What the records are judged by."""

    as_of: datetime
    scales: Mapping[str, Record]
    """The `better`, `best`, `worst`, `mdc` and `mcid` of each instrument."""
    zone: tzinfo = UTC
    roots: Mapping[str, str] = {}
    """The muscle that a part belongs to."""


def differences(ours: Record, records: Sequence[Record], asked: Asked) -> list[str]:
    """Where a document differs from what one patient's ``records`` should make it say."""
    came_back = [flag for flag in ours["flags"] if flag["episode_id"] is not None]
    blocks = [{**block, "measures": _with_flags(block)} for block in ours["courses"]]
    ours = {**ours, "measures": _with_flags(ours), "courses": blocks}
    theirs = second_opinion(records, asked)
    back = [flag for course in theirs["courses"] for flag in _came_back(records, course, asked)]
    for one in (ours, *ours["courses"]):  # which of two visits of one instant is first is open
        one["soreness"]["sessions"].sort(
            key=lambda entry: (_as_time(entry["at"]), entry["session_id"])
        )
    return [*disagreements(ours, theirs), *disagreements(came_back, back, "/flags")]


def _with_flags(part: Record) -> list[Record]:
    """The measures, each with its flags."""
    whose = ("course", "instrument", *KEY, "region")
    return [
        {
            **measure,
            "flags": [
                flag
                for flag in part["flags"]
                if flag["episode_id"] is None and all(flag[name] == measure[name] for name in whose)
            ],
        }
        for measure in part["measures"]
    ]


def _as_time(at: Any) -> datetime:
    return _time(at) if isinstance(at, str) else at


def second_opinion(records: Sequence[Record], asked: Asked) -> Record:
    """What the progress of one patient's ``records`` should say."""
    opinion = courses_of(records, asked.as_of, asked.zone)
    blocks = [
        {
            "course": course.label,
            "unlinked_visits": unlinked_visits(course, opinion, asked.as_of),
            "longest_gap_days": longest_gap_days(course, asked.zone),
            "plans": _plans(course),
            "measures": _measures(course, asked, opinion),
            "muscles": [{"course": course.label, **one} for one in muscles(_at_once(course))],
            "adverse_events": adverse_events(opinion, course),
            **_figures(course.visits, course.attended, asked),
            "soreness": _soreness(records, course.attended, asked),
        }
        for course in opinion.courses
    ]
    visits = [visit for course in opinion.courses for visit in course.visits]
    attended = in_order([visit for course in opinion.courses for visit in course.attended])
    alone = CourseOfCare(None, [], values=opinion.alone)
    of_all = _soreness(records, attended, asked)
    if len(blocks) > 1:
        of_all["trend"] = None
    return {
        "courses": blocks,
        "plans": [plan for block in blocks for plan in block["plans"]],
        "measures": [
            *(measure for block in blocks for measure in block["measures"]),
            *_measures(alone, asked, opinion, alone=True),
        ],
        "muscles": [muscle for block in blocks for muscle in block["muscles"]],
        "adverse_events": adverse_events(opinion),
        **_figures(visits, attended, asked),
        "soreness": of_all,
    }


def _figures(visits: Sequence[Record], attended: Sequence[Record], asked: Asked) -> Record:
    """The counts of some visits."""
    needlings = [row for visit in attended for row in visit.get("needlings", [])]
    times = [_time(visit["occurred_at"]) for visit in attended]
    gaps = [(later - earlier) / timedelta(days=1) for earlier, later in pairwise(times)]
    kinds = Counter(row["attendance"] for row in visits)
    codes = {row["muscle"] for row in needlings}
    return {
        "sessions": {kind: kinds[kind] for kind in ("attended", "cancelled", "no_show", "declined")}
        | {
            "first_at": times[0] if times else None,
            "last_at": times[-1] if times else None,
            "median_gap_days": median(gaps) if gaps else None,
            "drafts": sum(row.get("status", "draft") == "draft" for row in attended),
        },
        "dose": {
            "needlings": len(needlings),
            "muscles": len({asked.roots.get(code, code) for code in codes}),
            "parts": len(codes),
            "needles": sum(row["needles"] for row in needlings),
            "insertions": sum(row["insertions"] for row in needlings),
            "twitches": _total([row["twitches"] for row in needlings]),
            "minutes": _total([visit["duration_min"] for visit in attended]),
        },
        "release": {
            "needlings": sum(row["release"] is not None for row in needlings),
            **{
                felt: sum(row["release"] == felt for row in needlings)
                for felt in ("complete", "partial", "none")
            },
            "time_to_release": time_to_release(needlings),
        },
    }


def _total(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _at_once(course: CourseOfCare) -> list[Record]:
    """The visits of a course, those of one instant as one."""
    found = []
    for _, same in groupby(course.attended, lambda visit: _time(visit["occurred_at"])):
        visits = list(same)
        needlings = [
            row | {"draft": visit.get("status", "draft") == "draft"}
            for visit in visits
            for row in visit.get("needlings", [])
        ]
        one = visits[0] | {"needlings": needlings}
        found.append(one if len(visits) == 1 else one | {"id": None})
    return found


def exact_p(values: Sequence[float]) -> float:
    """Two-sided Mann-Kendall p over all distinct orders of the values."""

    @cache
    def scores(left: tuple[int, ...]) -> Counter[int]:
        if not any(left):
            return Counter({0: 1})
        found: Counter[int] = Counter()
        for level in (level for level, count in enumerate(left) if count):
            rest = (*left[:level], left[level] - 1, *left[level + 1 :])
            step = sum(rest[level + 1 :]) - sum(rest[:level])
            for score, ways in scores(rest).items():
                found[score + step] += ways
        return found

    pairs = [(values[i], later) for j, later in enumerate(values) for i in range(j)]
    observed = abs(sum((later > earlier) - (later < earlier) for earlier, later in pairs))
    levels = Counter(values)
    ways = scores(tuple(levels[level] for level in sorted(levels)))
    return sum(n for score, n in ways.items() if abs(score) >= observed) / sum(ways.values())


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _mean(values: Iterable[float]) -> Fraction:
    exact = [Fraction(str(value)) for value in values]
    return sum(exact, Fraction(0)) / len(exact)


def _trend(times: Sequence[datetime], values: Sequence[float], zone: tzinfo) -> Record:
    moments = sorted(set(times))
    weeks = [(time - moments[0]) / timedelta(weeks=1) for time in times]
    each = [
        float(_mean(value for at, value in zip(times, values, strict=True) if at == moment))
        for moment in moments
    ]
    opinion: Record = {
        "n": len(values),
        "per_week": None,
        "evidence": "tested" if len(moments) >= 10 else "descriptive",
    }
    days = [moment.astimezone(zone).date() for moment in moments]
    if days and days[-1] - days[0] >= timedelta(days=7):
        with warnings.catch_warnings(action="ignore"):  # of its interval, not of its slope
            opinion["per_week"] = float(stats.theilslopes(values, weeks).slope)
    if len(moments) <= KNOWN_P_UP_TO:
        opinion["p"] = exact_p(each) if len(moments) >= 5 else None
    return opinion


def _plans(course: CourseOfCare) -> list[Record]:
    row = course.episode
    if row is None:
        return []
    times = [_time(visit["occurred_at"]) for visit in course.attended]
    weeks = (times[-1] - times[0]) / timedelta(weeks=1) if times else 0
    return [
        {
            "episode_id": row["id"],
            "region": row["region"],
            "planned_sessions": row["plan"].get("sessions"),
            "planned_per_week": row["plan"].get("per_week"),
            "attended": len(times),
            "per_week": (len(times) - 1) / weeks if weeks else None,
        }
    ]


def _came_back(records: Sequence[Record], block: Record, asked: Asked) -> list[Record]:
    """The flag of an episode that was opened within 90 days after one of its region."""
    episodes = [
        row for row in _of_type(records, "episode") if _time(row["opened_at"]) <= asked.as_of
    ]
    found = []
    for later in episodes:
        if later["id"] != block["course"]["episode_id"]:
            continue
        opened = _time(later["opened_at"])
        closed = [
            _time(row["closed_at"])
            for row in episodes
            if row is not later
            and row["region"] is not None
            and row["region"] == later["region"]
            and row.get("closed_at")
        ]
        days = [
            (_day(opened, asked.zone) - _day(at, asked.zone)).days for at in closed if at <= opened
        ]
        if days and min(days) <= 90:
            flag = {"code": "recurrence", "episode_id": later["id"], "since": opened}
            found.append(flag | {"days_after": min(days), "course": block["course"]})
    return found


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


def _of_type(records: Sequence[Record], kind: str) -> list[Record]:
    return [row for row in records if row["type"] == kind]


def _measures(
    course: CourseOfCare, asked: Asked, opinion: Opinion, *, alone: bool = False
) -> list[Record]:
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
            **_measure(rows, course, asked.scales[key[0]], drafts, opinion, alone=alone),
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
        found.append(Point(at, _mean(row["value"] for row in same), same, part))
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
        else _trend(
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
    return _trend([one.at for one in points], values, opinion.zone)


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


def _soreness(records: Sequence[Record], attended: Sequence[Record], by: Asked) -> Record:
    told: dict[str, list[Record]] = defaultdict(list)
    for row in _of_type(records, "follow_up"):
        told[row["session_id"]].append(row)
    sessions, everything = [], []
    for visit in attended:
        at = _time(visit["occurred_at"])
        hours = [
            ((_time(row["reported_at"]) - at) / timedelta(hours=1), row["soreness"])
            for row in told[visit["id"]]
        ]
        everything += [(hour, row) for (hour, _), row in zip(hours, told[visit["id"]], strict=True)]
        sessions.append(
            {
                "session_id": visit["id"],
                "at": at,
                "peak": max((value for h, value in hours if 18 <= h < 60), default=None),
                "h24": max((value for h, value in hours if 18 <= h < 36), default=None),
                "h48": max((value for h, value in hours if 36 <= h < 60), default=None),
                "early": max((value for h, value in hours if h < 18), default=None),
                "late": max((value for h, value in hours if h >= 60), default=None),
                "worst": max(_known(told[visit["id"]], "worst_soreness"), default=None),
                "reports": len(hours),
                "insertions": sum(row["insertions"] for row in visit.get("needlings", [])),
                "twitches": _total(row["twitches"] for row in visit.get("needlings", [])),
                "draft": visit.get("status", "draft") == "draft",
            }
        )
    asked = [
        one
        for one, visit in zip(sessions, attended, strict=True)
        if visit.get("needlings") and by.as_of - one["at"] >= timedelta(hours=18)
    ]
    sore: dict[datetime, list[float]] = defaultdict(list)
    for one in sessions:
        if one["peak"] is not None:
            sore[one["at"]].append(one["peak"])
    rows = [row for _, row in everything]
    felt = _known(rows, "change")
    return {
        "asked": len(asked),
        "answered": sum(one["peak"] is not None for one in asked),
        "early": sum(hour < 18 for hour, _ in everything),
        "late": sum(hour >= 60 for hour, _ in everything),
        **{
            name: {"n": len(_known(rows, name)), "yes": sum(_known(rows, name))}
            for name in ("bruising", "fatigue", "headache")
        },
        "interference": {
            "n": len(_known(rows, "interference")),
            "highest": max(_known(rows, "interference"), default=None),
        },
        "change": {"n": len(felt)} | {word: felt.count(word) for word in CHANGES},
        "sessions": sessions,
        "trend": _trend(sorted(sore), [float(_mean(sore[at])) for at in sorted(sore)], by.zone),
    }


def _known(rows: Sequence[Record], name: str) -> list[Any]:
    return [row[name] for row in rows if row.get(name) is not None]

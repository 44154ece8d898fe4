"""A second opinion on progress: the contract's words over the records, naively and with `scipy`.

It shares nothing with the rules it is held against. It reads the records of one patient in the
form in which they are sent and imported, and answers with what it has an opinion on.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import groupby, pairwise
from statistics import median
from typing import Any, NamedTuple

import pytest

from tests.progress.second_opinion_on_courses import (
    CourseOfCare,
    adverse_events,
    courses_of,
    in_order,
    longest_gap_days,
    time,
    unlinked_visits,
)
from tests.progress.second_opinion_on_measures import KEY, measures
from tests.progress.second_opinion_on_muscles import muscles, time_to_release
from tests.progress.second_opinion_on_tolerance import soreness, total

Record = dict[str, Any]


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
    return time(at) if isinstance(at, str) else at


def second_opinion(records: Sequence[Record], asked: Asked) -> Record:
    """What the progress of one patient's ``records`` should say."""
    opinion = courses_of(records, asked.as_of, asked.zone)
    blocks = [
        {
            "course": course.label,
            "unlinked_visits": unlinked_visits(course, opinion, asked.as_of),
            "longest_gap_days": longest_gap_days(course, asked.zone),
            "plans": _plans(course),
            "measures": measures(course, asked.scales, opinion),
            "muscles": [{"course": course.label, **one} for one in muscles(_at_once(course))],
            "adverse_events": adverse_events(opinion, course),
            **_figures(course.visits, course.attended, asked),
            "soreness": soreness(records, course.attended, asked.as_of, asked.zone),
        }
        for course in opinion.courses
    ]
    visits = [visit for course in opinion.courses for visit in course.visits]
    attended = in_order([visit for course in opinion.courses for visit in course.attended])
    alone = CourseOfCare(None, [], values=opinion.alone)
    of_all = soreness(records, attended, asked.as_of, asked.zone)
    if len(blocks) > 1:
        of_all["trend"] = None
    return {
        "courses": blocks,
        "plans": [plan for block in blocks for plan in block["plans"]],
        "measures": [
            *(measure for block in blocks for measure in block["measures"]),
            *measures(alone, asked.scales, opinion, alone=True),
        ],
        "muscles": [muscle for block in blocks for muscle in block["muscles"]],
        "adverse_events": adverse_events(opinion),
        **_figures(visits, attended, asked),
        "soreness": of_all,
    }


def _figures(visits: Sequence[Record], attended: Sequence[Record], asked: Asked) -> Record:
    """The counts of some visits."""
    needlings = [row for visit in attended for row in visit.get("needlings", [])]
    times = [time(visit["occurred_at"]) for visit in attended]
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
            "twitches": total([row["twitches"] for row in needlings]),
            "minutes": total([visit["duration_min"] for visit in attended]),
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


def _at_once(course: CourseOfCare) -> list[Record]:
    """The visits of a course, those of one instant as one."""
    found = []
    for _, same in groupby(course.attended, lambda visit: time(visit["occurred_at"])):
        visits = list(same)
        needlings = [
            row
            | {"draft": visit.get("status", "draft") == "draft"}
            | {"practitioner_id": visit["practitioner_id"]}
            for visit in visits
            for row in visit.get("needlings", [])
        ]
        one = visits[0] | {"needlings": needlings}
        found.append(one if len(visits) == 1 else one | {"id": None})
    return found


def _plans(course: CourseOfCare) -> list[Record]:
    row = course.episode
    if row is None:
        return []
    times = [time(visit["occurred_at"]) for visit in course.attended]
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
        row for row in _of_type(records, "episode") if time(row["opened_at"]) <= asked.as_of
    ]
    found = []
    for later in episodes:
        if later["id"] != block["course"]["episode_id"]:
            continue
        opened = time(later["opened_at"])
        closed = [
            time(row["closed_at"])
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

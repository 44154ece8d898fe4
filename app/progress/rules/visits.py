"""How often the patient came, how regularly, and how much needling that was."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from app.progress.rules.history import Course, Json, Needled, Visit, figure

DAY = 24 * 3600 * 1_000_000
"""A day in microseconds."""

Rows = Mapping[str, Sequence[Needled]]
"""The needlings of each attended visit, in order of time."""


class Dose(NamedTuple):
    """How much needling one session had."""

    needlings: int
    needles: int
    insertions: int
    twitches: int | None  # None: not assessed in any needling


def rows_of(course: Course, needled: Iterable[Needled]) -> Rows:
    """Give each attended visit its needlings; those of other sessions are left out."""
    rows: dict[str, list[Needled]] = {session_id: [] for session_id in course}
    for row in needled:
        if row[0] in rows:
            rows[row[0]].append(row)
    return rows


def sessions(
    visits: Iterable[Visit], course: Course, entered_later: frozenset[str] = frozenset()
) -> Json:
    """The document's `sessions`. `drafts` are those attended visits that nobody has signed yet.

    `entered_later` counts those that were written down after the instant that is looked back to.

    The gap is the median of the days that really passed between one attended visit and the
    next, in fractions of a day; null below two.
    """
    counts = Counter([visit[2] for visit in visits])
    attended = list(course.values())
    gaps = [later.instant - earlier.instant for earlier, later in pairwise(attended)]
    return {
        "attended": len(attended),
        "cancelled": counts["cancelled"],
        "no_show": counts["no_show"],
        "declined": counts["declined"],
        "drafts": sum(visit.draft for visit in attended),
        "entered_later": len(entered_later.intersection(course)),
        "first_at": attended[0].at if attended else None,
        "last_at": attended[-1].at if attended else None,
        "median_gap_days": figure(median(gaps) / DAY) if gaps else None,
    }


def doses_of(rows: Rows) -> dict[str, Dose]:
    """The dose of each attended visit."""
    return {session_id: _dose(needled) for session_id, needled in rows.items()}


def dose(course: Course, rows: Rows, doses: Mapping[str, Dose]) -> Json:
    """The document's `dose`: `needlings` are rows, `muscles` distinct muscles (not sides)."""
    each = doses.values()
    return {
        "needlings": sum([one.needlings for one in each]),
        "muscles": len({row[1] for needled in rows.values() for row in needled}),
        "needles": sum([one.needles for one in each]),
        "insertions": sum([one.insertions for one in each]),
        "twitches": sum([one.twitches or 0 for one in each]),
        "minutes": sum([visit.duration_min or 0 for visit in course.values()]),
    }


def _dose(needled: Sequence[Needled]) -> Dose:
    needles = insertions = 0
    twitches = None
    for row in needled:
        needles += row[4]
        insertions += row[5]
        if row[6] is not None:
            twitches = row[6] + (twitches or 0)
    return Dose(len(needled), needles, insertions, twitches)

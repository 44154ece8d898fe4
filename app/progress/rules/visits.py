"""How often and how regularly the patient came, and how much needling they received."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from operator import itemgetter
from statistics import median
from typing import NamedTuple

from app.progress.rules.history import Course, Json, Needlings, Visit, itself, rounded

DAY = 24 * 3600 * 1_000_000
"""A day in microseconds."""


class Doses(NamedTuple):
    """The dose of each attended visit, by its session."""

    insertions: Mapping[str, int]
    twitches: Mapping[str, int | None]  # None: not assessed in any needling


def needlings_of(course: Course, needlings: Needlings) -> Needlings:
    """The needlings of attended visits, in order of time; those of other sessions are left out."""
    order = {session_id: number for number, session_id in enumerate(course)}
    found = [order.get(session_id, -1) for session_id in needlings.session_id]
    kept = sorted(range(len(found)), key=found.__getitem__)[found.count(-1) :]
    if kept == list(range(len(found))):
        return needlings
    if len(kept) > 1:
        return Needlings._make(map(itemgetter(*kept), needlings))
    return Needlings._make([column[place] for place in kept] for column in needlings)


def sessions(
    visits: Iterable[Visit], course: Course, entered_later: frozenset[str] = frozenset()
) -> Json:
    """The document's `sessions`.

    `drafts` counts attended visits that nobody has signed yet. `entered_later` counts those that
    were recorded after `as_of`. `median_gap_days` is the median time from one attended visit to
    the next, in days with fractions; null below two visits.
    """
    counts = Counter([visit.attendance for visit in visits])
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
        "median_gap_days": rounded(median(gaps) / DAY) if gaps else None,
    }


def doses_of(course: Course, needlings: Needlings) -> Doses:
    """The dose of each attended visit."""
    insertions = dict.fromkeys(course, 0)
    twitches: dict[str, int | None] = dict.fromkeys(course)
    each = zip(needlings.session_id, needlings.insertions, needlings.twitches, strict=True)
    for session_id, inserted, twitched in each:
        insertions[session_id] += inserted
        if twitched is not None:
            twitches[session_id] = twitched + (twitches[session_id] or 0)
    return Doses(insertions, twitches)


def dose(course: Course, needlings: Needlings, root_of: Callable[[str], str] = itself) -> Json:
    """The document's `dose`.

    `parts` counts distinct slugs, whatever their side. `muscles` counts the distinct muscles that
    they are parts of. `twitches` and `minutes` are None where nobody counted any.
    """
    parts = {muscle for muscle, _, _ in set(needlings.place)}
    twitches = [count for count in needlings.twitches if count is not None]
    minutes = [one.duration_min for one in course.values() if one.duration_min is not None]
    return {
        "needlings": len(needlings.session_id),
        "muscles": len(set(map(root_of, parts))),
        "parts": len(parts),
        "needles": sum(needlings.needles),
        "insertions": sum(needlings.insertions),
        "twitches": sum(twitches) if twitches else None,
        "minutes": sum(minutes) if minutes else None,
    }

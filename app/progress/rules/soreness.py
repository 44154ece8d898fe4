"""Soreness after needling: how well it is tolerated, not whether it helped.

It always comes with the number of times asked and answered, because a missing answer is
information too. Gaps stay gaps: no value is carried forward.
"""

from collections.abc import Iterable

from app.followups.rules import ASKED_AFTER_H
from app.progress.rules.history import Course, Json, Report
from app.progress.rules.trend import trend
from app.progress.rules.visits import Doses

ASKED_AFTER = ASKED_AFTER_H * 3600 * 1_000_000
"""In microseconds."""


def soreness(course: Course, as_of_instant: int, reports: Iterable[Report], doses: Doses) -> Json:
    """The document's `soreness`, with one entry for each attended visit.

    A visit counts as asked once 18 hours have passed by ``as_of_instant``. It counts as answered
    if it is asked and has a report from any hour. The trend is computed from the peaks of the
    visits that have one.
    """
    entries: dict[str, Json] = {
        session_id: {
            "session_id": session_id,
            "at": visit.at,
            "peak": None,
            "h24": None,
            "h48": None,
            "reports": 0,
            "insertions": doses.insertions[session_id],
            "twitches": doses.twitches[session_id],
            "draft": visit.draft,
        }
        for session_id, visit in course.items()
    }
    for report in reports:
        if report.session_id in entries:
            _add(entries[report.session_id], report)
    asked_until = as_of_instant - ASKED_AFTER
    peaks = [entry["peak"] for entry in entries.values()]
    told = zip(course.values(), peaks, strict=True)
    sore = [(visit, peak) for visit, peak in told if peak is not None]
    return {
        "asked": len([visit for visit in course.values() if visit.instant <= asked_until]),
        "answered": len([visit for visit, _ in sore if visit.instant <= asked_until]),
        "sessions": list(entries.values()),
        "trend": trend(
            [visit.instant for visit, _ in sore],
            [peak for _, peak in sore],
            [visit.day for visit, _ in sore],
        ),
    }


def _add(entry: Json, report: Report) -> None:
    """Raise the session's peak, and the value of the report's window if the entry has that one."""
    value, window = report.soreness, report.window
    entry["reports"] += 1
    if entry["peak"] is None or entry["peak"] < value:
        entry["peak"] = value
    if window in entry and (entry[window] is None or entry[window] < value):
        entry[window] = value

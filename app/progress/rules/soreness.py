"""Soreness after needling: how well it is tolerated, not whether it helped.

It always comes with the number of times asked and answered, because a missing answer is
information too. Gaps stay gaps: no value is carried forward. Soreness is asked about 18 to 60
hours after the needles. Reports from earlier or later are counted, and never answer that question.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final

from app.core.values.vocabularies import words_of
from app.followups.rules import ASKED_AFTER_H
from app.followups.views import ChangeRating
from app.progress.rules.history import (
    Course,
    Json,
    Report,
    mean,
)
from app.progress.rules.trend import trend
from app.progress.rules.visits import Doses

ASKED_AFTER = ASKED_AFTER_H * 3600 * 1_000_000
"""In microseconds."""
ANSWERS: Final = ("h24", "h48")
"""The windows whose reports are answers."""
EARLY: Final = "early"
LATE: Final = "late"
WINDOWS: Final = (*ANSWERS, EARLY)
SESSION: Final = ("session_id", "at")
DOSE: Final = ("insertions", "twitches", "draft")
EMPTY: Final[Json] = dict.fromkeys((*SESSION, "peak", *WINDOWS, LATE, "worst", "reports", *DOSE))
"""An entry of a session, in the order of its members. A copy is cheaper than a new dict."""
SYMPTOMS: Final = ("bruising", "fatigue", "headache")
RATINGS: Final = words_of(ChangeRating)


def soreness(
    course: Course,
    as_of_instant: int,
    reports: Iterable[Report],
    doses: Doses,
    needled: Collection[str],
    shown: Callable[[int], bool] | None = None,
) -> Json:
    """The document's `soreness`, with one entry for each attended visit.

    A visit counts as asked if it had needlings and 18 hours have passed by ``as_of_instant``. It
    counts as answered if it is asked and has a report of 18 to 60 hours. The trend is computed
    from the peaks; visits at one instant count as one, with the mean of theirs. `shown` says of
    which instants the entries are listed.
    """
    told: defaultdict[str, list[Report]] = defaultdict(list)
    for report in reports:
        if report.session_id in course:
            told[report.session_id].append(report)
    entries: dict[str, Json] = {}
    for id, visit in course.items():
        entry = entries[id] = _entry(told.get(id, ()))
        entry["session_id"] = id
        entry["at"] = visit.at
        entry["insertions"] = doses.insertions[id]
        entry["twitches"] = doses.twitches[id]
        entry["draft"] = visit.draft
    asked = [
        id
        for id, visit in course.items()
        if id in needled and visit.instant <= as_of_instant - ASKED_AFTER
    ]
    return {
        "asked": len(asked),
        "answered": sum(entries[id]["peak"] is not None for id in asked),
        **_counts([report for some in told.values() for report in some]),
        "sessions": [
            entry for id, entry in entries.items() if shown is None or shown(course[id].instant)
        ],
        "trend": _trend(course, entries),
    }


def total(parts: Sequence[Json], course: Course) -> Json:
    """The sum of the soreness of several courses, with all visits in order. It has no trend."""
    order = {id: number for number, id in enumerate(course)}
    sessions = [entry for part in parts for entry in part["sessions"]]
    return {
        **{name: sum(part[name] for part in parts) for name in ("asked", "answered")},
        **{name: sum(part[name] for part in parts) for name in ("early", "late")},
        **{name: _summed([part[name] for part in parts]) for name in (*SYMPTOMS, "change")},
        "interference": {
            "n": sum(part["interference"]["n"] for part in parts),
            "highest": _highest([part["interference"]["highest"] for part in parts]),
        },
        "sessions": sorted(sessions, key=lambda entry: order[entry["session_id"]]),
        "trend": None,
    }


def _entry(reports: Sequence[Report]) -> Json:
    """The entry of a session with the highest soreness of each window, without its visit."""
    entry = EMPTY.copy()
    entry["reports"] = len(reports)
    for report in reports:
        window = report.window if report.window in WINDOWS else LATE
        _raise(entry, window, report.soreness)
        if window in ANSWERS:
            _raise(entry, "peak", report.soreness)
        if report.worst_soreness is not None:
            _raise(entry, "worst", report.worst_soreness)
    return entry


def _raise(entry: Json, name: str, value: int) -> None:
    if entry[name] is None or entry[name] < value:
        entry[name] = value


def _counts(reports: Sequence[Report]) -> Json:
    """What the reports say beside the soreness, each with the number that say anything."""
    early = sum(one.window == EARLY for one in reports)
    ratings = [one.change for one in reports if one.change is not None]
    hindered = [one.interference for one in reports if one.interference is not None]
    return {
        "early": early,
        "late": len(reports) - early - sum(one.window in ANSWERS for one in reports),
        **{name: _yes([getattr(one, name) for one in reports]) for name in SYMPTOMS},
        "interference": {"n": len(hindered), "highest": _highest(hindered)},
        "change": {"n": len(ratings), **{word: ratings.count(word) for word in RATINGS}},
    }


def _yes(answers: Sequence[bool | None]) -> Json:
    return {"n": len(answers) - answers.count(None), "yes": answers.count(True)}


def _summed(counts: Sequence[Json]) -> Json:
    return {name: sum(one[name] for one in counts) for name in counts[0]}


def _highest(values: Iterable[int | None]) -> Any:
    return max((value for value in values if value is not None), default=None)


def _trend(course: Course, entries: Json) -> Json:
    peaks: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for visit, entry in zip(course.values(), entries.values(), strict=True):
        if entry["peak"] is not None:
            peaks[visit.instant, visit.day].append(entry["peak"])
    return trend(
        [instant for instant, _ in peaks],
        [some[0] if len(some) == 1 else mean(some) for some in peaks.values()],
        [day for _, day in peaks],
    )

"""The figures of one course of care, and those of several courses together."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from app.progress.rules.courses import Care, Cares, longest_gap_days, unlinked_visits
from app.progress.rules.episodes import plans
from app.progress.rules.events import Placed, adverse_events
from app.progress.rules.flags import flags
from app.progress.rules.history import Clock, Course, History, Json, Reopening
from app.progress.rules.measures import Series, measures, series_of
from app.progress.rules.muscles import muscles
from app.progress.rules.release import release
from app.progress.rules.soreness import soreness, total
from app.progress.rules.visits import dose, doses_of, needlings_of, sessions

OWN: Final = ("course", "unlinked_visits", "longest_gap_days")
"""The members that only the block of a course has."""
LISTS: Final = ("plans", "measures", "muscles", "flags")
"""The members that are one list for several courses."""


class Known(NamedTuple):
    """What all blocks of a document are computed from."""

    history: History
    course: Course
    """All attended visits."""
    cares: Cares
    events: Sequence[Placed]
    reopenings: Sequence[Reopening]
    as_of: int
    clock: Clock
    shown: Callable[[int], bool] | None
    """Of which instants the points are listed; None: of all."""


def block(known: Known, number: int) -> Json:
    """All figures of one course."""
    history, care = known.history, known.cares.courses[number]
    label, course = care.label, care.course
    needlings = needlings_of(course, history.needlings)
    needled, doses = set(needlings.session_id), doses_of(course, needlings)
    series = series_of(care, history.scale, known.clock)
    return {
        "course": label,
        "unlinked_visits": unlinked_visits(care, known.course, known.cares.courses, known.as_of),
        "longest_gap_days": longest_gap_days(care),
        "sessions": sessions(care.visits, course, history.entered_later),
        "plans": plans(care),
        "dose": dose(course, needlings, history.root_of),
        "measures": measures(series, label, known.shown),
        "soreness": soreness(course, known.as_of, history.reports, doses, needled, known.shown),
        "muscles": muscles(course, needlings, label, known.shown),
        "release": release(needlings),
        "adverse_events": adverse_events(known.events, number),
        "flags": _flags(known, care, series),
    }


def together(known: Known, blocks: Sequence[Json]) -> Json:
    """The figures of the whole history.

    Counts are those of all courses, lists stand one behind the other. Values that belong to no
    course come last. Distinct muscles are counted anew, because two courses may share some.
    """
    history, course = known.history, known.course
    alone = measures(series_of(known.cares.alone, history.scale, known.clock), None, known.shown)
    if not blocks:
        whole = nothing(known)
    elif len(blocks) == 1:
        whole = part(blocks[0])
    else:
        needlings = needlings_of(course, history.needlings)
        whole = {
            "sessions": sessions(history.visits, course, history.entered_later),
            "dose": dose(course, needlings, history.root_of),
            "soreness": total([one["soreness"] for one in blocks], course),
            "release": release(needlings),
            **{name: [each for one in blocks for each in one[name]] for name in LISTS},
        }
    return {
        **whole,
        "measures": [*whole["measures"], *alone],
        "adverse_events": adverse_events(known.events),
    }


def part(block: Json) -> Json:
    """The figures of one course, where only that course was asked for."""
    return {name: value for name, value in block.items() if name not in OWN}


def nothing(known: Known) -> Json:
    """The figures of an episode without any record."""
    empty = Care(None, None, (), {}, None)
    bare = known._replace(
        history=History(known.history.scale),
        course={},
        cares=Cares([empty], empty),
        events=[one for one in known.events if one.course is None],
        reopenings=(),
    )
    return part(block(bare, 0))


def _flags(known: Known, care: Care, series: Sequence[Series]) -> list[Json]:
    """The flags of a course. An episode that came back is a flag of the later episode."""
    compared = [one for one in series if one.baseline is not None]
    again = [
        one
        for one in known.reopenings
        if care.episode_id is not None and one.episode_id == care.episode_id
    ]
    return [{"course": care.label, **one} for one in flags(compared, again, known.clock)]

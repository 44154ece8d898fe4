"""Adverse events: how many there were, by severity, and which course they are counted in.

An event never vanishes because a link is missing. It belongs to the course of its session, or of
its episode. Otherwise it is counted by its date, with the last visit before it. That says nothing
of a cause, and is never stored. If no visit is close enough, it is shown as unattributed.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.progress.rules.courses import Care
from app.progress.rules.history import Clock, Course, Event, History, Json, Occasion, instant


class Placed(NamedTuple):
    """An event, and where it is counted."""

    event: Event
    course: int | None  # the number of the course; None: unattributed
    session_id: str | None = None
    """The attended visit that it is counted with; None: there is none."""
    by_date: bool = False


def placed(
    history: History,
    cares: Sequence[Care],
    course: Course,
    clock: Clock,
) -> list[Placed]:
    """Give each event of a history to a course, in the order given."""
    events, voided = history.events, history.voided
    by_session = {visit.session_id: n for n, care in enumerate(cares) for visit in care.visits}
    by_episode = {care.episode_id: n for n, care in enumerate(cares) if care.episode_id}
    found = []
    for event in events:
        id = event.session_id
        if id is not None and id in by_session:
            of_visit = id if id in course else None
            found.append(Placed(event, by_session[id], of_visit))
            continue
        episode_id = (id and voided.get(id)) or event.episode_id
        if episode_id in by_episode:
            number = by_episode[episode_id]
            last = _last_before(event, cares[number].course, history, clock)
            found.append(Placed(event, number, last and last.session_id))
            continue
        last = _last_before(event, course, history, clock)
        near = () if last is None else [v for v in course.values() if v.instant == last.instant]
        numbers = {by_session[visit.session_id] for visit in near}
        if last is None or len(numbers) > 1:
            found.append(Placed(event, None))
        else:
            found.append(Placed(event, numbers.pop(), last.session_id, by_date=True))
    return found


def adverse_events(events: Sequence[Placed], number: int | None = None) -> Json:
    """The document's `adverse_events` of the course with this number; None: of the whole history.

    `by_date` is a part of the four counts. So is `unattributed` in those of the whole history. A
    course shows it, but doesn't count it.
    """
    counted = events if number is None else [one for one in events if one.course == number]
    return {
        **_counts(counted),
        "by_date": _counts([one for one in counted if one.by_date]),
        "unattributed": _counts([one for one in events if one.course is None]),
    }


def _counts(events: Iterable[Placed]) -> Json:
    """Count events by severity. A close call harmed nobody, so it counts only as a close call."""
    counts = dict.fromkeys(("mild", "significant", "serious", "close_calls"), 0)
    for event, *_ in events:
        counts["close_calls" if event.close_call else event.severity] += 1
    return counts


def _last_before(event: Event, course: Course, history: History, clock: Clock) -> Occasion | None:
    """The last of these visits before an event; None if it lies too long before."""
    visits = list(course.values())
    before = bisect_right([visit.instant for visit in visits], instant(event.at))
    if not before:
        return None
    last = visits[before - 1]
    return last if clock.day(event.at) - last.day <= history.days_of(event.kind) else None

"""Courses of care: which visits and values belong together.

A course of care is an episode, or visits without an episode of which no two neighbours lie more
than 90 clinic days apart. Each figure belongs to one course. So it is the same whether the course
or the whole history is asked for.
"""

import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from app.progress.rules.history import (
    Clock,
    Course,
    Episode,
    History,
    Json,
    Occasion,
    Reading,
    Visit,
    in_one_spelling,
    instant,
)

WITHIN_DAYS = 90
"""The most clinic days between neighbours of one course. So long a visit keeps it under way."""


class Window(NamedTuple):
    """When values make a baseline: from a clinic day up to the instant of the first needles."""

    first_day: int
    start: int

    def holds(self, at: int, on: int) -> bool:
        """Whether an instant, on that clinic day, lies within it."""
        return on >= self.first_day and at <= self.start


class Care(NamedTuple):
    """A course of care. Its readings are `before` values, in any order."""

    episode_id: str | None
    episode: Episode | None
    visits: Sequence[Visit]  # whatever became of them
    course: Course  # the attended ones
    window: Window | None  # None: no visit was attended
    readings: Sequence[Reading] = ()
    alone: bool = False
    """Whether these are values that belong to no course; then nothing is compared."""

    @property
    def region(self) -> str | None:
        """The body region of the episode."""
        return None if self.episode is None else self.episode.region

    @property
    def label(self) -> Json | None:
        """How the document names the course; None for values that stand alone."""
        if self.alone:
            return None
        first = next(iter(self.course.values()), None)
        return {"episode_id": self.episode_id, "started_at": None if first is None else first.at}

    def is_under_way(self, at: int, on: int) -> bool:
        """Whether the window of the baseline holds an instant, or a visit lies close before it."""
        attended = list(self.course.values())
        before = bisect_right([visit.instant for visit in attended], at)
        recent = before > 0 and on - attended[before - 1].day <= WITHIN_DAYS
        return recent or (self.window is not None and self.window.holds(at, on))


class Cares(NamedTuple):
    """The courses of care of one patient, by start, and the values that belong to none of them."""

    courses: Sequence[Care]
    alone: Care


def cares_of(
    history: History, course: Course, as_of: int, clock: Clock, needled: Collection[str]
) -> Cares:
    """Divide a history into courses of care.

    They are in the order in which they started, those without an attended visit last. `as_of` is
    an instant, and `needled` has the sessions with needlings. Of the history only visits, readings,
    events and episodes are used.
    """
    values = _values(history, course, clock)
    opened = {one.episode_id: one for one in history.episodes}
    known: defaultdict[str, list[Visit]] = defaultdict(list)
    known.update({id: [] for id, one in opened.items() if instant(one.opened_at) <= as_of})
    known.update({one.episode_id: [] for one in values if one.episode_id is not None})
    known.update({one.episode_id: [] for one in history.events if one.episode_id is not None})
    loose: list[Visit] = []
    for visit in history.visits:
        (loose if visit.episode_id is None else known[visit.episode_id]).append(visit)
    found: list[tuple[str | None, Episode | None, list[Visit]]]
    found = [(id, opened.get(id), visits) for id, visits in known.items()]
    found += [(None, None, visits) for visits in _divided(loose, course)]
    cares = [
        _care(id, episode, visits, course, needled, history.baseline_days)
        for id, episode, visits in found
    ]
    return _with_values(sorted(cares, key=_order), values, clock)


def started(care: Care) -> int | None:
    """The instant of the first attended visit; None if there is none."""
    return next((visit.instant for visit in care.course.values()), None)


def unlinked_visits(care: Care, course: Course, cares: Iterable[Care], as_of: int) -> int:
    """How many visits without an episode were attended while an episode was under way.

    It is under way from its opening or first visit until its closing or last visit, or until
    `as_of` while it is open.
    """
    if care.episode_id is None:
        return 0
    instants = [visit.instant for visit in care.course.values()]
    until = list(instants)
    if care.episode is not None:
        closed_at = care.episode.closed_at
        instants.append(instant(care.episode.opened_at))
        until.append(as_of if closed_at is None else instant(closed_at))
    if not instants:
        return 0
    first, last = min(instants), max(until)
    loose = [id for one in cares if one.episode_id is None for id in one.course]
    return sum(first <= course[id].instant <= last for id in loose)


def longest_gap_days(care: Care) -> int | None:
    """The most clinic days between neighbouring visits of an episode, where over 90."""
    gaps = [later.day - earlier.day for earlier, later in pairwise(care.course.values())]
    longest = max(gaps, default=0)
    return longest if longest > WITHIN_DAYS else None


def _values(history: History, course: Course, clock: Clock) -> list[Reading]:
    """The values that count, each with the session or episode that it belongs to.

    A value of a session that was not attended is left out. So is one that was taken outside a
    session, on the clinic day of a visit and after it: the needles influence it.
    """
    first_visit: dict[int, int] = {}
    for visit in course.values():
        first_visit.setdefault(visit.day, visit.instant)
    kept = []
    for one in in_one_spelling([one for one in history.readings if one.phase == "before"]):
        if one.session_id is not None:
            if one.session_id in course:
                kept.append(one if one.episode_id is None else one._replace(episode_id=None))
            continue
        visited = first_visit.get(clock.day(one.at))
        if visited is None or instant(one.at) <= visited:
            kept.append(one)
    return kept


def _divided(visits: Sequence[Visit], course: Course) -> Iterator[list[Visit]]:
    """Visits without an episode, divided where more than 90 clinic days lie between attended ones.

    Visits that did not take place divide nothing. Each goes with the part before it, or else with
    the first part.
    """
    attended = sorted(
        (visit for visit in visits if visit.session_id in course),
        key=lambda visit: course[visit.session_id],
    )
    parts: list[list[Visit]] = []
    for visit in attended:
        last = parts and parts[-1][-1]
        if last and course[visit.session_id].day - course[last.session_id].day <= WITHIN_DAYS:
            parts[-1].append(visit)
        else:
            parts.append([visit])
    starts = [course[part[0].session_id].instant for part in parts]
    others = [visit for visit in visits if visit.session_id not in course]
    if others and not parts:
        parts.append([])
    for visit in others:
        parts[max(bisect_right(starts, instant(visit.at)) - 1, 0)].append(visit)
    yield from parts


def _care(
    episode_id: str | None,
    episode: Episode | None,
    visits: Sequence[Visit],
    course: Course,
    needled: Collection[str],
    baseline_days: int,
) -> Care:
    own = {visit.session_id for visit in visits}
    attended = course
    if len(own.intersection(course)) < len(course):
        attended = {id: occasion for id, occasion in course.items() if id in own}
    return Care(
        episode_id, episode, visits, attended, _window(attended, needled, baseline_days), []
    )


def _window(course: Course, needled: Collection[str], baseline_days: int) -> Window | None:
    """The window before the first visit with needles, or before the first visit if none has any."""
    first = next((visit for id, visit in course.items() if id in needled), None)
    start: Occasion | None = first or next(iter(course.values()), None)
    return None if start is None else Window(start.day - baseline_days, start.instant)


def _order(care: Care) -> tuple[bool, int, int, str]:
    start = started(care)
    opened = care.episode and instant(care.episode.opened_at)
    return start is None, start or 0, opened or 0, care.episode_id or ""


def _with_values(cares: Sequence[Care], values: Iterable[Reading], clock: Clock) -> Cares:
    """Give each value to its session's course, to its episode, or to a course by its time."""
    by_session = {id: n for n, care in enumerate(cares) for id in care.course}
    by_episode = {care.episode_id: n for n, care in enumerate(cares) if care.episode_id}
    found: defaultdict[int | None, list[Reading]] = defaultdict(list)
    unnamed = []
    for one in values:
        if one.session_id is not None:
            found[by_session[one.session_id]].append(one)
        elif one.episode_id is not None:
            found[by_episode[one.episode_id]].append(one)
        else:
            unnamed.append(one)
    if unnamed:
        begun = [_begun(care, found[n]) for n, care in enumerate(cares)]
        for one in unnamed:
            found[_by_time(cares, begun, instant(one.at), clock.day(one.at))].append(one)
    return Cares(
        [care._replace(readings=found[n]) for n, care in enumerate(cares)],
        Care(None, None, (), {}, None, found[None], alone=True),
    )


def _begun(care: Care, readings: Iterable[Reading]) -> int:
    """The instant of the opening or of the first record, whichever is earlier.

    A visit that did not take place begins nothing.
    """
    times = [visit.at for visit in care.course.values()]
    times += [one.at for one in readings if one.session_id is None]
    if care.episode is not None:
        times.append(care.episode.opened_at)
    return min(map(instant, times), default=sys.maxsize)


def _by_time(cares: Sequence[Care], begun: Sequence[int], at: int, on: int) -> int | None:
    """The course that a value without session and episode belongs to; None if it stands alone.

    It is the only course that was under way, else the only one that had begun. A value from before
    all courses belongs to the first one.
    """
    under_way = [n for n, care in enumerate(cares) if care.is_under_way(at, on)]
    if not under_way:
        under_way = [n for n, began in enumerate(begun) if began <= at]
        if not under_way and cares:
            return 0
    return under_way[0] if len(under_way) == 1 else None

"""A second opinion on which course of care a record belongs to, and on the baseline.

By docs/progress.md alone, and naively: each question is asked anew of all records.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

Record = dict[str, Any]
SEVERITIES = ("mild", "significant", "serious", "close_calls")


@dataclass
class CourseOfCare:
    """A course: the records that belong to it."""

    episode: Record | None
    visits: list[Record]
    attended: list[Record] = field(default_factory=list)
    values: list[Record] = field(default_factory=list)
    events: list[Record] = field(default_factory=list)
    by_date: list[Record] = field(default_factory=list)

    @property
    def label(self) -> Record:
        """The `course` of the document."""
        return {
            "episode_id": self.episode and self.episode["id"],
            "started_at": time(self.attended[0]["occurred_at"]) if self.attended else None,
        }


def time(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text)


def needled_at(course: CourseOfCare) -> datetime | None:
    """When the first needles went in; else when the patient first came."""
    with_needles = [visit for visit in course.attended if visit.get("needlings")]
    return next((time(v["occurred_at"]) for v in [*with_needles, *course.attended]), None)


def is_older(course: CourseOfCare, at: datetime, zone: tzinfo, days: int) -> bool:
    """Whether a value lies before the days of the baseline."""
    start = needled_at(course)
    if start is None or at > start:
        return False
    return _day(at, zone) < _day(start, zone) - timedelta(days=days)


def is_of_baseline(course: CourseOfCare, at: datetime, zone: tzinfo, days: int) -> bool:
    """Whether a value is one of the baseline's."""
    start = needled_at(course)
    return start is not None and at <= start and not is_older(course, at, zone, days)


@dataclass
class Opinion:
    """All courses in order, and what belongs to none."""

    courses: list[CourseOfCare]
    alone: list[Record]
    unattributed: list[Record]
    zone: tzinfo
    days: int


def courses_of(records: Sequence[Record], as_of: datetime, zone: tzinfo, days: int = 14) -> Opinion:
    """Divide the records of one patient up to a time into courses."""
    sessions = [row for row in records if row["type"] == "session"]
    visits = [row for row in sessions if row.get("status") != "void"]
    courses = [
        CourseOfCare(row, [v for v in visits if v.get("episode_id") == row["id"]])
        for row in records
        if row["type"] == "episode" and _is_course(row, records, as_of)
    ]
    courses += [CourseOfCare(None, some) for some in _split(visits, zone)]
    for course in courses:
        course.attended = in_order([v for v in course.visits if v["attendance"] == "attended"])
    courses.sort(key=_order)
    opinion = Opinion(courses, [], [], zone, days)
    _give_values(records, visits, opinion)
    _give_events(records, sessions, opinion)
    return opinion


def in_order(visits: Sequence[Record]) -> list[Record]:
    """Visits in order of time."""
    return sorted(visits, key=lambda visit: (time(visit["occurred_at"]), visit["id"]))


def _is_course(episode: Record, records: Sequence[Record], as_of: datetime) -> bool:
    """An episode is a course from its opening, or from its first record."""
    counted = [row for row in records if row.get("status") != "void"]
    named = any(
        row.get("episode_id") == episode["id"]
        for row in counted
        if row["type"] in {"session", "adverse_event"}
        or (row["type"] == "measurement" and row["phase"] == "before")
    )
    return named or time(episode["opened_at"]) <= as_of


def _split(visits: Sequence[Record], zone: tzinfo) -> list[list[Record]]:
    loose = [visit for visit in visits if visit.get("episode_id") is None]
    came = in_order([visit for visit in loose if visit["attendance"] == "attended"])
    parts: list[list[Record]] = []
    for visit in came:
        day = _day(time(visit["occurred_at"]), zone)
        if not parts or day - _day(time(parts[-1][-1]["occurred_at"]), zone) > timedelta(days=90):
            parts.append([])
        parts[-1].append(visit)
    others = [visit for visit in loose if visit not in came]
    if others and not parts:
        return [others]
    starts = [time(part[0]["occurred_at"]) for part in parts]
    for visit in others:
        before = [n for n, start in enumerate(starts) if start <= time(visit["occurred_at"])]
        parts[max(before, default=0)].append(visit)
    return parts


def _order(course: CourseOfCare) -> tuple[Any, ...]:
    start = course.label["started_at"]
    opened = course.episode and time(course.episode["opened_at"]).timestamp()
    return start is None, start and start.timestamp(), opened or 0


def _give_values(records: Sequence[Record], visits: Sequence[Record], opinion: Opinion) -> None:
    for course in opinion.courses:
        for visit in course.attended:
            outside = [row for row in records if row.get("session_id") == visit["id"]]
            inside = [row | {"session_id": visit["id"]} for row in visit.get("measurements", [])]
            course.values += [
                row | {"at": time(visit["occurred_at"])}
                for row in [*inside, *outside]
                if row.get("phase") == "before"
            ]
    own = [
        row | {"at": time(row["taken_at"])}
        for row in records
        if row["type"] == "measurement" and row["phase"] == "before" and not row.get("session_id")
    ]
    own = [row for row in own if not _follows_a_visit(row["at"], visits, opinion.zone)]
    for course in opinion.courses:
        id = course.episode and course.episode["id"]
        course.values += [row for row in own if id and row.get("episode_id") == id]
    begun = [_begun(course) for course in opinion.courses]
    for row in own:
        if row.get("episode_id") is None:
            of = _by_time(row["at"], begun, opinion)
            (opinion.alone if of is None else of.values).append(row)


def _follows_a_visit(at: datetime, visits: Sequence[Record], zone: tzinfo) -> bool:
    """Whether a value was taken on the day of a visit, after it."""
    came = [time(visit["occurred_at"]) for visit in visits if visit["attendance"] == "attended"]
    return any(visit < at and _day(visit, zone) == _day(at, zone) for visit in came)


def _begun(course: CourseOfCare) -> datetime:
    times = [time(visit["occurred_at"]) for visit in course.attended]
    times += [row["at"] for row in course.values if row.get("session_id") is None]
    if course.episode is not None:
        times.append(time(course.episode["opened_at"]))
    return min(times, default=datetime.max.replace(tzinfo=UTC))


def _by_time(at: datetime, begun: Sequence[datetime], opinion: Opinion) -> CourseOfCare | None:
    under_way = [
        course
        for course in opinion.courses
        if is_of_baseline(course, at, opinion.zone, opinion.days)
        or any(
            time(visit["occurred_at"]) <= at
            and _day(at, opinion.zone) - _day(time(visit["occurred_at"]), opinion.zone)
            <= timedelta(days=90)
            for visit in course.attended
        )
    ]
    if under_way:
        return under_way[0] if len(under_way) == 1 else None
    before = [course for course, when in zip(opinion.courses, begun, strict=True) if when <= at]
    if before:
        return before[0] if len(before) == 1 else None
    return opinion.courses[0] if opinion.courses else None


def _give_events(records: Sequence[Record], sessions: Sequence[Record], opinion: Opinion) -> None:
    by_id = {row["id"]: row for row in sessions}
    came = in_order([visit for course in opinion.courses for visit in course.attended])
    for event in (row for row in records if row["type"] == "adverse_event"):
        session = by_id.get(event.get("session_id") or "")
        if session is not None and session.get("status") != "void":
            of = [course for course in opinion.courses if session in course.visits]
            of[0].events.append(event)
            continue
        episode_id = (session and session.get("episode_id")) or event.get("episode_id")
        of = [one for one in opinion.courses if one.episode and one.episode["id"] == episode_id]
        if of:
            of[0].events.append(event)
            continue
        at = time(event["occurred_at"])
        before = [visit for visit in came if time(visit["occurred_at"]) <= at]
        last = time(before[-1]["occurred_at"]) if before else None
        close = timedelta(days=30 if event.get("kind") == "infection" else 14)
        if last is None or _day(at, opinion.zone) - _day(last, opinion.zone) > close:
            opinion.unattributed.append(event)
            continue
        with_visit = [
            course
            for course in opinion.courses
            if any(time(visit["occurred_at"]) == last for visit in course.attended)
        ]
        if len(with_visit) == 1:
            with_visit[0].by_date.append(event)
        else:
            opinion.unattributed.append(event)


def adverse_events(opinion: Opinion, course: CourseOfCare | None = None) -> Record:
    """The document's `adverse_events` of a course, or of the whole."""
    courses = opinion.courses if course is None else [course]
    by_date = [event for one in courses for event in one.by_date]
    counted = [event for one in courses for event in one.events] + by_date
    if course is None:
        counted += opinion.unattributed
    return counts(counted) | {
        "by_date": counts(by_date),
        "unattributed": counts(opinion.unattributed),
    }


def counts(events: Sequence[Record]) -> Record:
    """Events by severity, close calls apart."""
    kinds = ["close_calls" if event["close_call"] else event["severity"] for event in events]
    return {severity: kinds.count(severity) for severity in SEVERITIES}


def unlinked_visits(course: CourseOfCare, opinion: Opinion, as_of: datetime) -> int:
    """The visits without an episode while an episode was under way."""
    if course.episode is None:
        return 0
    came = [time(visit["occurred_at"]) for visit in course.attended]
    closed = course.episode.get("closed_at")
    first = min([*came, time(course.episode["opened_at"])])
    last = max([*came, as_of if closed is None else time(closed)])
    return sum(
        first <= time(visit["occurred_at"]) <= last
        for one in opinion.courses
        if one.episode is None
        for visit in one.attended
    )


def longest_gap_days(course: CourseOfCare, zone: tzinfo) -> int | None:
    """The most days between neighbouring visits, where over 90."""
    days = [_day(time(visit["occurred_at"]), zone) for visit in course.attended]
    gaps = [(days[n] - days[n - 1]).days for n in range(1, len(days))]
    return max((gap for gap in gaps if gap > 90), default=None)


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()

"""The input of the rules of progress: one patient's history, as plain facts.

It holds everything up to `as_of`, whatever part of it was asked for: a figure of one course must
not depend on that. Void sessions appear only in `voided`. Every rule ignores what belongs to a
session that was not attended or is not among the visits. An adverse event always counts, because
it happened whatever became of its session's record. Rows may come in any order.

Ids are strings: rules mostly look things up by id, and a `UUID` hashes many times slower. Times
are timezone-aware. Numbers are finite and of a size that occurs in a clinic. All facts are named
tuples, built and read by field name, never by position. Needlings are the most numerous, so they
come as columns.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from statistics import fmean
from typing import Any, NamedTuple

from app.core.values.text import folded
from app.instruments.rules import Better

Json = dict[str, Any]
"""A part of the document, with the members that the published contract names."""

TimeFormat = Callable[[datetime], object]
"""How a time appears in the document: as text, or as the same `datetime`."""

BASELINE_DAYS = 14
"""How many clinic days before the first needles count as the start, unless the clinic says else."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Visit(NamedTuple):
    """A session, whether it took place or not."""

    session_id: str
    at: datetime
    attendance: str  # attended | cancelled | no_show | declined
    duration_min: int | None
    status: str  # draft | signed
    practitioner_id: str
    episode_id: str | None = None


Place = tuple[str, str, str | None]
"""Muscle, side, spinal level."""


class Needlings(NamedTuple):
    """All needlings as columns of equal length. A needling is one muscle, side and session."""

    session_id: Sequence[str] = ()
    place: Sequence[Place] = ()
    needles: Sequence[int] = ()
    insertions: Sequence[int] = ()
    twitches: Sequence[int | None] = ()  # counted; None: not assessed
    ache: Sequence[int | None] = ()  # 0-10, the patient says
    release: Sequence[str | None] = ()  # none | partial | complete, the patient feels
    grasp: Sequence[str | None] = ()  # none | mild | moderate | strong, the practitioner feels
    retention_s: Sequence[int | None] = ()  # how long the needle stayed
    release_after_s: Sequence[int | None] = ()  # time until it released


NO_NEEDLINGS = Needlings()


class Reading(NamedTuple):
    """One measured value, in a session or outside of any."""

    session_id: str | None
    phase: str  # before | after | between
    instrument: str
    activity: str | None
    side: str | None
    muscle: str | None
    value: float  # in the instrument's own unit
    at: datetime  # ignored for a reading in a session: the session's time counts
    episode_id: str | None = None  # ignored for a reading in a session: the session's counts
    movement: str | None = None  # of a joint: a code of the vocabulary


def in_one_spelling(readings: Sequence[Reading]) -> list[Reading]:
    """Return readings in which an activity has one spelling, whatever its case and white space.

    It is one that was written. Which one doesn't depend on the order of the readings.
    """
    words = {reading.activity for reading in readings if reading.activity is not None}
    alike: dict[str, list[str]] = {}
    for activity in words:
        alike.setdefault(folded(activity), []).append(activity)
    if len(alike) == len(words):
        return list(readings)
    written = {activity: min(same) for same in alike.values() for activity in same}
    return [
        reading
        if reading.activity is None
        else reading._replace(activity=written[reading.activity])
        for reading in readings
    ]


class Report(NamedTuple):
    """What the patient reported after a session."""

    session_id: str
    window: str  # early | h24 | h48 | h72 | late, by the hours that passed since the session
    soreness: int  # 0-10
    worst_soreness: int | None = None  # 0-10, as the patient remembers it
    interference: int | None = None  # 0-10
    bruising: bool | None = None
    fatigue: bool | None = None
    headache: bool | None = None
    change: str | None = None  # much_worse | worse | same | better | much_better


class Event(NamedTuple):
    """An adverse event, or a close call."""

    at: datetime
    kind: str
    severity: str  # mild | significant | serious
    close_call: bool
    session_id: str | None = None
    episode_id: str | None = None


class Episode(NamedTuple):
    """One complaint, and the plan that was agreed for it."""

    episode_id: str
    region: str | None
    opened_at: datetime
    closed_at: datetime | None
    planned_sessions: int | None
    planned_per_week: float | None


class Reopening(NamedTuple):
    """An episode that was opened after an earlier one of the same region had been closed."""

    episode_id: str
    at: datetime
    closed_at: datetime  # of the earlier one
    earlier_id: str


class Thresholds(NamedTuple):
    """What a change must reach to be real (MDC) and worthwhile (MCID), with the source.

    All are above 0, in the units of the instrument; None where the source gives none.
    """

    id: str
    population: str | None  # who was studied, in words
    mdc: float | None
    mcid: float | None
    mcid_percent: float | None  # of the baseline
    source: str


class Scale(NamedTuple):
    """How an instrument's values are interpreted."""

    better: Better
    thresholds: Thresholds | None
    rates_change: bool = False
    """Whether a value is itself a change, as in a global rating of change; the baseline is 0."""
    unit: str = "{score}"
    best: float | None = None
    """The best value of the scale; None where there is no best, as for a force."""
    needs_movement: bool = False
    """Whether values are only comparable within one movement, as in a range of motion."""
    worst: float | None = None
    """The worst value of the scale; None where it isn't known."""


ScaleOf = Callable[[str, str | None, str | None], Scale]
"""The scale of an instrument, in a body region, for an activity."""


def fourteen(kind: str) -> int:
    """The days after a visit within which an event is counted with it, where nobody says else."""
    del kind
    return 14


def itself(muscle: str) -> str:
    """The muscle itself: where nobody says which muscle a part belongs to."""
    return muscle


class History(NamedTuple):
    """All facts about one patient that progress is computed from."""

    scale: ScaleOf
    visits: Sequence[Visit] = ()
    needlings: Needlings = NO_NEEDLINGS
    readings: Sequence[Reading] = ()
    reports: Sequence[Report] = ()
    events: Sequence[Event] = ()
    episodes: Sequence[Episode] = ()
    voided: Mapping[str, str | None] = {}
    """The void sessions, each with its episode."""
    entered_later: frozenset[str] = frozenset()
    """The ids of sessions that were recorded after `as_of`."""
    zone: tzinfo = UTC
    """The time zone in which the clinic counts days."""
    baseline_days: int = BASELINE_DAYS
    root_of: Callable[[str], str] = itself
    """The muscle that a part of a muscle counts towards."""
    days_of: Callable[[str], int] = fourteen
    """Within how many clinic days after a visit a kind of event is counted with it, by date."""


def keep_datetime(at: datetime) -> datetime:
    """Leave a time as it is, to be formatted when the document is serialised."""
    return at


class Clock(NamedTuple):
    """How times are written, and where the clinic counts days."""

    write: TimeFormat = keep_datetime
    zone: tzinfo = UTC

    def day(self, at: datetime) -> int:
        """The clinic day of a time, as a proleptic Gregorian ordinal."""
        return at.astimezone(self.zone).toordinal()


class Occasion(NamedTuple):
    """When something was measured: at an attended visit, or outside any session.

    Occasions sort by instant, then by rank.
    """

    instant: int
    rank: int  # orders occasions at one instant; those outside any session come last
    session_id: str  # empty outside any session
    at: Any  # the time as the document gives it
    day: int  # the clinic day, as a proleptic Gregorian ordinal
    draft: bool = False
    practitioner_id: str = ""
    duration_min: int | None = None


Course = dict[str, Occasion]
"""The attended visits by session, in order of time."""

OUTSIDE = 1_000_000
"""The rank of an occasion outside any session: the point of one instant is the session's."""


def course_of(
    visits: Iterable[Visit],
    clock: Clock,
    readings: Iterable[Reading] = (),
    needlings: Needlings = NO_NEEDLINGS,
    reports: Iterable[Report] = (),
) -> Course:
    """The attended visits in order of time.

    Visits at one instant are ordered by what was recorded at each of them.
    """
    occasions = [
        Occasion(
            instant=instant(visit.at),
            rank=0,
            session_id=visit.session_id,
            at=clock.write(visit.at),
            day=clock.day(visit.at),
            draft=visit.status == "draft",
            practitioner_id=visit.practitioner_id,
            duration_min=visit.duration_min,
        )
        for visit in visits
        if visit.attendance == "attended"
    ]
    if len({occasion.instant for occasion in occasions}) < len(occasions):
        needled = [
            dict(zip(Needlings._fields, row, strict=True)) for row in zip(*needlings, strict=True)
        ]
        measured, reported = ([one._asdict() for one in rows] for rows in (readings, reports))
        occasions = _ranked(occasions, [measured, needled, reported])
    return {occasion.session_id: occasion for occasion in sorted(occasions)}


def _ranked(
    occasions: Sequence[Occasion], kinds_of_rows: Sequence[Sequence[Json]]
) -> list[Occasion]:
    """Rank visits at one instant by their content. Ids would rank them by the order of arrival.

    `kinds_of_rows` holds the rows of each kind that belong to sessions, with their `session_id`.
    """
    contents: dict[str, list[list[str]]] = {
        occasion.session_id: [[] for _ in kinds_of_rows] for occasion in occasions
    }
    for kind, rows in enumerate(kinds_of_rows):
        for row in rows:
            if row["session_id"] in contents:
                content = [value for name, value in row.items() if name != "session_id"]
                contents[row["session_id"]][kind].append(repr(content))

    def content_of(occasion: Occasion) -> list[Any]:
        own = [occasion.practitioner_id, str(occasion.at), occasion.draft]
        last = [str(occasion.duration_min), occasion.session_id]
        return [occasion.instant, *map(sorted, contents[occasion.session_id]), *own, *last]

    return [
        occasion._replace(rank=rank)
        for rank, occasion in enumerate(sorted(occasions, key=content_of))
    ]


def instant(at: datetime) -> int:
    """The exact number of microseconds from 1970 (UTC) to an aware time."""
    return (at - _EPOCH) // _MICROSECOND


def rounded(value: float) -> float:
    """A computed number, rounded for the document: six decimals, and no negative zero."""
    return round(value, 6) + 0.0


def mean(values: Iterable[float]) -> float:
    """The mean, without the noise of binary fractions: 6.1 and 6.3 make 6.2."""
    return round(fmean(values), 9)

"""The input of the rules of progress: one patient's history, as plain facts.

The caller has already left out voided sessions, everything after `as_of`, and whatever an
asked-for episode, `from` or `to` excludes. The rules take what they are given for the whole
truth, so a baseline is the baseline *of the history given*. Every rule ignores what belongs to a
session that was not attended, or that is not among the visits. An adverse event counts in any
case: it happened, whatever became of the record of its session. Rows may come in any order.

Ids are strings, for a history is mostly look-ups by id, and a `UUID` hashes many times slower.
Times are aware, numbers finite and of a size that occurs in a clinic. All facts are named tuples,
which are built and read by the names of their fields, never by position. Needlings are the most
numerous, and come as columns.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple

Json = dict[str, Any]
"""A part of the document, in the shape and under the names of the published contract."""

Written = Callable[[datetime], object]
"""How a time is put into the document: as text, or as it came."""

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
    """All needlings, each of a muscle on one side in one session, as columns of equal length."""

    session_id: Sequence[str] = ()
    place: Sequence[Place] = ()
    needles: Sequence[int] = ()
    insertions: Sequence[int] = ()
    twitches: Sequence[int | None] = ()  # counted by the practitioner; None: not assessed
    ache: Sequence[int | None] = ()  # 0-10, the patient says
    release: Sequence[str | None] = ()  # none | partial | complete, the patient feels
    grasp: Sequence[str | None] = ()  # none | mild | moderate | strong, the practitioner feels
    retention_s: Sequence[int | None] = ()  # how long the needle stayed
    release_after_s: Sequence[int | None] = ()  # when it released, where it did


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
    at: datetime  # of no account in a session, which has a time of its own
    episode_id: str | None = None  # of no account in a session, which has an episode of its own


class Report(NamedTuple):
    """What the patient reported after a session."""

    session_id: str
    window: str  # early | h24 | h48 | h72 | late: by the hours that really passed
    soreness: int  # 0-10


class Event(NamedTuple):
    """An adverse event, or a close call."""

    severity: str  # mild | significant | serious
    close_call: bool


class Episode(NamedTuple):
    """One complaint, and what was agreed about it."""

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
    """What a change must reach to be real (MDC) and to be worthwhile (MCID), and who says so.

    All are above 0, in the units of the instrument; None where the source gives none.
    """

    id: str
    mdc: float | None
    mcid: float | None
    mcid_percent: float | None  # of the baseline
    source: str


class Scale(NamedTuple):
    """How an instrument's values are read."""

    better: Literal["lower", "higher"]
    thresholds: Thresholds | None
    rates_change: bool = False
    """Whether a value is itself a change, as a global rating of change is: it starts from 0."""
    unit: str = "{score}"
    best: float | None = None
    """The good end of the scale; None where a value may always get better, as a force may."""


class History(NamedTuple):
    """All facts about one patient, or one episode, that progress is made of."""

    visits: Sequence[Visit]
    needlings: Needlings
    readings: Sequence[Reading]
    reports: Sequence[Report]
    events: Sequence[Event]
    episodes: Sequence[Episode]  # those that are looked at
    reopenings: Sequence[Reopening]
    scale: Callable[[str, str | None], Scale]  # of an instrument, in a body region
    entered_later: frozenset[str] = frozenset()
    """The sessions that were written down after the instant that is looked back to."""


class Occasion(NamedTuple):
    """When something was recorded: at an attended visit, or outside of any.

    Occasions sort by time, and those at one instant by rank.
    """

    instant: int
    rank: int  # among the visits at one instant; those outside of any session come first
    session_id: str  # empty outside of any session
    at: Any  # as it stands in the document
    draft: bool = False
    practitioner_id: str = ""
    duration_min: int | None = None


Course = dict[str, Occasion]
"""The attended visits by session, in order of time."""

OUTSIDE = -1
"""The rank of what was recorded outside of any session."""


def course_of(
    visits: Iterable[Visit],
    written: Written,
    readings: Iterable[Reading] = (),
    needlings: Needlings = NO_NEEDLINGS,
    reports: Iterable[Report] = (),
) -> Course:
    """Put the attended visits in order of time.

    Visits at one instant are put in order by what was recorded at each of them.
    """
    occasions = [
        Occasion(
            instant=instant(visit.at),
            rank=0,
            session_id=visit.session_id,
            at=written(visit.at),
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


def _ranked(occasions: Sequence[Occasion], belonging: Sequence[Sequence[Json]]) -> list[Occasion]:
    """Rank visits at one instant by their content; ids would rank them by the order of arrival.

    `belonging` are the rows of each kind that belong to sessions, with their `session_id`.
    """
    contents: dict[str, list[list[str]]] = {
        occasion.session_id: [[] for _ in belonging] for occasion in occasions
    }
    for kind, rows in enumerate(belonging):
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


def as_it_came(at: datetime) -> datetime:
    """Leave a time to whoever serialises the document."""
    return at


def instant(at: datetime) -> int:
    """Microseconds since 1970 of an aware time, exactly, whatever its offset."""
    return (at - _EPOCH) // _MICROSECOND


def figure(value: float) -> float:
    """A computed number as the document gives it: six decimals, and no negative zero."""
    return round(value, 6) + 0.0

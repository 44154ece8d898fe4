"""Looking back: what the record said of a patient at an earlier instant, by the ledger's versions.

A record that was changed since is taken as it was then. One that was written down later counts as
well, since what it tells had happened, unless only what was known then is asked for.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from app.core.operation import Operation, rows
from app.instruments.queries import in_own_unit
from app.ledger.queries import since
from app.progress.rules.history import Episode, Event, Place, Reading, Report, Visit
from app.thresholds.models import OwnThresholds

Body = dict[str, Any]
NEEDLING: Final = (
    "needles",
    "insertions",
    "twitches",
    "ache",
    "release",
    "grasp",
    "retention_s",
    "release_after_s",
)
"""The columns of `Needlings` behind session and place, by their names in a needling."""
_THRESHOLDS = rows(OwnThresholds, OwnThresholds.id)


class Past(NamedTuple):
    """What differs from the records as they are now."""

    replaced: tuple[UUID, ...] = ()
    """The records that were otherwise, or that don't count."""
    bodies: tuple[tuple[str, Body], ...] = ()
    """How they were, with their kinds."""
    entered_later: frozenset[str] = frozenset()
    """The sessions that were written down later."""


NOTHING = Past()


def past(op: Operation, patient_id: UUID, as_of: datetime, *, known_then: bool) -> Past:
    """The state of a patient's records, and of the clinic's thresholds, at `as_of`.

    `known_then` leaves out what was written down later.
    """
    thresholds = [row.id for row in op.all(_THRESHOLDS)]
    found = since(op, as_of, patient_id, thresholds)
    left_out = [id for id, noun in found.new.items() if known_then or noun == "thresholds"]
    return Past(
        (*found.changed, *left_out),
        tuple((noun, body) for noun, body in found.changed.values() if body is not None),
        frozenset(str(id) for id, noun in found.new.items() if noun == "sessions"),
    )


class Told(NamedTuple):
    """What past versions tell, in the rows that the rules take."""

    visits: list[Visit]
    needled: list[tuple[Any, ...]]
    """The columns of `Needlings`, in rows."""
    readings: list[Reading]
    reports: list[Report]
    events: list[Event]
    episodes: list[Episode]
    thresholds: list[Body]


class Window(NamedTuple):
    """Which part of a history is looked at."""

    patient_id: str
    as_of: datetime
    begin: datetime | None
    end: datetime | None
    episode_id: str | None
    visited: frozenset[str]
    """The sessions in it that are as they were."""

    def holds(self, at: str) -> bool:
        """Whether it is of that time."""
        moment = datetime.fromisoformat(at)
        return (
            moment <= self.as_of
            and (self.begin is None or moment >= self.begin)
            and (self.end is None or moment <= self.end)
        )


def told(past: Past, window: Window) -> Told:
    """What the past versions tell of a patient."""
    of_patient: defaultdict[str, list[Body]] = defaultdict(list)
    for noun, body in past.bodies:
        if body.get("patient_id", window.patient_id) == window.patient_id:
            of_patient[noun].append(body)
    sessions = [
        body
        for body in of_patient["sessions"]
        if body["status"] != "void"
        and window.holds(body["occurred_at"])
        and window.episode_id in {None, body["episode_id"]}
    ]
    visited = window.visited.union(body["id"] for body in sessions)

    def within(body: Body, at: str) -> bool:
        of_episode = window.episode_id in {None, body.get("episode_id")}
        return window.holds(body[at]) and (of_episode or body["session_id"] in visited)

    outside = [body for body in of_patient["measurements"] if within(body, "taken_at")]
    events = [body for body in of_patient["adverse_events"] if within(body, "occurred_at")]
    return Told(
        [_visit(body) for body in sessions],
        [
            (body["id"], _place(part), *(part[name] for name in NEEDLING))
            for body in sessions
            for part in body["needlings"]
        ],
        [
            *(_reading(part, body["id"]) for body in sessions for part in body["measurements"]),
            *(_reading(body, body["session_id"]) for body in outside),
        ],
        [
            Report(body["session_id"], body["window"], body["soreness"])
            for body in of_patient["follow_ups"]
            if datetime.fromisoformat(body["reported_at"]) <= window.as_of
        ],
        [Event(body["severity"], body["close_call"]) for body in events],
        [
            episode_of(body["id"], body["region"], opened_at, body["closed_at"], body["plan"])
            for body in of_patient["episodes"]
            if (opened_at := datetime.fromisoformat(body["opened_at"])) <= window.as_of
        ],
        of_patient["thresholds"],
    )


def episode_of(
    id: str, region: str | None, opened_at: datetime, closed_at: str | None, plan: Body
) -> Episode:
    """An episode as the rules take it."""
    closed = None if closed_at is None else datetime.fromisoformat(closed_at)
    return Episode(id, region, opened_at, closed, plan.get("sessions"), plan.get("per_week"))


def _visit(body: Body) -> Visit:
    return Visit(
        body["id"],
        datetime.fromisoformat(body["occurred_at"]),
        body["attendance"],
        body["duration_min"],
        body["status"],
        body["practitioner_id"],
        body["episode_id"],
    )


def _place(part: Body) -> Place:
    return part["muscle"], part["side"], part["spinal_level"]


def _reading(body: Body, session_id: str | None) -> Reading:
    """A value of a session, or one from outside, which has a time and an episode of its own."""
    at = body.get("taken_at")
    return Reading._make(
        [
            session_id,
            *(body[name] for name in ("phase", "instrument", "activity", "side", "muscle")),
            in_own_unit(body["instrument"], body["value"], body["unit"]),
            None if at is None else datetime.fromisoformat(at),
            body.get("episode_id"),
        ]
    )

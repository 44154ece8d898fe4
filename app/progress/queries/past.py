"""A patient's records as they were at an earlier instant, by the versions in the ledger.

A record that was changed since is taken as it was then. A record that was written down later
counts as well, for it is about something that had happened. It is left out where the caller asks
for only what was known then.
"""

from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.core.operation import Operation, rows
from app.instruments.queries import in_own_unit
from app.ledger.queries import since
from app.progress.queries.fields import (
    EPISODE,
    EVENT,
    INSIDE,
    NEEDLING,
    OUTSIDE,
    REPORT,
    VISIT,
    Sources,
    members,
)
from app.progress.rules.history import Episode, Event, Needlings, Reading, Report, Visit
from app.thresholds.models import OwnThresholds

Body = dict[str, Any]
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


class PastRows(NamedTuple):
    """The past versions as the facts that the rules take."""

    visits: list[Visit]
    needlings: Needlings
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


def rows_as_of(past: Past, window: Window) -> PastRows:
    """The past versions of a patient's records that belong to a window."""
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
    return PastRows(
        visits=[_visit(body) for body in sessions],
        needlings=_needlings(_parts(sessions, "needlings")),
        readings=[
            *(_reading(INSIDE, part) for part in _parts(sessions, "measurements")),
            *(_reading(OUTSIDE, body) for body in outside),
        ],
        reports=[
            Report(**members(REPORT, body))
            for body in of_patient["follow_ups"]
            if datetime.fromisoformat(body["reported_at"]) <= window.as_of
        ],
        events=[Event(**members(EVENT, body)) for body in events],
        episodes=[
            episode
            for body in of_patient["episodes"]
            if (episode := _episode(body)).opened_at <= window.as_of
        ],
        thresholds=of_patient["thresholds"],
    )


def episode_of(named: Body, opened_at: datetime) -> Episode:
    """An episode as the rules take it, from the members that `EPISODE` names."""
    closed_at, plan = named["closed_at"], named["plan"]
    return Episode(
        episode_id=named["episode_id"],
        region=named["region"],
        opened_at=opened_at,
        closed_at=None if closed_at is None else datetime.fromisoformat(closed_at),
        planned_sessions=plan.get("sessions"),
        planned_per_week=plan.get("per_week"),
    )


def _episode(body: Body) -> Episode:
    named = members(EPISODE, body)
    return episode_of(named, datetime.fromisoformat(named["opened_at"]))


def _parts(sessions: list[Body], name: str) -> list[Body]:
    """What a member of some sessions lists, each with its session's id."""
    return [{**part, "session_id": body["id"]} for body in sessions for part in body[name]]


def _visit(body: Body) -> Visit:
    named = members(VISIT, body)
    return Visit(**{**named, "at": datetime.fromisoformat(named["at"])})


def _needlings(parts: list[Body]) -> Needlings:
    named = [
        members(NEEDLING, {**part, "place": (part["muscle"], part["side"], part["spinal_level"])})
        for part in parts
    ]
    return Needlings(**{name: [row[name] for row in named] for name in NEEDLING})


def _reading(columns: Sources, body: Body) -> Reading:
    """A value of a session, or one from outside, which has a time and an episode of its own."""
    named = {"at": None, "episode_id": None, **members(columns, body)}
    named["value"] = in_own_unit(named["instrument"], named["value"], named.pop("unit"))
    if named["at"] is not None:
        named["at"] = datetime.fromisoformat(named["at"])
    return Reading(**named)

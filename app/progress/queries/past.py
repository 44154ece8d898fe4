"""A patient's records as they were at an earlier instant, from the versions in the ledger.

A record that was changed since then counts as it was. A record that was entered later counts too,
because it is about something that had happened by then. It is left out where the caller asks only
for what was known at that instant.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.core.operation import Operation, rows
from app.episodes.service import EPISODES
from app.episodes.views import EpisodeView
from app.followups.service import FOLLOW_UPS
from app.followups.views import FollowUpView
from app.instruments.queries import in_own_unit
from app.ledger.queries import since
from app.measurements.service import MEASUREMENTS
from app.measurements.views import MeasurementView
from app.progress.queries.scales import ClinicThresholds
from app.progress.rules.history import Episode, Event, Needlings, Reading, Report, Visit
from app.records.kinds import Kind, V
from app.safety.service import ADVERSE_EVENTS
from app.safety.views import AdverseEventView
from app.sessions.service import SESSIONS
from app.sessions.views import SessionView
from app.thresholds.models import OwnThresholds
from app.thresholds.service import THRESHOLDS
from app.thresholds.views import ClinicThresholdsView
from app.vocabularies.queries import compared_code

_THRESHOLDS = rows(OwnThresholds, OwnThresholds.id)


class Past(NamedTuple):
    """How a patient's records at an earlier instant differ from the current ones."""

    replaced: tuple[UUID, ...] = ()
    """The ids of current records to leave out: they were different, or don't count."""
    bodies: tuple[tuple[str, Mapping[str, object]], ...] = ()
    """The earlier versions as JSON, each with the noun of its kind."""
    entered_later: frozenset[str] = frozenset()
    """The ids of the sessions that were entered later."""


NO_CHANGES = Past()


def records_as_of(op: Operation, patient_id: UUID, as_of: datetime, *, known_then: bool) -> Past:
    """How a patient's records, and the clinic's thresholds, were different at `as_of`.

    `known_then` leaves out the records that were entered later.
    """
    thresholds = [row.id for row in op.all(_THRESHOLDS)]
    changes = since(op, as_of, patient_id, thresholds)
    left_out = [id for id, noun in changes.new.items() if known_then or noun == "thresholds"]
    return Past(
        (*changes.changed, *left_out),
        tuple((noun, body) for noun, body in changes.changed.values() if body is not None),
        frozenset(str(id) for id, noun in changes.new.items() if noun == "sessions"),
    )


class PastRows(NamedTuple):
    """The past versions, as the facts that the rules take."""

    visits: list[Visit]
    needlings: Needlings
    readings: list[Reading]
    reports: list[Report]
    events: list[Event]
    episodes: list[Episode]
    thresholds: list[ClinicThresholds]


def rows_as_of(past: Past, patient_id: UUID, as_of: datetime) -> PastRows:
    """The past versions of a patient's records of what had happened by `as_of`."""
    sessions = [
        session for session in _views(SESSIONS, past, patient_id) if session["occurred_at"] <= as_of
    ]
    counted = [session for session in sessions if session["status"] != "void"]
    outside = [v for v in _views(MEASUREMENTS, past, patient_id) if v["taken_at"] <= as_of]
    return PastRows(
        visits=[_visit(session) for session in sessions],
        needlings=_needlings(counted),
        readings=[*_readings(counted), *(_reading(value) for value in outside)],
        reports=[
            _report(report)
            for report in _views(FOLLOW_UPS, past, patient_id)
            if report["reported_at"] <= as_of
        ],
        events=[
            _event(event)
            for event in _views(ADVERSE_EVENTS, past, patient_id)
            if event["occurred_at"] <= as_of
        ],
        episodes=[_episode(episode) for episode in _views(EPISODES, past, patient_id)],
        thresholds=[_thresholds(own) for own in _views(THRESHOLDS, past, patient_id)],
    )


def _views(kind: Kind[Any, V], past: Past, patient_id: UUID) -> Iterable[V]:
    """The past versions of a kind that belong to this patient, or to no patient."""
    for noun, body in past.bodies:
        if noun == kind.noun:
            view = kind.from_json(body)
            if kind.patient_of(view) in {None, patient_id}:
                yield view


def _visit(session: SessionView) -> Visit:
    return Visit(
        session_id=str(session["id"]),
        at=session["occurred_at"],
        attendance=session["attendance"],
        duration_min=session["duration_min"],
        status=session["status"],
        practitioner_id=str(session["practitioner_id"]),
        episode_id=_text(session["episode_id"]),
    )


def _needlings(sessions: Iterable[SessionView]) -> Needlings:
    listed = [(str(session["id"]), part) for session in sessions for part in session["needlings"]]
    parts = [part for _, part in listed]
    return Needlings(
        session_id=[session_id for session_id, _ in listed],
        place=[(part["muscle"], part["side"], part["spinal_level"]) for part in parts],
        needles=[part["needles"] for part in parts],
        insertions=[part["insertions"] for part in parts],
        twitches=[part["twitches"] for part in parts],
        ache=[part["ache"] for part in parts],
        release=[part["release"] for part in parts],
        grasp=[part["grasp"] for part in parts],
        retention_s=[part["retention_s"] for part in parts],
        release_after_s=[part["release_after_s"] for part in parts],
    )


def _readings(sessions: Iterable[SessionView]) -> Iterable[Reading]:
    """The values measured in sessions. Their episode is the session's."""
    for session in sessions:
        for value in session["measurements"]:
            yield Reading(
                session_id=str(session["id"]),
                phase=value["phase"],
                instrument=value["instrument"],
                activity=value["activity"],
                side=value["side"],
                muscle=value["muscle"],
                movement=value.get("movement"),
                value=in_own_unit(value["instrument"], value["value"], value["unit"]),
                at=session["occurred_at"],
            )


def _reading(value: MeasurementView) -> Reading:
    return Reading(
        session_id=_text(value["session_id"]),
        phase=value["phase"],
        instrument=value["instrument"],
        activity=value["activity"],
        side=value["side"],
        muscle=value["muscle"],
        movement=value.get("movement"),
        value=in_own_unit(value["instrument"], value["value"], value["unit"]),
        at=value["taken_at"],
        episode_id=_text(value["episode_id"]),
    )


def _report(report: FollowUpView) -> Report:
    return Report(
        session_id=str(report["session_id"]),
        window=report["window"],
        soreness=report["soreness"],
        worst_soreness=report["worst_soreness"],
        interference=report["interference"],
        bruising=report["bruising"],
        fatigue=report["fatigue"],
        headache=report["headache"],
        change=report["change"],
    )


def _event(event: AdverseEventView) -> Event:
    return Event(
        at=event["occurred_at"],
        kind=event["kind"],
        severity=event["severity"],
        close_call=event["close_call"],
        session_id=_text(event["session_id"]),
        episode_id=_text(event["episode_id"]),
    )


def _episode(episode: EpisodeView) -> Episode:
    return Episode(
        episode_id=str(episode["id"]),
        region=compared_code("regions", episode["region"]),
        opened_at=episode["opened_at"],
        closed_at=episode["closed_at"],
        planned_sessions=episode["plan"]["sessions"],
        planned_per_week=episode["plan"]["per_week"],
    )


def _thresholds(own: ClinicThresholdsView) -> ClinicThresholds:
    return ClinicThresholds(
        id=str(own["id"]),
        status=own["status"],
        created_at=own["created_at"],
        version=own["version"],
        instrument=own["instrument"],
        region=own["region"],
        population=own["population"],
        mdc=own["mdc"],
        mdc_level=own["mdc_level"],
        mcid=own["mcid"],
        mcid_percent=own["mcid_percent"],
        source=own["source"],
    )


def _text(id: UUID | None) -> str | None:
    return None if id is None else str(id)

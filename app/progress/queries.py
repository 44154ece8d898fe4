"""What progress and the timeline read: a few indexed queries each."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import repeat
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import (
    ColumnElement,
    Label,
    Select,
    and_,
    bindparam,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.core.dialects import id_text, json_text
from app.core.nested import json_columns
from app.core.operation import Operation, rows
from app.core.pages import Filters, Order, page
from app.core.tables import at_offset
from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.followups.service import FOLLOW_UPS
from app.instruments import queries as instruments
from app.ledger import service as ledger
from app.measurements.models import Measurement
from app.measurements.service import MEASUREMENTS
from app.muscles import queries as catalogue
from app.patients.models import Patient
from app.progress.rules.document import document
from app.progress.rules.history import (
    Event,
    History,
    Json,
    Reopening,
    Scale,
    Thresholds,
    Visit,
)
from app.progress.rules.picture import Names
from app.progress.rules.picture import Scale as PictureScale
from app.progress.rules.picture import picture as drawn
from app.progress.schemas import ProgressFilters
from app.records.kinds import Kind
from app.records.queries import shown_among
from app.safety.models import AdverseEvent, Consent, Screening
from app.safety.service import ADVERSE_EVENTS, CONSENTS, SCREENINGS
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.sessions.service import SESSIONS

_PATIENT = rows(Patient, Patient.id).where(Patient.id == bindparam("patient_id"))
_EPISODE = rows(Episode, Episode.id).where(
    Episode.id == bindparam("episode_id"), Episode.patient_id == bindparam("patient_id")
)
_READING = ("phase", "instrument", "activity", "side", "muscle", "value")


def progress(op: Operation, patient_id: UUID, filters: ProgressFilters) -> Json:
    """A patient's progress document; `NotFound` where this clinic has no such patient."""
    as_of = filters.as_of or op.at
    asked = filters.model_dump(exclude={"as_of"}, exclude_none=True)
    values = {"patient_id": patient_id, "as_of": as_of, **asked}
    ledger.saw_patients(op, [patient_id])
    history = _history(op.one(_facts(frozenset(asked)), **values))
    if filters.episode_id is None:
        return document(str(patient_id), None, as_of, history, _written)
    if not history.visits:  # an episode that has had a visit exists; of any other it is asked
        op.one(_EPISODE, patient_id=patient_id, episode_id=filters.episode_id)
    return document(str(patient_id), str(filters.episode_id), as_of, history, _written)


def picture(op: Operation, patient_id: UUID, filters: ProgressFilters) -> bytes:
    """The same as an SVG."""
    return drawn(progress(op, patient_id, filters), Names(_scale, _name)).encode()


def _scale(code: str) -> PictureScale:
    found = instruments.instrument(code)
    return PictureScale(found.name.partition(" (")[0], found.min, found.max)


def _name(slug: str) -> str:
    return catalogue.muscle(slug).name


def _written(at: datetime) -> str:
    """RFC 3339, as every other answer writes it."""
    return at.isoformat().replace("+00:00", "Z")


def _history(facts: Iterable[str]) -> History:
    """Read a row of `_facts`, each of them columns, into rows."""
    visited, needled, inside, reported, outside, events, reopenings = map(from_json, facts)
    ids: dict[str, str] = {}
    visits = []
    for key, id, at, offset_min, *rest in zip(*visited, strict=True):
        ids[key] = id
        visits.append(Visit(id, _moment(at, offset_min), *rest))
    *names, values = inside
    readings = _of_sessions(ids, *names, map(float, values), repeat(None))
    for *reading, value, at, offset_min in zip(*outside, strict=True):
        readings.append((*reading, float(value), _moment(at, offset_min)))
    return History(
        visits,
        _of_sessions(ids, *needled),
        readings,
        _of_sessions(ids, *reported),
        [Event(*row) for row in zip(*events, strict=True)],
        [
            Reopening(id, _moment(at, offset_min), datetime.fromisoformat(closed_at))
            for id, at, offset_min, closed_at in zip(*reopenings, strict=True)
        ],
        scales({reading[2] for reading in readings}),
    )


def _of_sessions(ids: Mapping[str, str], keys: Iterable[str], *columns: Iterable[Any]) -> list[Any]:
    """Rows of what belongs to sessions, from columns that begin with the session's key."""
    return list(zip(map(ids.__getitem__, keys), *columns, strict=False))


def _moment(at: str, offset_min: int) -> datetime:
    return at_offset(datetime.fromisoformat(at), offset_min)


def scales(codes: Iterable[str]) -> dict[str, Scale]:
    """How the values of these instruments are read, by their codes."""
    found = {}
    for code in codes:
        known = instruments.default_thresholds(code)
        used = (
            None
            if known is None
            else Thresholds(known.id, known.mdc, known.mcid, known.mcid_percent, known.source)
        )
        found[code] = Scale(instruments.instrument(code).better, used)
    return found


def _of_patient(asked: frozenset[str]) -> ColumnElement[bool]:
    """The sessions that count: of this patient, not void, and within what was asked."""
    session = TreatmentSession
    conditions = [
        session.patient_id == bindparam("patient_id"),
        session.status != "void",
        *_within(session.occurred_at, asked),
    ]
    if "episode_id" in asked:
        conditions.append(session.episode_id == bindparam("episode_id"))
    return and_(*conditions)


def _within(at: Any, asked: frozenset[str]) -> list[ColumnElement[bool]]:
    conditions = [at <= bindparam("as_of")]
    if "begin" in asked:
        conditions.append(at >= bindparam("begin"))
    if "end" in asked:
        conditions.append(at <= bindparam("end"))
    return conditions


@lru_cache
def _facts(asked: frozenset[str]) -> Select[Any]:
    """All of a patient's history in one row of JSON texts: one round trip, decoded at once."""
    counts = _of_patient(asked)
    tables = (
        _VISITS.where(counts),
        *(part.where(counts) for part in (_NEEDLED, _INSIDE, _REPORTS)),
        _outside(asked),
        _events(asked),
        _reopenings(asked),
    )
    texts = (json_text(json_columns(table)) for table in tables)
    return rows(Patient, *texts).where(Patient.id == bindparam("patient_id"))


def _parts(table: Any, *columns: Any) -> Select[Any]:
    """Rows that belong to a session, after its key."""
    session = TreatmentSession
    own = and_(table.clinic_id == session.clinic_id, table.session_id == session.id)
    return rows(session, session.id, *columns).join_from(session, table, own)


_VISITS = rows(
    TreatmentSession,
    TreatmentSession.id,
    id_text(TreatmentSession.id),
    TreatmentSession.occurred_at,
    TreatmentSession.occurred_at_offset_min,
    TreatmentSession.attendance,
    TreatmentSession.duration_min,
    TreatmentSession.status,
    id_text(TreatmentSession.practitioner_id),
)
_NEEDLED = _parts(
    Needling,
    Needling.muscle,
    Needling.side,
    Needling.spinal_level,
    Needling.needles,
    Needling.insertions,
    Needling.twitches,
    Needling.ache,
    Needling.release,
    Needling.grasp,
)
_INSIDE = _parts(
    SessionMeasurement, *(getattr(SessionMeasurement, name) for name in _READING)
).where(SessionMeasurement.phase == "before")
_REPORTS = _parts(FollowUp, FollowUp.window, FollowUp.soreness).where(
    FollowUp.reported_at <= bindparam("as_of")
)


def _outside(asked: frozenset[str]) -> Select[Any]:
    """Values that were not taken in a session, though perhaps on its occasion."""
    measurement = Measurement
    statement = rows(
        measurement,
        id_text(measurement.session_id),
        *(getattr(measurement, name) for name in _READING),
        measurement.taken_at,
        measurement.taken_at_offset_min,
    ).where(
        measurement.patient_id == bindparam("patient_id"),
        measurement.phase == "before",
        *_within(measurement.taken_at, asked),
    )
    if "episode_id" in asked:
        of_episode = rows(TreatmentSession, TreatmentSession.id).where(
            TreatmentSession.episode_id == bindparam("episode_id")
        )
        statement = statement.where(
            or_(
                measurement.episode_id == bindparam("episode_id"),
                measurement.session_id.in_(of_episode),
            )
        )
    return statement


def _events(asked: frozenset[str]) -> Select[Any]:
    event, session = AdverseEvent, TreatmentSession
    statement = rows(event, event.severity, event.close_call).where(
        event.patient_id == bindparam("patient_id"), *_within(event.occurred_at, asked)
    )
    if "episode_id" in asked:
        of_episode = and_(session.clinic_id == event.clinic_id, session.id == event.session_id)
        statement = statement.join_from(event, session, of_episode).where(
            session.episode_id == bindparam("episode_id")
        )
    return statement


def _reopenings(asked: frozenset[str]) -> Select[Any]:
    """Episodes of a region that an earlier one of the patient had closed before."""
    later, earlier = Episode, aliased(Episode)
    statement = (
        rows(
            later,
            id_text(later.id),
            later.opened_at,
            later.opened_at_offset_min,
            earlier.closed_at,
        )
        .join_from(
            later,
            earlier,
            and_(
                earlier.clinic_id == later.clinic_id,
                earlier.patient_id == later.patient_id,
                earlier.region == later.region,
                earlier.closed_at <= later.opened_at,
                earlier.id != later.id,
            ),
        )
        .where(later.patient_id == bindparam("patient_id"), *_within(later.opened_at, asked))
    )
    if "episode_id" in asked:
        either = [episode.id == bindparam("episode_id") for episode in (earlier, later)]
        statement = statement.where(or_(*either))
    return statement


class Happening(NamedTuple):
    """A kind of record on the timeline, and the column that says when it happened."""

    kind: Kind[Any]
    at: Any

    def newest(self, *, further: bool) -> Select[Any]:
        """When a patient had one, and which: as many as a page could need of this kind alone."""
        table: Any = self.kind.table
        noun: Label[str] = literal_column(f"'{self.kind.noun}'").label("noun")
        own = rows(table, self.at.label("at"), table.id.label("id"), noun).where(
            table.patient_id == bindparam("patient_id")
        )
        order = Order((self.at, table.id), descending=True)
        return select((order.after(own) if further else order.start(own)).subquery())


_HAPPENINGS = (
    Happening(SESSIONS, TreatmentSession.occurred_at),
    Happening(FOLLOW_UPS, FollowUp.reported_at),
    Happening(MEASUREMENTS, Measurement.taken_at),
    Happening(CONSENTS, Consent.obtained_at),
    Happening(SCREENINGS, Screening.decided_at),
    Happening(ADVERSE_EVENTS, AdverseEvent.occurred_at),
)


def _newest(*, further: bool) -> tuple[Order, Select[Any]]:
    """A page over all kinds: a few pages are sorted, never a patient's whole history."""
    kinds = (happening.newest(further=further) for happening in _HAPPENINGS)
    every = union_all(*kinds).subquery()
    order = Order((every.c.at, every.c.id), descending=True)
    return order, order.start(select(every))


_FIRST, _FURTHER = _newest(further=False), _newest(further=True)


def timeline(
    op: Operation, patient_id: UUID, filters: Filters
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of what happened to a patient, newest first, and the cursor behind it.

    `NotFound` where this clinic has no such patient.
    """
    op.one(_PATIENT, patient_id=patient_id)
    order, statement = _FIRST if filters.cursor is None else _FURTHER
    found, cursor = page(op, statement, order, filters, patient_id=patient_id)
    items: dict[UUID, dict[str, Any]] = {}
    for kind, at in _HAPPENINGS:
        ids = [row.id for row in found if row.noun == kind.noun]
        for record in shown_among(op, kind, ids):
            items[record["id"]] = {
                "type": kind.singular,
                "at": record[at.key],
                "id": record["id"],
                "record": record,
            }
    return [items[row.id] for row in found], cursor

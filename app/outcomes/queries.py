"""Reads a clinic's cohort: the courses of care that began in a period, and their outcomes."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Row, and_, bindparam, func

from app.clinics.queries import clinic
from app.core.db.dialects import among, id_text, in_order
from app.core.db.tables import Instant
from app.core.operation import Operation, rows
from app.core.values.faults import Fault
from app.core.values.problems import Forbidden, Invalid
from app.episodes.models import Episode
from app.ledger import service as ledger
from app.measurements.models import Measurement
from app.outcomes.rules.cases import Case, Patient, cases_of
from app.outcomes.rules.groups import outcomes, outside
from app.outcomes.rules.published import PUBLISHED
from app.outcomes.schemas import OutcomesFilters
from app.progress.queries import scales
from app.progress.queries.fields import (
    VISIT,
    columns_of_rows,
    event,
    inside,
    labelled_texts,
    readings_of,
)
from app.progress.queries.fields import outside as outside_columns
from app.progress.queries.kinds import days_of_kinds
from app.progress.rules.history import Clock, Event, History, Json, Reading, Visit, instant
from app.progress.rules.history import Episode as Complaint
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.vocabularies.queries import compared_code

F = TypeVar("F", bound=NamedTuple)

A_YEAR: Final = timedelta(days=365)
SESSIONS_MAX: Final = 20_000
_BEGIN = bindparam("begin", type_=Instant())
_END = bindparam("end", type_=Instant())
_session, _event = TreatmentSession, AdverseEvent
_CAME = (
    rows(_session, _session.patient_id)
    .where(_session.attendance == "attended", _session.status != "void")
    .where(_session.occurred_at.between(_BEGIN, _END))
    .limit(SESSIONS_MAX + 1)
)
_SESSIONS = rows(
    _session,
    *labelled_texts({"patient_id": _session.patient_id, "technique": _session.technique, **VISIT}),
).where(among(_session.patient_id, "patients"), _session.occurred_at <= _END)
_INSIDE = (
    rows(_session, *labelled_texts({"patient_id": _session.patient_id, **inside()}))
    .select_from(
        in_order(
            _session.__table__,
            SessionMeasurement.__table__,
            and_(
                SessionMeasurement.clinic_id == _session.clinic_id,
                SessionMeasurement.session_id == _session.id,
            ),
        )
    )
    .where(SessionMeasurement.phase == "before", _session.status != "void")
    .where(among(_session.patient_id, "patients"), _session.occurred_at <= _END)
)
_OUTSIDE = rows(
    Measurement, *labelled_texts({"patient_id": Measurement.patient_id, **outside_columns()})
).where(
    among(Measurement.patient_id, "patients"),
    Measurement.phase == "before",
    Measurement.taken_at <= _END,
)
_SUM = func.sum(Needling.insertions).label("insertions")
_INSERTIONS = (
    rows(
        Needling,
        id_text(Needling.session_id).label("id"),
        func.sum(Needling.insertions).label("insertions"),
    )
    .where(among(Needling.session_id, "sessions"))
    .group_by(Needling.session_id)
)
_EVENTS = rows(
    _event, *labelled_texts({"patient_id": _event.patient_id, "id": _event.id, **event()})
).where(
    among(_event.patient_id, "patients"),
    _event.close_call.is_(False),
    _event.occurred_at <= _END,
)
_HAPPENED = rows(
    _event,
    id_text(_event.id).label("id"),
    id_text(_event.patient_id).label("patient_id"),
    _event.severity,
).where(_event.close_call.is_(False), _event.occurred_at.between(_BEGIN, _END))
_EPISODES = rows(
    Episode,
    *labelled_texts(
        {
            "patient_id": Episode.patient_id,
            "id": Episode.id,
            "region": Episode.region,
            "opened_at": Episode.opened_at,
            "diagnoses": Episode.diagnoses,
        }
    ),
).where(among(Episode.patient_id, "patients"))


def cohort(op: Operation, filters: OutcomesFilters) -> Json:
    """The outcomes of the courses of care that began between `from` and `to`.

    Raises `Invalid` if the period has more than `SESSIONS_MAX` sessions, and `Forbidden` if a
    program asks for its own patients.
    """
    if filters.own and op.caller.practitioner_id is None:
        raise Forbidden("Only a practitioner has patients of their own.")
    ledger.record_aggregate_access(op, f"outcomes by {filters.by or 'nothing'}")
    end = filters.end or op.at
    period: Json = {"begin": filters.begin or end - A_YEAR, "end": end}
    scale = partial(scales.scale, scales.own_thresholds(op))
    clock = Clock(zone=op.zone)
    settings = History(scale, zone=clock.zone, baseline_days=clinic(op)["baseline_days"])
    cases = _cases(op, period, settings, clock)
    happened = op.all(_HAPPENED, **period)
    if filters.own:
        own = str(op.caller.practitioner_id)
        cases = [case for case in cases if own in case.practitioners]
        patients = {case.patient_id for case in cases}
        happened = [row for row in happened if row.patient_id in patients]
    return {
        "from": period["begin"],
        "to": end,
        "by": filters.by,
        "own": filters.own,
        "groups": outcomes(cases, filters.by, scale, clock),
        "adverse_events_outside": outside(cases, {row.id: row.severity for row in happened}),
        "published": PUBLISHED,
    }


class _Records(NamedTuple):
    """The records of the cohort's patients up to the end of the period, each by patient."""

    sessions: Mapping[str, Sequence[Row[Any]]]
    readings: Mapping[str, Sequence[Reading]]
    events: Mapping[str, Sequence[Row[Any]]]
    episodes: Mapping[str, Sequence[Row[Any]]]
    insertions: Mapping[str, int]  # by session; one without needlings is left out
    days_of: Callable[[str], int]  # by the kind of event


def _cases(op: Operation, period: Json, settings: History, clock: Clock) -> list[Case]:
    """The courses of care that began in a period, with what is counted of them."""
    came = op.all(_CAME, **period)
    if len(came) > SESSIONS_MAX:
        why = f"The period has more than {SESSIONS_MAX:,} sessions: ask for a shorter one."
        raise Invalid([Fault("/from", "period_too_long", why)], "query")
    records = _records(op, {"patients": list({row.patient_id for row in came}), **period})
    begin, end = instant(period["begin"]), instant(period["end"])
    return [
        case
        for patient_id in records.sessions
        for case in cases_of(_patient(patient_id, records, settings), begin, end, clock)
    ]


def _records(op: Operation, about: Json) -> _Records:
    sessions = _by_patient(op.all(_SESSIONS, **about))
    readings: defaultdict[str, list[Reading]] = defaultdict(list)
    for statement in (_INSIDE, _OUTSIDE):
        found = columns_of_rows(statement, op.all(statement, **about))
        for patient_id, reading in zip(found["patient_id"], readings_of(found), strict=True):
            readings[patient_id].append(reading)
    ids = [row.session_id for some in sessions.values() for row in some]
    events = op.all(_EVENTS, **about)
    return _Records(
        sessions,
        readings,
        _by_patient(events),
        _by_patient(op.all(_EPISODES, **about)),
        {row.id: int(row.insertions) for row in op.all(_INSERTIONS, sessions=ids)},
        days_of_kinds(op, (row.kind for row in events)),
    )


def _patient(patient_id: str, records: _Records, settings: History) -> Patient:
    sessions, episodes = records.sessions[patient_id], records.episodes.get(patient_id, ())
    events = records.events.get(patient_id, ())
    visits = [_fact(Visit, row) for row in sessions]
    return Patient(
        patient_id,
        settings._replace(
            visits=[visit for visit in visits if visit.status != "void"],
            voided={one.session_id: one.episode_id for one in visits if one.status == "void"},
            readings=records.readings.get(patient_id, ()),
            events=[_fact(Event, row) for row in events],
            days_of=records.days_of,
            episodes=[
                Complaint(
                    row.id, compared_code("regions", row.region), row.opened_at, None, None, None
                )
                for row in episodes
            ],
        ),
        event_ids=[row.id for row in events],
        techniques={row.session_id: row.technique for row in sessions},
        diagnoses={row.id: [_coded(one) for one in row.diagnoses] for row in episodes},
        insertions=records.insertions,
    )


def _fact(fact: type[F], row: Row[Any]) -> F:
    """A fact from the columns with the names of its fields."""
    return fact._make(getattr(row, name) for name in fact._fields)


def _by_patient(found: Iterable[Row[Any]]) -> Mapping[str, list[Row[Any]]]:
    by_patient: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in found:
        by_patient[row.patient_id].append(row)
    return by_patient


def _coded(diagnosis: Json) -> str:
    return f"{diagnosis['system']}|{diagnosis['code']}"

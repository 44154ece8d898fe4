"""A patient's history, as the rules of progress take it. One query reads it as one row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    bindparam,
    case,
    func,
    not_,
    select,
)
from sqlalchemy.orm import aliased

from app.clinics.models import Clinic
from app.core.db.dialects import among, in_order, json_list
from app.core.db.nested import columns_of, json_columns
from app.core.db.tables import at_offset
from app.core.operation import Operation, rows
from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.measurements.models import Measurement
from app.muscles import queries as catalogue
from app.patients.models import Patient
from app.progress.queries import scales
from app.progress.queries.fields import (
    BEFORE,
    EPISODE,
    NEEDLING,
    VISIT,
    Columns,
    Sources,
    event,
    facts_of,
    inside,
    labelled,
    outside,
    place_of,
    readings_of,
    report,
    rows_of,
)
from app.progress.queries.kinds import days_of_kinds
from app.progress.queries.past import NO_CHANGES, Past, rows_as_of
from app.progress.rules import history as history_rules
from app.progress.rules.history import Event, History, Json, Needlings, Report, Visit
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.thresholds.models import OwnThresholds
from app.vocabularies.queries import compared_code

VOID: Final = "void"
# Short names: the driver caches only statements of up to 4 kB.
_INSIDE, _OUTSIDE = aliased(SessionMeasurement, name="m"), aliased(Measurement, name="o")
_REPORT, _EVENT = aliased(FollowUp, name="f"), aliased(AdverseEvent, name="a")


class HistoryQuery(NamedTuple):
    """The statement that reads a whole history as one row, and the content of that row.

    The row has an array for each part of the history. That array has an array for each column.
    """

    statement: Select[Any]
    parts: Mapping[str, Sequence[str]]
    """The column names of each part, in SELECT order."""

    def columns(self, row: Iterable[Any]) -> dict[str, dict[str, Sequence[Any]]]:
        """The columns of each part, by name."""
        return {
            part: dict(zip(names, columns_of(arrays), strict=True))
            for (part, names), arrays in zip(self.parts.items(), row, strict=True)
        }


def history(op: Operation, patient_id: UUID, as_of: datetime, past: Past = NO_CHANGES) -> History:
    """What happened to a patient up to `as_of`; `NotFound` where there is no such patient.

    Where `past` has an earlier version of a record, that version counts instead of the current one.
    """
    parameters: Json = {"replaced": past.replaced} if past.replaced else {}
    query = _QUERIES[frozenset(parameters)]
    row = op.one(query.statement, patient_id=patient_id, as_of=as_of, **parameters)
    time_zone, baseline_days = row[-1]
    parts = query.columns(row[:-1])
    visits = parts["visits"]
    ids: dict[int, str] = dict(zip(visits["number"], visits["session_id"], strict=True))
    own = parts["thresholds"]
    own["created_at"] = list(map(datetime.fromisoformat, own["created_at"]))
    past_rows = rows_as_of(past, patient_id, as_of)
    within = {**parts["inside"], "session_id": _ids(ids, parts["inside"])}
    events = parts["events"]
    listed = [*facts_of(Visit, _timed(visits)), *past_rows.visits]
    return History(
        visits=[one for one in listed if one.status != VOID],
        voided={one.session_id: one.episode_id for one in listed if one.status == VOID},
        needlings=_needlings(ids, parts["needlings"], past_rows.needlings),
        readings=[
            *readings_of(within),
            *readings_of(_timed(parts["outside"])),
            *past_rows.readings,
        ],
        reports=[*facts_of(Report, parts["reports"]), *past_rows.reports],
        events=[
            *facts_of(Event, {**events, "at": map(datetime.fromisoformat, events["at"])}),
            *past_rows.events,
        ],
        episodes=[
            *(
                _episode(row, _moment(row["opened_at"], row["offset_min"]))
                for row in rows_of(parts["episodes"])
            ),
            *past_rows.episodes,
        ],
        scale=partial(
            scales.scale, [*facts_of(scales.ClinicThresholds, own), *past_rows.thresholds]
        ),
        entered_later=past.entered_later,
        zone=op.take_zone(time_zone),
        baseline_days=baseline_days,
        root_of=_root_of,
        days_of=days_of_kinds(op, [*events["kind"], *(one.kind for one in past_rows.events)]),
    )


def _root_of(slug: str) -> str:
    """The muscle that a part counts towards; itself if it is no part, or not in the catalogue."""
    found = catalogue.find(slug)
    return slug if found is None or found.part_of is None else found.part_of


def _episode(named: Json, opened_at: datetime) -> history_rules.Episode:
    """An episode as the rules take it, from a row with the columns of `EPISODE`."""
    closed_at, plan = named["closed_at"], named["plan"]
    return history_rules.Episode(
        episode_id=named["episode_id"],
        region=compared_code("regions", named["region"]),
        opened_at=opened_at,
        closed_at=None if closed_at is None else datetime.fromisoformat(closed_at),
        planned_sessions=plan.get("sessions"),
        planned_per_week=plan.get("per_week"),
    )


def _timed(columns: Columns) -> dict[str, Any]:
    """The columns with `at` converted to times, each at the UTC offset it was sent with."""
    return {**columns, "at": list(map(_moment, columns["at"], columns["offset_min"]))}


def _ids(ids: Mapping[int, str], columns: Columns) -> list[str]:
    """The session ids of these rows, which refer to sessions by their number in the result."""
    return list(map(ids.__getitem__, columns["session_id"]))


def _needlings(ids: Mapping[int, str], columns: Columns, past: Needlings) -> Needlings:
    """The needlings of current sessions, followed by those of past versions."""
    places = {text: place_of(text) for text in set(columns["place"])}
    now = Needlings(
        **{
            **columns,
            "session_id": _ids(ids, columns),
            "place": list(map(places.__getitem__, columns["place"])),
        }
    )
    if not past.session_id:
        return now
    return Needlings._make([*some, *more] for some, more in zip(now, past, strict=True))


def _moment(at: str, offset_min: int) -> datetime:
    return at_offset(datetime.fromisoformat(at), offset_min)


def _visits_of(filters: frozenset[str]) -> CTE:
    """This patient's sessions, void ones too: their adverse events keep their episode.

    They are numbered within the result. Rows that belong to a session refer to it by that number,
    which is shorter than an id.
    """
    session = TreatmentSession
    number = func.row_number().over(order_by=(session.occurred_at, session.id))
    columns = {**VISIT, "offset_min": session.occurred_at_offset_min, "number": number}
    visits = rows(session, *labelled(columns)).where(
        session.patient_id == bindparam("patient_id"),
        session.occurred_at <= bindparam("as_of"),
        *_not_replaced(session.id, filters),
    )
    return visits.cte("v")


def _not_replaced(id: Any, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    """The condition that leaves out the records that past versions replace."""
    return [not_(among(id, "replaced"))] if "replaced" in filters else []


def _history_query(filters: frozenset[str]) -> HistoryQuery:
    """The query for a patient's whole history as one row of JSON: a single round trip."""
    visits = _visits_of(filters)
    parts = {
        "visits": select(visits),
        "needlings": _needled(visits),
        "inside": _inside(visits),
        "reports": _reports(filters),
        "outside": _outside(filters),
        "events": _events(filters),
        "episodes": _episodes(filters),
        "thresholds": scales.SELECT_OWN.where(*_not_replaced(OwnThresholds.id, filters)),
    }
    settings = rows(Clinic, json_list(Clinic.time_zone, Clinic.baseline_days)).scalar_subquery()
    return HistoryQuery(
        rows(Patient, *map(json_columns, parts.values()), settings).where(
            Patient.id == bindparam("patient_id")
        ),
        {name: part.selected_columns.keys() for name, part in parts.items()},
    )


def _needled(visits: CTE) -> Select[Any]:
    """The needlings of the sessions that aren't void."""
    return _parts(visits, Needling, NEEDLING).where(visits.c.status != VOID)


def _inside(visits: CTE) -> Select[Any]:
    """Values measured in the sessions that aren't void.

    One condition names both tables. By one about the values alone, SQLite would first read those of
    the whole clinic into a Bloom filter.
    """
    phase = case((visits.c.status != VOID, _INSIDE.phase))
    return _parts(visits, _INSIDE, _without_phase(inside(_INSIDE))).where(phase == BEFORE)


def _parts(visits: CTE, table: Any, columns: Sources) -> Select[Any]:
    """Rows that belong to a session, with the session's number.

    The sessions are read first: a patient has few of them, and a clinic many rows of this table.
    """
    numbered = {**columns, "session_id": visits.c.number}
    found = in_order(visits, table, table.session_id == visits.c.session_id)
    return rows(table, *labelled(numbered)).select_from(found)


def _without_phase(columns: Sources) -> Sources:
    """The same columns without the phase, which is the same for all rows that are read."""
    return {name: column for name, column in columns.items() if name != "phase"}


def _reports(filters: frozenset[str]) -> Select[Any]:
    return rows(_REPORT, *labelled(report(_REPORT))).where(
        _REPORT.patient_id == bindparam("patient_id"),
        _REPORT.reported_at <= bindparam("as_of"),
        *_not_replaced(_REPORT.id, filters),
    )


def _episodes(filters: frozenset[str]) -> Select[Any]:
    columns = {**EPISODE, "offset_min": Episode.opened_at_offset_min}
    return rows(Episode, *labelled(columns)).where(
        Episode.patient_id == bindparam("patient_id"), *_not_replaced(Episode.id, filters)
    )


def _outside(filters: frozenset[str]) -> Select[Any]:
    """Values measured outside any session; a value may still refer to a session."""
    columns = {**_without_phase(outside(_OUTSIDE)), "offset_min": _OUTSIDE.taken_at_offset_min}
    return rows(_OUTSIDE, *labelled(columns)).where(
        _OUTSIDE.patient_id == bindparam("patient_id"),
        _OUTSIDE.phase == BEFORE,
        _OUTSIDE.taken_at <= bindparam("as_of"),
        *_not_replaced(_OUTSIDE.id, filters),
    )


def _events(filters: frozenset[str]) -> Select[Any]:
    return rows(_EVENT, *labelled(event(_EVENT))).where(
        _EVENT.patient_id == bindparam("patient_id"),
        _EVENT.occurred_at <= bindparam("as_of"),
        *_not_replaced(_EVENT.id, filters),
    )


# Built at the start: threads that build a statement with the same alias at once may lose columns
# of it, so that it multiplies rows (SQLAlchemy 2.1).
_QUERIES: Final = {
    filters: _history_query(filters) for filters in (frozenset[str](), frozenset({"replaced"}))
}

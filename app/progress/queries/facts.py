"""A patient's history, as the rules of progress take it. One query reads it as one row."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    and_,
    bindparam,
    func,
    not_,
    or_,
    select,
)

from app.core.db.dialects import among
from app.core.db.nested import columns_of, json_columns
from app.core.db.tables import at_offset
from app.core.operation import Operation, rows
from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.measurements.models import Measurement
from app.patients.models import Patient
from app.progress.queries import scales
from app.progress.queries.fields import (
    BEFORE,
    EPISODE,
    EVENT,
    INSIDE,
    NEEDLING,
    OUTSIDE,
    REPORT,
    VISIT,
    Columns,
    Sources,
    facts_of,
    labelled,
    place_of,
    readings_of,
    rows_of,
)
from app.progress.queries.past import NO_CHANGES, Past, Selection, rows_as_of
from app.progress.rules import history as history_rules
from app.progress.rules.episodes import reopenings
from app.progress.rules.history import Event, History, Json, Needlings, Report, Visit
from app.progress.schemas import ProgressFilters
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.thresholds.models import OwnThresholds
from app.vocabularies.queries import compared_code


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


def history(
    op: Operation,
    patient_id: UUID,
    as_of: datetime,
    filters: ProgressFilters,
    past: Past = NO_CHANGES,
) -> History:
    """What happened to a patient up to `as_of`; `NotFound` where there is no such patient.

    Where `past` has an earlier version of a record, that version counts instead of the current one.
    """
    parameters: Json = filters.model_dump(include={"episode_id", "begin", "end"}, exclude_none=True)
    if past.replaced:
        parameters["replaced"] = past.replaced
    query = _history_query(frozenset(parameters))
    parts = query.columns(op.one(query.statement, patient_id=patient_id, as_of=as_of, **parameters))
    visits = parts["visits"]
    ids: dict[int, str] = dict(zip(visits["number"], visits["session_id"], strict=True))
    id = None if filters.episode_id is None else str(filters.episode_id)
    own = parts["thresholds"]
    own["created_at"] = list(map(datetime.fromisoformat, own["created_at"]))
    past_rows = rows_as_of(
        past,
        Selection(
            patient_id=patient_id,
            as_of=as_of,
            begin=filters.begin,
            end=filters.end,
            episode_id=filters.episode_id,
            visited=frozenset(ids.values()),
        ),
    )
    inside = {**parts["inside"], "session_id": _ids(ids, parts["inside"])}
    complaints = [
        *(
            _episode(row, _moment(row["opened_at"], row["offset_min"]))
            for row in rows_of(parts["episodes"])
        ),
        *past_rows.episodes,
    ]
    return History(
        visits=[*facts_of(Visit, _timed(visits)), *past_rows.visits],
        needlings=_needlings(ids, parts["needlings"], past_rows.needlings),
        readings=[
            *readings_of(inside),
            *readings_of(_timed(parts["outside"])),
            *past_rows.readings,
        ],
        reports=[*facts_of(Report, parts["reports"]), *past_rows.reports],
        events=[*facts_of(Event, parts["events"]), *past_rows.events],
        episodes=[one for one in complaints if id in {None, one.episode_id}],
        reopenings=_reopenings(complaints, filters, id),
        scale=partial(
            scales.scale, [*facts_of(scales.ClinicThresholds, own), *past_rows.thresholds]
        ),
        entered_later=past.entered_later,
    )


def _reopenings(
    complaints: Iterable[history_rules.Episode], filters: ProgressFilters, episode_id: str | None
) -> list[history_rules.Reopening]:
    """The reopened episodes within the filters."""
    return [
        again
        for again in reopenings(complaints)
        if (filters.begin is None or again.at >= filters.begin)
        and (filters.end is None or again.at <= filters.end)
        and episode_id in {None, again.episode_id, again.earlier_id}
    ]


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
    """The sessions that count: this patient's, not void, and within the filters.

    They are numbered within the result. Rows that belong to a session refer to it by that number,
    which is shorter than an id.
    """
    session = TreatmentSession
    number = func.row_number().over(order_by=(session.occurred_at, session.id))
    columns = {**VISIT, "offset_min": session.occurred_at_offset_min, "number": number}
    visits = rows(session, *labelled(columns)).where(
        session.patient_id == bindparam("patient_id"),
        session.status != "void",
        *_within(session.occurred_at, filters),
        *_not_replaced(session.id, filters),
    )
    if "episode_id" in filters:
        visits = visits.where(session.episode_id == bindparam("episode_id"))
    return visits.cte("v")  # a short name: the driver caches only statements of up to 4 kB


def _within(at: Any, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    conditions = [at <= bindparam("as_of")]
    if "begin" in filters:
        conditions.append(at >= bindparam("begin"))
    if "end" in filters:
        conditions.append(at <= bindparam("end"))
    return conditions


def _not_replaced(id: Any, filters: frozenset[str]) -> list[ColumnElement[bool]]:
    """The condition that leaves out the records that past versions replace."""
    return [not_(among(id, "replaced"))] if "replaced" in filters else []


@lru_cache
def _history_query(filters: frozenset[str]) -> HistoryQuery:
    """The query for a patient's whole history as one row of JSON: a single round trip."""
    visits = _visits_of(filters)
    inside = _parts(visits, SessionMeasurement, _without_phase(INSIDE))
    parts = {
        "visits": select(visits),
        "needlings": _parts(visits, Needling, NEEDLING),
        "inside": inside.where(SessionMeasurement.phase == BEFORE),
        "reports": _reports(filters),
        "outside": _outside(filters),
        "events": _events(filters),
        "episodes": _episodes(filters),
        "thresholds": scales.SELECT_OWN.where(*_not_replaced(OwnThresholds.id, filters)),
    }
    return HistoryQuery(
        rows(Patient, *map(json_columns, parts.values())).where(
            Patient.id == bindparam("patient_id")
        ),
        {name: part.selected_columns.keys() for name, part in parts.items()},
    )


def _parts(visits: CTE, table: Any, columns: Sources) -> Select[Any]:
    """Rows that belong to a session that counts, with the session's number."""
    numbered = {**columns, "session_id": visits.c.number}
    return rows(table, *labelled(numbered)).join(visits, table.session_id == visits.c.session_id)


def _without_phase(columns: Sources) -> Sources:
    """The same columns without the phase, which is the same for all rows that are read."""
    return {name: column for name, column in columns.items() if name != "phase"}


def _reports(filters: frozenset[str]) -> Select[Any]:
    return rows(FollowUp, *labelled(REPORT)).where(
        FollowUp.patient_id == bindparam("patient_id"),
        FollowUp.reported_at <= bindparam("as_of"),
        *_not_replaced(FollowUp.id, filters),
    )


def _episodes(filters: frozenset[str]) -> Select[Any]:
    columns = {**EPISODE, "offset_min": Episode.opened_at_offset_min}
    return rows(Episode, *labelled(columns)).where(
        Episode.patient_id == bindparam("patient_id"),
        Episode.opened_at <= bindparam("as_of"),
        *_not_replaced(Episode.id, filters),
    )


def _outside(filters: frozenset[str]) -> Select[Any]:
    """Values measured outside any session; a value may still refer to a session."""
    measurement = Measurement
    columns = {**_without_phase(OUTSIDE), "offset_min": measurement.taken_at_offset_min}
    statement = rows(measurement, *labelled(columns)).where(
        measurement.patient_id == bindparam("patient_id"),
        measurement.phase == BEFORE,
        *_within(measurement.taken_at, filters),
        *_not_replaced(measurement.id, filters),
    )
    if "episode_id" in filters:
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


def _events(filters: frozenset[str]) -> Select[Any]:
    event, session = AdverseEvent, TreatmentSession
    statement = rows(event, *labelled(EVENT)).where(
        event.patient_id == bindparam("patient_id"),
        *_within(event.occurred_at, filters),
        *_not_replaced(event.id, filters),
    )
    if "episode_id" in filters:
        of_episode = and_(session.clinic_id == event.clinic_id, session.id == event.session_id)
        statement = statement.join_from(event, session, of_episode).where(
            session.episode_id == bindparam("episode_id")
        )
    return statement

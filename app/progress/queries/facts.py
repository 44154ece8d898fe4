"""A patient's history as the rules of progress take it: read as one row, decoded at once."""

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
from app.progress.queries.past import NOTHING, Past, Window, rows_as_of
from app.progress.rules import history as history_rules
from app.progress.rules.episodes import reopenings
from app.progress.rules.history import Event, History, Json, Needlings, Report, Visit
from app.progress.schemas import ProgressFilters
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.thresholds.models import OwnThresholds


class HistoryQuery(NamedTuple):
    """The statement that reads a whole history as one row, and what is in the row.

    The row has an array for each part of the history, and in it an array for each column.
    """

    statement: Select[Any]
    parts: Mapping[str, Sequence[str]]
    """The names of the columns of each part, in the order in which they are selected."""

    def columns(self, row: Iterable[Any]) -> dict[str, dict[str, Sequence[Any]]]:
        """The columns of each part, by their names."""
        found = zip(self.parts.items(), row, strict=True)
        return {
            part: dict(zip(names, columns_of(arrays), strict=True))
            for (part, names), arrays in found
        }


def history(
    op: Operation, patient_id: UUID, as_of: datetime, filters: ProgressFilters, past: Past = NOTHING
) -> History:
    """What happened to a patient up to `as_of`; `NotFound` where there is no such patient.

    The versions in `past` are taken instead of the records as they are now.
    """
    asked: Json = filters.model_dump(include={"episode_id", "begin", "end"}, exclude_none=True)
    if past.replaced:
        asked["replaced"] = past.replaced
    query = _facts(frozenset(asked))
    found = query.columns(op.one(query.statement, patient_id=patient_id, as_of=as_of, **asked))
    visits = found["visits"]
    ids: dict[int, str] = dict(zip(visits["number"], visits["session_id"], strict=True))
    id = None if filters.episode_id is None else str(filters.episode_id)
    own = found["thresholds"]
    own["created_at"] = list(map(datetime.fromisoformat, own["created_at"]))
    then = rows_as_of(
        past,
        Window(
            patient_id=patient_id,
            as_of=as_of,
            begin=filters.begin,
            end=filters.end,
            episode_id=filters.episode_id,
            visited=frozenset(ids.values()),
        ),
    )
    inside = {**found["inside"], "session_id": _ids(ids, found["inside"])}
    complaints = [
        *(
            _episode(row, _moment(row["opened_at"], row["offset_min"]))
            for row in rows_of(found["episodes"])
        ),
        *then.episodes,
    ]
    return History(
        visits=[*facts_of(Visit, _timed(visits)), *then.visits],
        needlings=_needlings(ids, found["needlings"], then.needlings),
        readings=[
            *readings_of(inside),
            *readings_of(_timed(found["outside"])),
            *then.readings,
        ],
        reports=[*facts_of(Report, found["reports"]), *then.reports],
        events=[*facts_of(Event, found["events"]), *then.events],
        episodes=[one for one in complaints if id in {None, one.episode_id}],
        reopenings=[
            again
            for again in reopenings(complaints)
            if (filters.begin is None or again.at >= filters.begin)
            and (filters.end is None or again.at <= filters.end)
            and id in {None, again.episode_id, again.earlier_id}
        ],
        scale=partial(scales.scale, [*facts_of(scales.ClinicThresholds, own), *then.thresholds]),
        entered_later=past.entered_later,
    )


def _episode(named: Json, opened_at: datetime) -> history_rules.Episode:
    """An episode as the rules take it, from the columns that `EPISODE` names."""
    closed_at, plan = named["closed_at"], named["plan"]
    return history_rules.Episode(
        episode_id=named["episode_id"],
        region=named["region"],
        opened_at=opened_at,
        closed_at=None if closed_at is None else datetime.fromisoformat(closed_at),
        planned_sessions=plan.get("sessions"),
        planned_per_week=plan.get("per_week"),
    )


def _timed(columns: Columns) -> dict[str, Any]:
    """The columns with `at` as times, each with its sender's offset."""
    return {**columns, "at": list(map(_moment, columns["at"], columns["offset_min"]))}


def _ids(ids: Mapping[int, str], columns: Columns) -> list[str]:
    """The ids of the sessions that these rows name by their number in the answer."""
    return list(map(ids.__getitem__, columns["session_id"]))


def _needlings(ids: Mapping[int, str], columns: Columns, then: Needlings) -> Needlings:
    """Those of sessions that are as they were, and behind them those of past versions."""
    places = {text: place_of(text) for text in set(columns["place"])}
    now = Needlings(
        **{
            **columns,
            "session_id": _ids(ids, columns),
            "place": list(map(places.__getitem__, columns["place"])),
        }
    )
    if not then.session_id:
        return now
    return Needlings._make([*some, *more] for some, more in zip(now, then, strict=True))


def _moment(at: str, offset_min: int) -> datetime:
    return at_offset(datetime.fromisoformat(at), offset_min)


def _visits_of(asked: frozenset[str]) -> CTE:
    """The sessions that count: of this patient, not void, and within what was asked.

    They are numbered within the answer. What belongs to a session names it by that number, which
    is less to write and to read than an id.
    """
    session = TreatmentSession
    number = func.row_number().over(order_by=(session.occurred_at, session.id))
    columns = {**VISIT, "offset_min": session.occurred_at_offset_min, "number": number}
    visits = rows(session, *labelled(columns)).where(
        session.patient_id == bindparam("patient_id"),
        session.status != "void",
        *_within(session.occurred_at, asked),
        *_as_they_are(session.id, asked),
    )
    if "episode_id" in asked:
        visits = visits.where(session.episode_id == bindparam("episode_id"))
    return visits.cte("v")  # short: the driver keeps what it knows of statements of up to 4 kB


def _within(at: Any, asked: frozenset[str]) -> list[ColumnElement[bool]]:
    conditions = [at <= bindparam("as_of")]
    if "begin" in asked:
        conditions.append(at >= bindparam("begin"))
    if "end" in asked:
        conditions.append(at <= bindparam("end"))
    return conditions


def _as_they_are(id: Any, asked: frozenset[str]) -> list[ColumnElement[bool]]:
    """Leave out the records that were otherwise then."""
    return [not_(among(id, "replaced"))] if "replaced" in asked else []


@lru_cache
def _facts(asked: frozenset[str]) -> HistoryQuery:
    """All of a patient's history in one row of JSON: one round trip, decoded at once."""
    visits = _visits_of(asked)
    inside = _parts(visits, SessionMeasurement, _without_phase(INSIDE))
    parts = {
        "visits": select(visits),
        "needlings": _parts(visits, Needling, NEEDLING),
        "inside": inside.where(SessionMeasurement.phase == BEFORE),
        "reports": _reports(asked),
        "outside": _outside(asked),
        "events": _events(asked),
        "episodes": _episodes(asked),
        "thresholds": scales.SELECT_OWN.where(*_as_they_are(OwnThresholds.id, asked)),
    }
    return HistoryQuery(
        rows(Patient, *map(json_columns, parts.values())).where(
            Patient.id == bindparam("patient_id")
        ),
        {name: part.selected_columns.keys() for name, part in parts.items()},
    )


def _parts(visits: CTE, table: Any, columns: Sources) -> Select[Any]:
    """Rows that belong to a session that counts, which they name by its number."""
    numbered = {**columns, "session_id": visits.c.number}
    return rows(table, *labelled(numbered)).join(visits, table.session_id == visits.c.session_id)


def _without_phase(columns: Sources) -> Sources:
    """The same columns without the phase, which is one for all rows that are read."""
    return {name: column for name, column in columns.items() if name != "phase"}


def _reports(asked: frozenset[str]) -> Select[Any]:
    return rows(FollowUp, *labelled(REPORT)).where(
        FollowUp.patient_id == bindparam("patient_id"),
        FollowUp.reported_at <= bindparam("as_of"),
        *_as_they_are(FollowUp.id, asked),
    )


def _episodes(asked: frozenset[str]) -> Select[Any]:
    columns = {**EPISODE, "offset_min": Episode.opened_at_offset_min}
    return rows(Episode, *labelled(columns)).where(
        Episode.patient_id == bindparam("patient_id"),
        Episode.opened_at <= bindparam("as_of"),
        *_as_they_are(Episode.id, asked),
    )


def _outside(asked: frozenset[str]) -> Select[Any]:
    """Values that were not taken in a session, though perhaps on its occasion."""
    measurement = Measurement
    columns = {**_without_phase(OUTSIDE), "offset_min": measurement.taken_at_offset_min}
    statement = rows(measurement, *labelled(columns)).where(
        measurement.patient_id == bindparam("patient_id"),
        measurement.phase == BEFORE,
        *_within(measurement.taken_at, asked),
        *_as_they_are(measurement.id, asked),
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
    statement = rows(event, *labelled(EVENT)).where(
        event.patient_id == bindparam("patient_id"),
        *_within(event.occurred_at, asked),
        *_as_they_are(event.id, asked),
    )
    if "episode_id" in asked:
        of_episode = and_(session.clinic_id == event.clinic_id, session.id == event.session_id)
        statement = statement.join_from(event, session, of_episode).where(
            session.episode_id == bindparam("episode_id")
        )
    return statement

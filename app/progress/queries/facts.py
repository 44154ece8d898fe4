"""A patient's history as the rules of progress take it: all of it in one row, decoded at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import repeat
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    String,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from app.core.dialects import among, json_part
from app.core.nested import columns_of, json_columns
from app.core.operation import Operation, rows
from app.core.tables import at_offset
from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.instruments.queries import in_own_unit
from app.measurements.models import Measurement
from app.patients.models import Patient
from app.progress.queries import scales
from app.progress.queries.past import NEEDLING, NOTHING, Past, Window, episode_of, told
from app.progress.rules.episodes import reopenings
from app.progress.rules.history import Event, History, Json, Needlings, Place
from app.progress.schemas import ProgressFilters
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.thresholds.models import OwnThresholds

_PHASE = "before"
_READING = ("instrument", "activity", "side", "muscle", "value", "unit")


def history(
    op: Operation, patient_id: UUID, as_of: datetime, filters: ProgressFilters, past: Past = NOTHING
) -> History:
    """What happened to a patient up to `as_of`; `NotFound` where there is no such patient.

    What `past` tells otherwise than the records do is taken from there.
    """
    asked: Json = filters.model_dump(include={"episode_id", "begin", "end"}, exclude_none=True)
    if past.replaced:
        asked["replaced"] = past.replaced
    row = op.one(_facts(frozenset(asked)), patient_id=patient_id, as_of=as_of, **asked)
    visited, needled, inside, reported, outside, events, episodes, thresholds = map(columns_of, row)
    ids: dict[int, str] = dict(zip(visited[0], visited[1], strict=True))
    id = None if filters.episode_id is None else str(filters.episode_id)
    window = Window(str(patient_id), as_of, filters.begin, filters.end, id, frozenset(ids.values()))
    then = told(past, window)
    complaints = [_complaint(*row) for row in _transposed(episodes)] + then.episodes
    own = [dict(zip(scales.OWN, row, strict=True)) for row in _transposed(thresholds)]
    return History(
        [*_visits(visited), *then.visits],
        _needlings(ids, needled, then.needled),
        [*_inside(ids, inside), *_outside_of(outside), *then.readings],
        [*_transposed(reported), *then.reports],
        [*(Event(*row) for row in _transposed(events)), *then.events],
        [one for one in complaints if id in {None, one.episode_id}],
        [
            again
            for again in reopenings(complaints)
            if (filters.begin is None or again.at >= filters.begin)
            and (filters.end is None or again.at <= filters.end)
            and id in {None, again.episode_id, again.earlier_id}
        ],
        partial(scales.scale, [*own, *then.thresholds]),
        past.entered_later,
    )


def _transposed(columns: Sequence[Any]) -> Iterable[Any]:
    return zip(*columns, strict=True)


def _visits(columns: Sequence[Any]) -> Iterable[Any]:
    _, ids, instants, offsets_min, *rest = columns
    return _transposed([ids, map(_moment, instants, offsets_min), *rest])


def _inside(ids: Mapping[int, str], columns: Sequence[Any]) -> Iterable[Any]:
    """Values of sessions, which have their times and their episodes."""
    numbers, instruments, *names, values, units = columns
    own_values = map(in_own_unit, instruments, values, units)
    nowhere = repeat(None), repeat(None)
    return _of_sessions(ids, numbers, repeat(_PHASE), instruments, *names, own_values, *nowhere)


def _outside_of(columns: Sequence[Any]) -> Iterator[Any]:
    for episode_id, at, offset_min, session_id, *reading, value, unit in _transposed(columns):
        own_value = in_own_unit(reading[0], value, unit)
        yield (session_id, _PHASE, *reading, own_value, _moment(at, offset_min), episode_id)


def _needlings(
    ids: Mapping[int, str], columns: Sequence[Sequence[Any]], past: Sequence[Sequence[Any]]
) -> Needlings:
    """Those of sessions that are as they were, and behind them those that the past tells of."""
    numbers, texts, *told = columns
    places = {text: _place(text) for text in set(texts)}
    session_ids = list(map(ids.__getitem__, numbers))
    known = Needlings(session_ids, list(map(places.__getitem__, texts)), *told)
    if not past:
        return known
    both = zip(known, _transposed(past), strict=True)
    return Needlings._make([*now, *then] for now, then in both)


def _place(text: str) -> Place:
    """What `_PLACE` says."""
    muscle, side, spinal_level = text.split("/")
    return muscle, side, spinal_level or None


def _of_sessions(
    ids: Mapping[int, str], numbers: Iterable[int], *columns: Iterable[Any]
) -> Iterable[Any]:
    """Rows of what belongs to sessions, from columns that begin with the session's number."""
    return zip(map(ids.__getitem__, numbers), *columns, strict=False)


def _complaint(id: str, region: str | None, at: str, offset_min: int, *rest: Any) -> Any:
    return episode_of(id, region, _moment(at, offset_min), *rest)


def _moment(at: str, offset_min: int) -> datetime:
    return at_offset(datetime.fromisoformat(at), offset_min)


def _visits_of(asked: frozenset[str]) -> CTE:
    """The sessions that count: of this patient, not void, and within what was asked.

    They are numbered within the answer, for a number beside each of what belongs to them is less
    to write and to read than an id.
    """
    session = TreatmentSession
    number = func.row_number().over(order_by=(session.occurred_at, session.id)).label("number")
    visits = rows(session, number, *_VISIT).where(
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
def _facts(asked: frozenset[str]) -> Select[Any]:
    """All of a patient's history in one row of JSON: one round trip, decoded at once."""
    visits = _visits_of(asked)
    tables = (
        select(visits),
        _parts(visits, Needling, _PLACE, *_named(Needling, NEEDLING)),
        _parts(visits, SessionMeasurement, *_named(SessionMeasurement, _READING)).where(
            SessionMeasurement.phase == _PHASE
        ),
        _REPORTS.where(*_as_they_are(FollowUp.id, asked)),
        _outside(asked),
        _events(asked),
        _EPISODES.where(*_as_they_are(Episode.id, asked)),
        scales.SELECT_OWN.where(*_as_they_are(OwnThresholds.id, asked)),
    )
    return rows(Patient, *map(json_columns, tables)).where(Patient.id == bindparam("patient_id"))


def _named(table: Any, names: Iterable[str]) -> list[Any]:
    return [getattr(table, name) for name in names]


def _parts(visits: CTE, table: Any, *columns: Any) -> Select[Any]:
    """Rows that belong to a session that counts, after its number."""
    return rows(table, visits.c.number, *columns).join(visits, table.session_id == visits.c.id)


# One text is told and looked up in less time than three are. None of them has a slash in it.
_PLACE = (
    Needling.muscle
    + literal_column("'/'", String)
    + Needling.side
    + literal_column("'/'", String)
    + func.coalesce(Needling.spinal_level, literal_column("''", String))
)
_VISIT = (
    TreatmentSession.id,
    TreatmentSession.occurred_at,
    TreatmentSession.occurred_at_offset_min,
    TreatmentSession.attendance,
    TreatmentSession.duration_min,
    TreatmentSession.status,
    TreatmentSession.practitioner_id,
    TreatmentSession.episode_id,
)
_REPORTS = rows(FollowUp, FollowUp.session_id, FollowUp.window, FollowUp.soreness).where(
    FollowUp.patient_id == bindparam("patient_id"), FollowUp.reported_at <= bindparam("as_of")
)
_EPISODES = rows(
    Episode,
    Episode.id,
    Episode.region,
    Episode.opened_at,
    Episode.opened_at_offset_min,
    Episode.closed_at,
    json_part(Episode.plan),
).where(Episode.patient_id == bindparam("patient_id"), Episode.opened_at <= bindparam("as_of"))


def _outside(asked: frozenset[str]) -> Select[Any]:
    """Values that were not taken in a session, though perhaps on its occasion."""
    measurement = Measurement
    statement = rows(
        measurement,
        measurement.episode_id,
        measurement.taken_at,
        measurement.taken_at_offset_min,
        measurement.session_id,
        *_named(measurement, _READING),
    ).where(
        measurement.patient_id == bindparam("patient_id"),
        measurement.phase == _PHASE,
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
    statement = rows(event, event.severity, event.close_call).where(
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

"""Reads a clinic's cohort: the patients whose care began in a period, and their outcomes."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, bindparam, func

from app.core.db.dialects import among
from app.core.db.tables import Instant
from app.core.operation import Operation, rows
from app.core.values.faults import Fault
from app.core.values.problems import Forbidden, Invalid
from app.episodes.models import Episode
from app.instruments.queries import in_own_unit
from app.ledger import service as ledger
from app.measurements.models import Measurement
from app.outcomes.rules.groups import Care, Harm, outcomes
from app.outcomes.schemas import OutcomesFilters
from app.progress.queries import scales
from app.progress.queries.fields import INSIDE, OUTSIDE, VISIT, labelled
from app.progress.rules.history import Json, Reading, Visit
from app.safety.models import AdverseEvent
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
from app.vocabularies.queries import compared_code

A_YEAR: Final = timedelta(days=365)
SESSIONS_MAX: Final = 20_000
PUBLISHED: Final[tuple[Json, ...]] = (
    {
        "source": "Brady et al. 2014, J Man Manip Ther 22:134-140",
        "treatments": 7_629,
        "mild": 0.1918,
        "significant": 0.0,
        "significant_high": 0.0004,
        "serious": None,
        "reported_by": "therapists",
    },
    {
        "source": "Boyce et al. 2020, Int J Sports Phys Ther 15:103-113",
        "treatments": 20_464,
        "mild": 0.367,
        "significant": None,
        "significant_high": None,
        "serious": 1 / 1_024,
        "reported_by": "therapists",
    },
)
"""Published rates of adverse events per treatment; null if the study doesn't give a rate."""

_BEGIN = bindparam("begin", type_=Instant())
_END = bindparam("end", type_=Instant())
_session = TreatmentSession
_TOOK_PLACE = rows(_session).where(_session.attendance == "attended", _session.status != "void")
_VISITS = (
    _TOOK_PLACE.with_only_columns(*labelled(VISIT), _session.patient_id, _session.technique)
    .where(_session.occurred_at.between(_BEGIN, _END))
    .limit(SESSIONS_MAX + 1)
)
_BEFORE = (
    _TOOK_PLACE.with_only_columns(_session.patient_id, _session.episode_id)
    .where(among(_session.patient_id, "patients"), _session.occurred_at < _BEGIN)
    .distinct()
)
_INSIDE = rows(SessionMeasurement, *labelled(INSIDE)).where(
    among(SessionMeasurement.session_id, "sessions"), SessionMeasurement.phase == "before"
)
_INSERTIONS = (
    rows(Needling, Needling.session_id, func.sum(Needling.insertions))
    .where(among(Needling.session_id, "sessions"))
    .group_by(Needling.session_id)
)
_OUTSIDE = rows(Measurement, Measurement.patient_id, *labelled(OUTSIDE)).where(
    among(Measurement.patient_id, "patients"),
    Measurement.phase == "before",
    Measurement.taken_at <= _END,
)
_EVENTS = rows(
    AdverseEvent,
    *(AdverseEvent.patient_id, AdverseEvent.session_id),
    *(AdverseEvent.id, AdverseEvent.severity, AdverseEvent.occurred_at),
).where(
    among(AdverseEvent.patient_id, "patients"),
    AdverseEvent.close_call.is_(False),
    AdverseEvent.occurred_at.between(_BEGIN, _END),
)
_EPISODES = rows(Episode, Episode.id, Episode.region, Episode.diagnoses).where(
    among(Episode.id, "episodes")
)

Key = tuple[UUID, UUID | None]
"""The ids of a patient and an episode; None for visits without an episode."""


def cohort(op: Operation, filters: OutcomesFilters) -> Json:
    """The outcomes of the patients whose care began between `from` and `to`.

    Raises `Invalid` if the period has more than `SESSIONS_MAX` sessions, and `Forbidden` if a
    program asks for its own patients.
    """
    if filters.own and op.caller.practitioner_id is None:
        raise Forbidden("Only a practitioner has patients of their own.")
    ledger.record_aggregate_access(op, f"outcomes by {filters.by or 'nothing'}")
    end = filters.end or op.at
    begin = filters.begin or end - A_YEAR
    cares = _cares(op, {"begin": begin, "end": end})
    if filters.own:
        own = str(op.caller.practitioner_id)
        cares = [care for care in cares if own in {visit.practitioner_id for visit in care.visits}]
    return {
        "from": begin,
        "to": end,
        "by": filters.by,
        "own": filters.own,
        "groups": outcomes(cares, filters.by, partial(scales.scale, scales.own_thresholds(op))),
        "published": PUBLISHED,
    }


def _cares(op: Operation, period: Json) -> list[Care]:
    """The courses of care that began in a period."""
    found = op.all(_VISITS, **period)
    if len(found) > SESSIONS_MAX:
        why = f"The period has more than {SESSIONS_MAX:,} sessions: ask for a shorter one."
        raise Invalid([Fault("/from", "period_too_long", why)], "query")
    patients = list({row.patient_id for row in found})
    earlier = op.all(_BEFORE, patients=patients, **period)
    known = {(row.patient_id, row.episode_id) for row in earlier}
    visits: defaultdict[Key, list[Visit]] = defaultdict(list)
    techniques: defaultdict[Key, set[str]] = defaultdict(set)
    key_of: dict[UUID, Key] = {}
    for row in found:
        key = (row.patient_id, row.episode_id)
        if key not in known:
            key_of[row.session_id] = key
            visits[key].append(_visit(row))
            techniques[key].update([row.technique] if row.technique else ())
    named = {episode_id for _, episode_id in visits if episode_id is not None}
    about = {
        "sessions": list(key_of),
        "patients": list({patient_id for patient_id, _ in visits}),
        **period,
    }
    insertions: Counter[Key] = Counter()
    for id, count in op.all(_INSERTIONS, **about):
        insertions[key_of[id]] += int(count)
    readings, events = _readings(op, key_of, about), _harms(op, key_of, visits, about)
    episodes = {row.id: row for row in op.all(_EPISODES, episodes=list(named))}
    return [
        Care(
            patient_id=str(key[0]),
            region=(
                compared_code("regions", episodes[key[1]].region) if key[1] in episodes else None
            ),
            diagnoses=(
                [_coded(one) for one in episodes[key[1]].diagnoses] if key[1] in episodes else []
            ),
            techniques=sorted(techniques[key]),
            visits=visits[key],
            readings=readings[key],
            insertions=insertions[key],
            events=events[key],
        )
        for key in visits
    ]


def _readings(
    op: Operation, key_of: Mapping[UUID, Key], about: Json
) -> Mapping[Key, list[Reading]]:
    """The values measured before needling, by course of care.

    A value from outside a session belongs to the session or episode that it names. If it names
    none, it belongs to the patient's only course; if they have several, it is left out.
    """
    found: defaultdict[Key, list[Reading]] = defaultdict(list)
    for row in op.all(_INSIDE, **about):
        found[key_of[row.session_id]].append(_reading(row, str(row.session_id), None))
    keys_of = _by_patient(key_of)
    for row in op.all(_OUTSIDE, **about):
        of_session = key_of.get(row.session_id)
        reading = _reading(row, str(row.session_id) if of_session else None, row.at)
        for key in _belongs(of_session, row.episode_id, keys_of[row.patient_id]):
            found[key].append(reading)
    return found


def _visit(row: Row[Any]) -> Visit:
    """A visit of a course of care, in which it needs no episode."""
    return Visit(
        session_id=str(row.session_id),
        at=row.at,
        attendance=row.attendance,
        duration_min=row.duration_min,
        status=row.status,
        practitioner_id=str(row.practitioner_id),
    )


def _reading(row: Row[Any], session_id: str | None, at: Any) -> Reading:
    """A value of a course of care; `at` is when it was taken, if that was outside of a session."""
    return Reading(
        session_id=session_id,
        phase=row.phase,
        instrument=row.instrument,
        activity=row.activity,
        side=row.side,
        muscle=row.muscle,
        value=in_own_unit(row.instrument, row.value, row.unit),
        at=at,
    )


def _harms(
    op: Operation, key_of: Mapping[UUID, Key], visits: Mapping[Key, list[Visit]], about: Json
) -> Mapping[Key, list[Harm]]:
    """The adverse events, by course of care.

    An event that names no session belongs to the course with the last visit before it.
    """
    found: defaultdict[Key, list[Harm]] = defaultdict(list)
    came: defaultdict[UUID, list[tuple[datetime, int]]] = defaultdict(list)
    keys = list(visits)
    for number, key in enumerate(keys):
        came[key[0]] += [(visit.at, number) for visit in visits[key]]
    for order in came.values():
        order.sort()
    for row in op.all(_EVENTS, **about):
        if row.session_id in key_of:
            key, session_id = key_of[row.session_id], str(row.session_id)
        else:
            order = came[row.patient_id]
            place = bisect_right(order, (row.occurred_at, len(keys)))
            _, number = order[max(place - 1, 0)]
            key, session_id = keys[number], None
        harm = Harm(id=str(row.id), severity=row.severity, session_id=session_id)
        found[key].append(harm)
    return found


def _by_patient(key_of: Mapping[UUID, Key]) -> Mapping[UUID, list[Key]]:
    keys_of: defaultdict[UUID, list[Key]] = defaultdict(list)
    for key in dict.fromkeys(key_of.values()):
        keys_of[key[0]].append(key)
    return keys_of


def _belongs(of_session: Key | None, episode_id: UUID | None, keys: list[Key]) -> list[Key]:
    """The course of care that a value from outside a session belongs to; empty if unknown."""
    if of_session is not None:
        return [of_session]
    if episode_id is None:
        return keys if len(keys) == 1 else []
    return [key for key in keys if key[1] == episode_id]


def _coded(diagnosis: Json) -> str:
    return f"{diagnosis['system']}|{diagnosis['code']}"

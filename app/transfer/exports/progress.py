"""The dataset of progress: one row for each measure of a patient, and of each episode."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from sqlalchemy import String, and_, bindparam, cast, null, or_, select, union

from app.core.dialects import among, id_text
from app.core.operation import Operation, rows
from app.core.tables import Instant
from app.episodes.models import Episode
from app.instruments.queries import in_own_unit
from app.measurements.models import Measurement
from app.progress.queries import scales
from app.progress.rules.history import Json, Reading, Scale, Visit, as_it_came, course_of
from app.progress.rules.measures import Regions, episodes_of, series_of
from app.progress.rules.measures import measures as measures_of
from app.progress.schemas import MeasureView, ResponderView
from app.sessions.models import SessionMeasurement, TreatmentSession
from app.transfer.exports.columns import COMMON, GONE, PSEUDONYM, SAME, Column, Type

PATIENTS_AT_ONCE: Final = 200
_READING = ("phase", "instrument", "activity", "side", "muscle", "value", "unit")
_AS_OF: Final = bindparam("as_of", type_=Instant())

_session, _inside, _outside = TreatmentSession, SessionMeasurement, Measurement
_COUNTS = and_(_session.status != "void", _session.occurred_at <= _AS_OF)
_TAKEN = (_outside.phase == "before", _outside.taken_at <= _AS_OF)
_IN_SESSION = and_(
    _inside.clinic_id == _session.clinic_id,
    _inside.session_id == _session.id,
    _inside.phase == "before",
)
_WITH_A_VALUE = union(
    rows(_session, _session.patient_id)
    .join(_inside, _IN_SESSION)
    .where(_COUNTS, _session.attendance == "attended"),
    rows(_outside, _outside.patient_id)
    .outerjoin(
        _session,
        and_(_session.clinic_id == _outside.clinic_id, _session.id == _outside.session_id),
    )
    .where(
        *_TAKEN, or_(_outside.session_id.is_(None), _COUNTS & (_session.attendance == "attended"))
    ),
).subquery()
PATIENTS = select(_WITH_A_VALUE.c.patient_id).order_by(_WITH_A_VALUE.c.patient_id)
_VISITS = rows(
    _session,
    id_text(_session.patient_id),
    id_text(_session.id),
    _session.occurred_at,
    _session.attendance,
    _session.duration_min,
    _session.status,
    id_text(_session.practitioner_id),
    id_text(_session.episode_id),
).where(_COUNTS, among(_session.patient_id, "patients"))
_VALUES = [
    rows(
        _session,
        id_text(_session.patient_id),
        id_text(_session.id),
        *(getattr(_inside, name) for name in _READING),
        _session.occurred_at,
        cast(null(), String).label("episode_id"),
    )
    .join(_inside, _IN_SESSION)
    .where(_COUNTS, among(_session.patient_id, "patients")),
    rows(
        _outside,
        id_text(_outside.patient_id),
        id_text(_outside.session_id),
        *(getattr(_outside, name) for name in _READING),
        _outside.taken_at,
        id_text(_outside.episode_id),
    ).where(*_TAKEN, among(_outside.patient_id, "patients")),
]

_REGIONS = rows(Episode, id_text(Episode.id).label("id"), Episode.region).where(
    among(Episode.patient_id, "patients")
)


def _column(name: str, type_: Type, becomes: Any, about: str, **limits: Any) -> Column:
    return Column(name, type_, becomes, limits.pop("required", False), about, limits)


_VERDICTS: Final = MeasureView.model_json_schema()["properties"]["verdict"]["enum"]
_STATES: Final = ResponderView.model_json_schema()["properties"]["state"]["enum"]
COLUMNS: Final = (
    _column("patient_id", Type.ID, PSEUDONYM, "Whose it is.", required=True),
    _column("episode_id", Type.ID, PSEUDONYM, "Of which episode; null: of everything."),
    _column("instrument", Type.TEXT, COMMON, "What was measured with.", required=True),
    _column("activity", Type.TEXT, GONE, "PSFS: which activity."),
    _column("side", Type.TEXT, SAME, "Which side, if the measure has one."),
    _column("muscle", Type.TEXT, COMMON, "Which muscle, if the measure has one."),
    _column("region", Type.TEXT, COMMON, "The body region of its episodes, if they have one."),
    _column("unit", Type.TEXT, SAME, "The unit of the values (UCUM).", required=True),
    _column(
        "better", Type.TEXT, SAME, "Which way is better.", required=True, enum=["lower", "higher"]
    ),
    _column("baseline", Type.NUMBER, SAME, "The mean of the values before.", required=True),
    _column("baseline_n", Type.INTEGER, SAME, "How many values that are.", required=True),
    _column("baseline_at", Type.INSTANT, GONE, "When the first was taken.", required=True),
    _column("latest", Type.NUMBER, SAME, "The latest value.", required=True),
    _column("latest_at", Type.INSTANT, GONE, "When it was taken.", required=True),
    _column("best", Type.NUMBER, SAME, "The best value.", required=True),
    _column("best_at", Type.INSTANT, GONE, "When it was first reached.", required=True),
    _column("change", Type.NUMBER, SAME, "The latest value less the baseline.", required=True),
    _column("change_percent", Type.NUMBER, SAME, "In percent of the baseline; null at 0."),
    _column("thresholds_id", Type.TEXT, GONE, "The thresholds that the verdict used."),
    _column("mdc", Type.NUMBER, GONE, "Minimal detectable change."),
    _column("mcid", Type.NUMBER, GONE, "Minimal clinically important difference."),
    _column("mcid_percent", Type.NUMBER, GONE, "The same, in percent of the baseline."),
    _column("exceeds_mdc", Type.BOOLEAN, SAME, "Whether the improvement is real."),
    _column("reaches_mcid", Type.BOOLEAN, SAME, "Whether it is worthwhile."),
    _column("verdict", Type.TEXT, SAME, "What that comes to.", required=True, enum=_VERDICTS),
    _column("responder", Type.TEXT, SAME, "Whether the patient responds.", enum=_STATES),
    _column("responder_since", Type.INSTANT, GONE, "Since when."),
    _column("values", Type.INTEGER, SAME, "How many values there are.", required=True),
    _column("trend_per_week", Type.NUMBER, SAME, "Theil-Sen slope per week of real time."),
    _column("trend_p", Type.NUMBER, SAME, "Exact Mann-Kendall p, from five values on."),
)


def measures(op: Operation) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of all patients who have a value, by their ids, some patients at a time."""
    own = scales.own_thresholds(op)
    for some in op.partitions(PATIENTS, PATIENTS_AT_ONCE, as_of=op.at):
        yield list(_of_patients(op, [patient_id for (patient_id,) in some], own))


def _of_patients(op: Operation, ids: Sequence[Any], own: Sequence[Json]) -> Iterator[Sequence[Any]]:
    visits: defaultdict[str, list[Visit]] = defaultdict(list)
    values: defaultdict[str, list[Reading]] = defaultdict(list)
    asked = {"patients": ids, "as_of": op.at}
    for patient_id, *visit in op.all(_VISITS, **asked):
        visits[patient_id].append(Visit(*visit))
    for part in _VALUES:
        for patient_id, *reading, value, unit, at, episode_id in op.all(part, **asked):
            known = in_own_unit(reading[2], value, unit)
            values[patient_id].append(Reading._make([*reading, known, at, episode_id]))
    regions = {None: None} | {row.id: row.region for row in op.all(_REGIONS, patients=ids)}
    scale = partial(scales.scale, own)
    for patient_id in map(str, ids):
        yield from _of_patient(patient_id, visits[patient_id], values[patient_id], regions, scale)


def _of_patient(
    patient_id: str,
    visits: Sequence[Visit],
    values: Sequence[Reading],
    regions: Regions,
    scale: Callable[[str, str | None], Scale],
) -> Iterator[Sequence[Any]]:
    """The rows of everything, and then of each episode."""
    episodes = {visit.episode_id for visit in visits} | {one.episode_id for one in values}
    for episode_id in (None, *sorted(filter(None, episodes))):
        # What belongs to a session counts where the session does.
        counted = [one for one in visits if episode_id in {None, one.episode_id}]
        readings = [
            one
            for one in values
            if episode_id in {None, one.episode_id} or one.session_id is not None
        ]
        course = course_of(counted, as_it_came, readings)
        of_visits = episodes_of(counted)
        series = series_of(course, readings, scale, as_it_came, regions, of_visits)
        for one in measures_of(series):
            yield patient_id, episode_id, *_cells(one)


def _cells(one: dict[str, Any]) -> Iterator[Any]:
    names = ("instrument", "activity", "side", "muscle", "region", "unit", "better")
    yield from (one[name] for name in names)
    baseline, thresholds = one["baseline"], one["thresholds"] or {}
    yield from (baseline["value"], baseline["n"], _utc(baseline["at"]))
    for name in ("latest", "best"):
        yield from (one[name]["value"], _utc(one[name]["at"]))
    yield from (one["change"], one["change_percent"])
    yield from (thresholds.get(name) for name in ("id", "mdc", "mcid", "mcid_percent"))
    yield from (one["exceeds_mdc"], one["reaches_mcid"], one["verdict"])
    state = one["responder"] or {"state": None, "since": None}
    yield from (state["state"], state["since"] and _utc(state["since"]), len(one["points"]))
    yield from (one["trend"]["per_week"], one["trend"]["p"])


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)

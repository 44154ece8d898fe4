"""The dataset of progress: one row for each measure of a patient, and of each episode."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import String, and_, bindparam, cast, null, or_, select, union

from app.core.dialects import among, id_text
from app.core.operation import Operation, rows
from app.core.tables import Instant
from app.measurements.models import Measurement
from app.progress.queries import scales
from app.progress.rules.history import Reading, Visit, as_it_came, course_of
from app.progress.rules.measures import measures as measures_of
from app.progress.rules.measures import series_of
from app.progress.schemas import MeasureView
from app.sessions.models import SessionMeasurement, TreatmentSession
from app.transfer.exports.columns import COMMON, GONE, PSEUDONYM, SAME, SHIFTED, Column, Type

PATIENTS_AT_ONCE: Final = 200
_READING = ("phase", "instrument", "activity", "side", "muscle", "value")
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
    id_text(_session.episode_id),
    id_text(_session.id),
    _session.occurred_at,
    _session.attendance,
    _session.duration_min,
    _session.status,
    id_text(_session.practitioner_id),
).where(_COUNTS, among(_session.patient_id, "patients"))
_VALUES = [
    rows(
        _session,
        id_text(_session.patient_id),
        cast(null(), String).label("episode_id"),
        id_text(_session.id),
        *(getattr(_inside, name) for name in _READING),
        _session.occurred_at,
    )
    .join(_inside, _IN_SESSION)
    .where(_COUNTS, among(_session.patient_id, "patients")),
    rows(
        _outside,
        id_text(_outside.patient_id),
        id_text(_outside.episode_id),
        id_text(_outside.session_id),
        *(getattr(_outside, name) for name in _READING),
        _outside.taken_at,
    ).where(*_TAKEN, among(_outside.patient_id, "patients")),
]


def _column(name: str, type_: Type, becomes: Any, about: str, **limits: Any) -> Column:
    return Column(name, type_, becomes, limits.pop("required", False), about, limits)


_VERDICTS: Final = MeasureView.model_json_schema()["properties"]["verdict"]["enum"]
COLUMNS: Final = (
    _column("patient_id", Type.ID, PSEUDONYM, "Whose it is.", required=True),
    _column("episode_id", Type.ID, PSEUDONYM, "Of which episode; null: of everything."),
    _column("instrument", Type.TEXT, COMMON, "What was measured with.", required=True),
    _column("activity", Type.TEXT, GONE, "PSFS: which activity."),
    _column("side", Type.TEXT, SAME, "Which side, if the measure has one."),
    _column("muscle", Type.TEXT, COMMON, "Which muscle, if the measure has one."),
    _column(
        "better", Type.TEXT, SAME, "Which way is better.", required=True, enum=["lower", "higher"]
    ),
    _column("baseline", Type.NUMBER, SAME, "The mean of the values before.", required=True),
    _column("baseline_n", Type.INTEGER, SAME, "How many values that are.", required=True),
    _column("baseline_at", Type.INSTANT, SHIFTED, "When the first was taken.", required=True),
    _column("latest", Type.NUMBER, SAME, "The latest value.", required=True),
    _column("latest_at", Type.INSTANT, SHIFTED, "When it was taken.", required=True),
    _column("best", Type.NUMBER, SAME, "The best value.", required=True),
    _column("best_at", Type.INSTANT, SHIFTED, "When it was first reached.", required=True),
    _column("change", Type.NUMBER, SAME, "The latest value less the baseline.", required=True),
    _column("change_percent", Type.NUMBER, SAME, "In percent of the baseline; null at 0."),
    _column("thresholds_id", Type.TEXT, SAME, "The thresholds that the verdict used."),
    _column("mdc", Type.NUMBER, SAME, "Minimal detectable change."),
    _column("mcid", Type.NUMBER, SAME, "Minimal clinically important difference."),
    _column("mcid_percent", Type.NUMBER, SAME, "The same, in percent of the baseline."),
    _column("exceeds_mdc", Type.BOOLEAN, SAME, "Whether the improvement is real."),
    _column("reaches_mcid", Type.BOOLEAN, SAME, "Whether it is worthwhile."),
    _column("verdict", Type.TEXT, SAME, "What that comes to.", required=True, enum=_VERDICTS),
    _column("values", Type.INTEGER, SAME, "How many values there are.", required=True),
    _column("trend_per_week", Type.NUMBER, SAME, "Theil-Sen slope per week of real time."),
    _column("trend_p", Type.NUMBER, SAME, "Exact Mann-Kendall p, from five values on."),
)


def measures(op: Operation) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of all patients who have a value, by their ids, some patients at a time."""
    for some in op.partitions(PATIENTS, PATIENTS_AT_ONCE, as_of=op.at):
        yield list(_of_patients(op, [patient_id for (patient_id,) in some]))


def _of_patients(op: Operation, ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    visits, values = defaultdict(list), defaultdict(list)
    asked = {"patients": ids, "as_of": op.at}
    for patient_id, *visit in op.all(_VISITS, **asked):
        visits[patient_id].append(visit)
    for part in _VALUES:
        for patient_id, *value in op.all(part, **asked):
            values[patient_id].append(value)
    for patient_id in map(str, ids):
        yield from _of_patient(patient_id, visits[patient_id], values[patient_id])


def _of_patient(
    patient_id: str, visits: Sequence[Sequence[Any]], values: Sequence[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    """The rows of everything, and then of each episode."""
    episodes = {one[0] for one in (*visits, *values)} - {None}
    for episode_id in (None, *sorted(episodes)):
        # What belongs to a session counts where the session does.
        counted = [Visit(*v) for e, *v in visits if episode_id in {None, e}]
        readings = [Reading(*r) for e, *r in values if episode_id in {None, e} or r[0] is not None]
        course = course_of(counted, as_it_came)
        known = scales({reading.instrument for reading in readings})
        for one in measures_of(series_of(course, readings, known, as_it_came)):
            yield patient_id, episode_id, *_cells(one)


def _cells(one: dict[str, Any]) -> Iterator[Any]:
    yield from (one[name] for name in ("instrument", "activity", "side", "muscle", "better"))
    baseline, thresholds = one["baseline"], one["thresholds"] or {}
    yield from (baseline["value"], baseline["n"], _utc(baseline["at"]))
    for name in ("latest", "best"):
        yield from (one[name]["value"], _utc(one[name]["at"]))
    yield from (one["change"], one["change_percent"])
    yield from (thresholds.get(name) for name in ("id", "mdc", "mcid", "mcid_percent"))
    yield from (one["exceeds_mdc"], one["reaches_mcid"], one["verdict"], len(one["points"]))
    yield from (one["trend"]["per_week"], one["trend"]["p"])


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)

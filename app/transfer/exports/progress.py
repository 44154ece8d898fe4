"""The dataset `progress`: one row for each measure of a patient, and of each episode."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import Label, Uuid, and_, bindparam, or_, select, union

from app.core.db.dialects import among, id_text
from app.core.db.tables import Instant
from app.core.operation import Operation, rows
from app.core.values.vocabularies import words_of
from app.episodes.models import Episode
from app.instruments.rules import Better
from app.measurements.models import Measurement
from app.progress.queries import scales
from app.progress.queries.fields import (
    INSIDE,
    OUTSIDE,
    VISIT,
    Sources,
    columns_of_rows,
    facts_of,
    labelled,
    readings_of,
)
from app.progress.rules.history import Json, Reading, Scale, Visit, course_of, keep_datetime
from app.progress.rules.measures import Regions, episodes_of, series_of
from app.progress.rules.measures import measures as measures_of
from app.progress.rules.verdict import Verdict
from app.progress.schemas import ResponderState
from app.sessions.models import SessionMeasurement, TreatmentSession
from app.transfer.exports.columns import COMMON, GONE, PSEUDONYM, SAME, Becomes, Column, Type
from app.vocabularies.queries import compared_code

PATIENTS_AT_ONCE: Final = 200
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


def _texts(columns: Sources) -> list[Label[Any]]:
    """The columns to select, labelled with the names of their fields; ids as text."""
    return labelled(
        {
            name: id_text(column) if isinstance(column.type, Uuid) else column
            for name, column in columns.items()
        }
    )


_VISITS = rows(_session, *_texts({"patient_id": _session.patient_id, **VISIT})).where(
    _COUNTS, among(_session.patient_id, "patients")
)
_VALUES = (
    rows(_session, *_texts({"patient_id": _session.patient_id, **INSIDE}))
    .join(_inside, _IN_SESSION)
    .where(_COUNTS, among(_session.patient_id, "patients")),
    rows(_outside, *_texts({"patient_id": _outside.patient_id, **OUTSIDE})).where(
        *_TAKEN, among(_outside.patient_id, "patients")
    ),
)

_REGIONS = rows(Episode, id_text(Episode.id).label("id"), Episode.region).where(
    among(Episode.patient_id, "patients")
)


class _Cell(NamedTuple):
    """A column, and the path of members in a measure that leads to its cell."""

    column: Column
    path: tuple[str, ...]

    def of(self, measure: Json) -> Any:
        """The cell of one measure. It is None where a member on the path is; times are in UTC."""
        value: Any = measure
        for member in self.path:
            if value is None:
                return None
            value = value[member]
        if value is not None and self.column.type is Type.INSTANT:
            return value.astimezone(UTC)
        return value


def _cell(
    name: str, type_: Type, becomes: Becomes, about: str, path: str = "", **limits: Any
) -> _Cell:
    """A column and its cell: the member of the same name, unless `path` names another one."""
    required = limits.pop("required", False)
    column = Column(name, type_, becomes, required=required, about=about, limits=limits)
    return _Cell(column, tuple((path or name).split("/")))


_CELLS: Final = (
    _cell("patient_id", Type.ID, PSEUDONYM, "The patient's id.", required=True),
    _cell("episode_id", Type.ID, PSEUDONYM, "The episode's id; null for the whole history."),
    _cell("instrument", Type.TEXT, COMMON, "The code of the instrument.", required=True),
    _cell("activity", Type.TEXT, GONE, "The activity, for the PSFS."),
    _cell("side", Type.TEXT, SAME, "The side, if the measure has one."),
    _cell("muscle", Type.TEXT, COMMON, "The muscle, if the measure has one."),
    _cell("region", Type.TEXT, COMMON, "The body region of the episodes, if they have one."),
    _cell("unit", Type.TEXT, SAME, "The unit of the values (UCUM).", required=True),
    _cell(
        "better",
        Type.TEXT,
        SAME,
        "Whether lower or higher values are better.",
        required=True,
        enum=list(words_of(Better)),
    ),
    _cell(
        "baseline",
        Type.NUMBER,
        SAME,
        "The mean of the values before treatment, or the first value.",
        "baseline/value",
        required=True,
    ),
    _cell(
        "baseline_n",
        Type.INTEGER,
        SAME,
        "The number of values in the baseline.",
        "baseline/n",
        required=True,
    ),
    _cell(
        "baseline_at",
        Type.INSTANT,
        GONE,
        "The time of the first value.",
        "baseline/at",
        required=True,
    ),
    _cell("latest", Type.NUMBER, SAME, "The latest value.", "latest/value", required=True),
    _cell(
        "latest_at", Type.INSTANT, GONE, "The time of the latest value.", "latest/at", required=True
    ),
    _cell("best", Type.NUMBER, SAME, "The best value.", "best/value", required=True),
    _cell(
        "best_at", Type.INSTANT, GONE, "The first time of the best value.", "best/at", required=True
    ),
    _cell("change", Type.NUMBER, SAME, "The latest value minus the baseline.", required=True),
    _cell("change_percent", Type.NUMBER, SAME, "The change in percent of the baseline; null at 0."),
    _cell(
        "thresholds_id",
        Type.TEXT,
        GONE,
        "The id of the thresholds that the verdict used.",
        "thresholds/id",
    ),
    _cell("mdc", Type.NUMBER, GONE, "Minimal detectable change.", "thresholds/mdc"),
    _cell("mcid", Type.NUMBER, GONE, "Minimal clinically important difference.", "thresholds/mcid"),
    _cell(
        "mcid_percent",
        Type.NUMBER,
        GONE,
        "The MCID in percent of the baseline.",
        "thresholds/mcid_percent",
    ),
    _cell("exceeds_mdc", Type.BOOLEAN, SAME, "Whether the change reaches the MDC."),
    _cell("reaches_mcid", Type.BOOLEAN, SAME, "Whether the improvement reaches the MCID."),
    _cell(
        "verdict",
        Type.TEXT,
        SAME,
        "The verdict on the change.",
        required=True,
        enum=list(words_of(Verdict)),
    ),
    _cell(
        "responder",
        Type.TEXT,
        SAME,
        "The responder state.",
        "responder/state",
        enum=list(words_of(ResponderState)),
    ),
    _cell("responder_since", Type.INSTANT, GONE, "The start of that state.", "responder/since"),
    _cell("values", Type.INTEGER, SAME, "The number of values.", "trend/n", required=True),
    _cell(
        "trend_per_week",
        Type.NUMBER,
        SAME,
        "The Theil-Sen slope per week of real time.",
        "trend/per_week",
    ),
    _cell("trend_p", Type.NUMBER, SAME, "The Mann-Kendall p, from five values on.", "trend/p"),
)
COLUMNS: Final = tuple(cell.column for cell in _CELLS)


def measures(op: Operation) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of all patients who have a value, ordered by patient, a batch at a time."""
    own = scales.own_thresholds(op)
    for some in op.partitions(PATIENTS, PATIENTS_AT_ONCE, as_of=op.at):
        yield list(_of_patients(op, [patient_id for (patient_id,) in some], own))


def _of_patients(
    op: Operation, ids: Sequence[Any], own: Sequence[scales.ClinicThresholds]
) -> Iterator[Sequence[Any]]:
    visits: defaultdict[str, list[Visit]] = defaultdict(list)
    values: defaultdict[str, list[Reading]] = defaultdict(list)
    asked = {"patients": ids, "as_of": op.at}
    found = columns_of_rows(_VISITS, op.all(_VISITS, **asked))
    for patient_id, visit in zip(found["patient_id"], facts_of(Visit, found), strict=True):
        visits[patient_id].append(visit)
    for part in _VALUES:
        found = columns_of_rows(part, op.all(part, **asked))
        for patient_id, reading in zip(found["patient_id"], readings_of(found), strict=True):
            values[patient_id].append(reading)
    regions = {None: None} | {
        row.id: compared_code("regions", row.region) for row in op.all(_REGIONS, patients=ids)
    }
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
    """The rows of a patient's whole history, and then of each episode."""
    episodes = {visit.episode_id for visit in visits} | {one.episode_id for one in values}
    for episode_id in (None, *sorted(filter(None, episodes))):
        # A reading in a session counts where its session counts, whatever its own episode.
        counted = [one for one in visits if episode_id in {None, one.episode_id}]
        readings = [
            one
            for one in values
            if episode_id in {None, one.episode_id} or one.session_id is not None
        ]
        course = course_of(counted, keep_datetime, readings)
        of_visits = episodes_of(counted)
        series = series_of(course, readings, scale, keep_datetime, regions, of_visits)
        for one in measures_of(series):
            measure = {"patient_id": patient_id, "episode_id": episode_id, **one}
            yield [cell.of(measure) for cell in _CELLS]

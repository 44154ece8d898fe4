"""The dataset `progress`: one row for each measure of each course of care of a patient."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC
from functools import partial
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, bindparam, exists, or_, select, union

from app.clinics.queries import clinic
from app.core.db.dialects import among, id_text, in_order
from app.core.db.tables import Instant
from app.core.operation import Operation, rows
from app.core.values.vocabularies import words_of
from app.episodes.models import Episode
from app.instruments.rules import Better
from app.measurements.models import Measurement
from app.progress.queries import scales
from app.progress.queries.fields import (
    VISIT,
    columns_of_rows,
    facts_of,
    inside,
    labelled_texts,
    outside,
    readings_of,
)
from app.progress.rules.courses import cares_of
from app.progress.rules.history import (
    Clock,
    History,
    Json,
    Reading,
    Visit,
    course_of,
    instant,
)
from app.progress.rules.history import Episode as Complaint
from app.progress.rules.measures import measures as measures_of
from app.progress.rules.measures import series_of
from app.progress.rules.verdict import Verdict
from app.progress.schemas import ResponderState
from app.sessions.models import Needling, SessionMeasurement, TreatmentSession
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


_VISITS = rows(_session, *labelled_texts({"patient_id": _session.patient_id, **VISIT})).where(
    _COUNTS, among(_session.patient_id, "patients")
)
_VALUES = (
    rows(_session, *labelled_texts({"patient_id": _session.patient_id, **inside()}))
    .select_from(in_order(_session.__table__, _inside.__table__, _IN_SESSION))
    .where(_COUNTS, among(_session.patient_id, "patients")),
    rows(_outside, *labelled_texts({"patient_id": _outside.patient_id, **outside()})).where(
        *_TAKEN, among(_outside.patient_id, "patients")
    ),
)

_EPISODES = rows(
    Episode,
    id_text(Episode.patient_id).label("patient_id"),
    id_text(Episode.id).label("id"),
    Episode.region,
    Episode.opened_at,
).where(among(Episode.patient_id, "patients"))
_NEEDLED = (
    rows(_session, id_text(_session.id).label("id"))
    .where(_COUNTS, among(_session.patient_id, "patients"))
    .where(
        exists().where(Needling.clinic_id == _session.clinic_id, Needling.session_id == _session.id)
    )
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
    _cell("episode_id", Type.ID, PSEUDONYM, "The episode of the course, if it has one."),
    _cell(
        "course_started_at",
        Type.INSTANT,
        GONE,
        "The first attended visit of the course; null for values that belong to no course.",
        "course/started_at",
    ),
    _cell("instrument", Type.TEXT, COMMON, "The code of the instrument.", required=True),
    _cell("activity", Type.TEXT, GONE, "The activity, for the PSFS."),
    _cell("side", Type.TEXT, SAME, "The side, if the measure has one."),
    _cell("muscle", Type.TEXT, COMMON, "The muscle, if the measure has one."),
    _cell("movement", Type.TEXT, COMMON, "The movement, if the measure has one."),
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
        "The mean of the values from shortly before the first needles; null without one.",
        "baseline/value",
    ),
    _cell(
        "baseline_n",
        Type.INTEGER,
        SAME,
        "The number of days on which the baseline was measured.",
        "baseline/n",
    ),
    _cell(
        "baseline_at",
        Type.INSTANT,
        GONE,
        "The time of the first value of the baseline.",
        "baseline/at",
    ),
    _cell(
        "baseline_last", Type.NUMBER, SAME, "The last value of the baseline.", "baseline/last/value"
    ),
    _cell("latest", Type.NUMBER, SAME, "The latest value.", "latest/value"),
    _cell("latest_at", Type.INSTANT, GONE, "The time of the latest value.", "latest/at"),
    _cell("best", Type.NUMBER, SAME, "The best value.", "best/value"),
    _cell("best_at", Type.INSTANT, GONE, "The first time of the best value.", "best/at"),
    _cell(
        "change",
        Type.NUMBER,
        SAME,
        "The latest value minus the baseline; null until a value follows the baseline.",
    ),
    _cell("change_percent", Type.NUMBER, SAME, "The change in percent of the baseline; null at 0."),
    _cell(
        "thresholds_id",
        Type.TEXT,
        GONE,
        "The id of the thresholds that the verdict used.",
        "thresholds/id",
    ),
    _cell(
        "mdc", Type.NUMBER, GONE, "Minimal detectable change, at 95 % confidence.", "thresholds/mdc"
    ),
    _cell("mcid", Type.NUMBER, GONE, "Minimal clinically important difference.", "thresholds/mcid"),
    _cell(
        "mcid_percent",
        Type.NUMBER,
        GONE,
        "The MCID in percent of the baseline.",
        "thresholds/mcid_percent",
    ),
    _cell("exceeds_mdc", Type.BOOLEAN, SAME, "Whether the change reaches the MDC."),
    _cell("reaches_mcid", Type.BOOLEAN, SAME, "Whether the change reaches the MCID."),
    _cell(
        "verdict",
        Type.TEXT,
        SAME,
        "The verdict on the change.",
        required=True,
        enum=list(words_of(Verdict)),
    ),
    _cell(
        "provisional",
        Type.BOOLEAN,
        SAME,
        "Whether an important change isn't confirmed yet.",
        required=True,
    ),
    _cell(
        "reachable_improved",
        Type.BOOLEAN,
        SAME,
        "Whether the scale has room for an important improvement.",
        "reachable/improved",
    ),
    _cell(
        "reachable_worse",
        Type.BOOLEAN,
        SAME,
        "Whether the scale has room for an important worsening.",
        "reachable/worse",
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
    _cell(
        "values",
        Type.INTEGER,
        SAME,
        "The number of instants with a value, without those older than the baseline.",
        "trend/n",
    ),
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
    clock, own = Clock(zone=op.zone), scales.own_thresholds(op)
    rules = History(
        scale=partial(scales.scale, own),
        zone=clock.zone,
        baseline_days=clinic(op)["baseline_days"],
    )
    for some in op.partitions(PATIENTS, PATIENTS_AT_ONCE, as_of=op.at):
        yield list(_of_patients(op, [patient_id for (patient_id,) in some], rules, clock))


def _of_patients(
    op: Operation, ids: Sequence[Any], rules: History, clock: Clock
) -> Iterator[Sequence[Any]]:
    visits: defaultdict[str, list[Visit]] = defaultdict(list)
    values: defaultdict[str, list[Reading]] = defaultdict(list)
    episodes: defaultdict[str, list[Complaint]] = defaultdict(list)
    asked = {"patients": ids, "as_of": op.at}
    found = columns_of_rows(_VISITS, op.all(_VISITS, **asked))
    for patient_id, visit in zip(found["patient_id"], facts_of(Visit, found), strict=True):
        visits[patient_id].append(visit)
    for part in _VALUES:
        found = columns_of_rows(part, op.all(part, **asked))
        for patient_id, reading in zip(found["patient_id"], readings_of(found), strict=True):
            values[patient_id].append(reading)
    for row in op.all(_EPISODES, patients=ids):
        episodes[row.patient_id].append(
            Complaint(row.id, compared_code("regions", row.region), row.opened_at, None, None, None)
        )
    needled = {row.id for row in op.all(_NEEDLED, **asked)}
    for id in map(str, ids):
        history = rules._replace(visits=visits[id], readings=values[id], episodes=episodes[id])
        for measure in _of_patient(history, instant(op.at), clock, needled):
            yield [cell.of({"patient_id": id, **measure}) for cell in _CELLS]


def _of_patient(
    history: History, as_of: int, clock: Clock, needled: Collection[str]
) -> Iterator[Json]:
    """The measures of each course of a patient, as their progress has them."""
    course = course_of(history.visits, clock, history.readings)
    cares = cares_of(history, course, as_of, clock, needled)
    for care in (*cares.courses, cares.alone):
        for one in measures_of(series_of(care, history.scale, clock), care.label):
            yield {"episode_id": care.episode_id, **one}

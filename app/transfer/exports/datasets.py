"""Every dataset, declared once: its columns, its rows, and which patients are in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_

from app.core.operation import Operation, rows
from app.core.tables import Record
from app.episodes.models import Episode
from app.followups.models import FollowUp
from app.measurements.models import Measurement
from app.patients.models import Patient
from app.practitioners.models import Practitioner
from app.safety.models import AdverseEvent, Consent, Screening
from app.sessions.models import Finding, Needling, SessionMeasurement, SessionPart, TreatmentSession
from app.sessions.schemas import (
    FindingBody,
    NeedlingBody,
    SessionMeasurementBody,
)
from app.transfer.exports import declared, progress
from app.transfer.exports.columns import (
    COMMON,
    PSEUDONYM,
    SAME,
    Becomes,
    Column,
    Own,
    columns,
)

Rows = Iterator[Sequence[Sequence[Any]]]
"""Rows of cells, some at a time."""

BATCH_ROWS: Final = 2_000
REFERENCES: Final = {
    "patient_id": "patients",
    "episode_id": "episodes",
    "session_id": "sessions",
    "practitioner_id": "practitioners",
}
"""Which dataset's `id` a column of this name holds."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One table of an export. Its rows are in the order of its key."""

    name: str
    about: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    patients: Select[Any] | None
    """The ids of those who are in it; None where nobody is."""
    own: Select[Any] | None = None
    """Where its rows come from, if not from `computed`."""
    computed: Callable[[Operation], Rows] | None = field(default=None)

    def rows(self, op: Operation, columns: Sequence[Column] | None = None) -> Rows:
        """The cells of these columns, or of all, within the operation's snapshot."""
        if self.own is not None:
            shown = [column.source for column in columns or self.columns]
            return op.partitions(self.own.with_only_columns(*shown), BATCH_ROWS)
        if self.computed is None:
            raise AssertionError
        return _picked(self.computed(op), [self.columns.index(c) for c in columns or self.columns])


def _picked(rows: Rows, places: Sequence[int]) -> Rows:
    """Some cells of each row."""
    cells = itemgetter(*places)
    for batch in rows:
        yield [cells(row) for row in batch]


def _of_records(
    name: str,
    about: str,
    table: type[Record],
    shown: tuple[Column, ...],
    patient: ColumnElement[Any] | Any | None,
) -> Dataset:
    """One row for each record, ordered by its id, which is by age."""
    patients = None if patient is None else rows(table, patient).distinct()
    return Dataset(name, about, shown, ("id",), patients, rows(table).order_by(table.id))


def _of_sessions(
    name: str,
    about: str,
    table: type[SessionPart],
    models: tuple[Any, ...],
    decided: Mapping[str, Any],
) -> Dataset:
    """One row for each part of a session that counts, ordered by its place in the session."""
    session = TreatmentSession
    status = Own(session.__table__.c.status, SAME, "Of the session: a draft may still change.")
    patient = Own(session.__table__.c.patient_id, PSEUDONYM, "Whose it is.")
    place = Own(table.__table__.c.position, SAME, "Its place in the session, from 0 on.")
    whole: dict[str, Becomes | Own] = {
        "session_id": PSEUDONYM,
        "position": place,
        "patient_id": patient,
    }
    shown = columns(table, models, {**whole, "session_status": status, **decided})
    own = (
        rows(table)
        .join_from(
            table,
            session,
            and_(session.clinic_id == table.clinic_id, session.id == table.session_id),
        )
        .where(session.status != "void")
    )
    patients = own.with_only_columns(session.patient_id).distinct()
    ordered = own.order_by(table.session_id, table.position)
    return Dataset(name, about, shown, ("session_id", "position"), patients, ordered)


DATASETS: Final = (
    _of_records("patients", "Everybody who is treated.", Patient, declared.PATIENTS, Patient.id),
    _of_records(
        "practitioners", "Everybody who treats.", Practitioner, declared.PRACTITIONERS, None
    ),
    _of_records(
        "episodes",
        "One complaint of one patient each.",
        Episode,
        declared.EPISODES,
        Episode.patient_id,
    ),
    _of_records(
        "sessions",
        "One visit each, as it is now; void ones too, which count nowhere.",
        TreatmentSession,
        declared.SESSIONS,
        TreatmentSession.patient_id,
    ),
    _of_sessions(
        "needlings",
        "One muscle, needled in one session each. Those of void sessions are left out.",
        Needling,
        (NeedlingBody,),
        declared.NEEDLINGS,
    ),
    _of_sessions(
        "findings",
        "One segmental sign each. Those of void sessions are left out.",
        Finding,
        (FindingBody,),
        {"sign": COMMON, "segment": COMMON, "side": SAME, "grade": SAME},
    ),
    _of_sessions(
        "session-measurements",
        "One value each, measured in a session. Those of void sessions are left out.",
        SessionMeasurement,
        (SessionMeasurementBody,),
        declared.READING,
    ),
    _of_records(
        "follow-ups",
        "One report after a session each.",
        FollowUp,
        declared.FOLLOW_UPS,
        FollowUp.patient_id,
    ),
    _of_records(
        "measurements",
        "One value each, measured outside a session.",
        Measurement,
        declared.MEASUREMENTS,
        Measurement.patient_id,
    ),
    _of_records(
        "consents",
        "What a patient was told, and decided.",
        Consent,
        declared.CONSENTS,
        Consent.patient_id,
    ),
    _of_records(
        "screenings",
        "The questions asked before a session, and what was decided.",
        Screening,
        declared.SCREENINGS,
        Screening.patient_id,
    ),
    _of_records(
        "adverse-events",
        "What went wrong, or nearly did.",
        AdverseEvent,
        declared.ADVERSE_EVENTS,
        AdverseEvent.patient_id,
    ),
    Dataset(
        "progress",
        "How far each measure of a patient came: over everything, where the episode is null, and in"
        " each episode. What `GET /v1/patients/{patient_id}/progress` says, one row each.",
        progress.COLUMNS,
        (),
        progress.PATIENTS,
        computed=progress.measures,
    ),
)
BY_NAME: Final = {dataset.name: dataset for dataset in DATASETS}

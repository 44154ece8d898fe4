"""Tables of sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned, Record, offset_of, one_of
from app.records.models import Identifier
from app.records.readings import Reading
from app.records.views import Side
from app.sessions.views import (
    Attendance,
    FamiliarPain,
    Grasp,
    Position,
    Release,
    SessionStatus,
    Sign,
    Stimulation,
    Technique,
)


class TreatmentSession(Record):
    """One visit, attended or not."""

    __tablename__ = "sessions"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "episode_id"], ["episodes.clinic_id", "episodes.id"]),
        ForeignKeyConstraint(
            ["clinic_id", "practitioner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
        CheckConstraint("duration_min BETWEEN 1 AND 480", name="duration_min_plausible"),
        one_of("attendance", Attendance),
        one_of("technique", Technique),
        one_of("position", Position),
        one_of("status", SessionStatus),
        Index("ix_sessions_patient", "clinic_id", "patient_id", "occurred_at", "id"),
        Index("ix_sessions_occurred", "clinic_id", "occurred_at", "id"),
        Index("ix_sessions_practitioner", "clinic_id", "practitioner_id", "occurred_at", "id"),
        Index("ix_sessions_episode", "clinic_id", "episode_id", "occurred_at", "id"),
        Index("ix_sessions_status", "clinic_id", "status", "occurred_at", "id"),
        Index("ix_sessions_updated", "clinic_id", "updated_at"),
    )

    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID | None]
    practitioner_id: Mapped[UUID]
    occurred_at: Mapped[datetime]
    occurred_at_offset_min: Mapped[int] = offset_of()
    duration_min: Mapped[int | None]
    attendance: Mapped[str] = mapped_column(String(16))
    technique: Mapped[str | None] = mapped_column(String(16))
    position: Mapped[str | None] = mapped_column(String(16))
    setting: Mapped[str | None] = mapped_column(String(200))
    needle_count: Mapped[dict[str, Any] | None]
    co_interventions: Mapped[list[Any]]
    aftercare: Mapped[list[Any]]
    note: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    alert: Mapped[bool]
    """Whether a follow-up reported a red flag."""
    credentials: Mapped[list[Any]]
    """The credentials that the practitioner had on the day of the session."""
    catalogue_version: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime]
    recorded_at_offset_min: Mapped[int] = offset_of()
    signed_at: Mapped[datetime | None]
    signed_at_offset_min: Mapped[int | None] = offset_of(optional=True)
    signed_by: Mapped[str | None] = mapped_column(String(200))
    amended_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    late_entry: Mapped[bool]
    overrides: Mapped[list[Any]] = mapped_column(server_default="[]")
    """The faults that the signer overrode, with the reasons."""
    warnings: Mapped[list[Any]] = mapped_column(server_default="[]")
    """The faults that an imported or older signed session has."""


class SessionIdentifier(Identifier):
    """What another system calls a visit, such as the number of its appointment."""

    __tablename__ = "session_identifiers"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "owner_id"], ["sessions.clinic_id", "sessions.id"]),
        Index("ix_session_identifiers_owner", "clinic_id", "owner_id"),
    )


class SessionPart(ClinicOwned):
    """A child row of a session, with its position in the list."""

    __abstract__ = True

    session_id: Mapped[UUID] = mapped_column(primary_key=True, sort_order=-98)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, sort_order=-97)


def _of_session() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"])


class Needling(SessionPart):
    """One muscle, on one side, needled in one session."""

    __tablename__ = "needlings"
    __table_args__ = (
        _of_session(),
        CheckConstraint("depth_mm BETWEEN 1 AND 150", name="depth_mm_plausible"),
        CheckConstraint("needles >= 1 AND insertions >= needles", name="needles_inserted"),
        CheckConstraint("ache BETWEEN 0 AND 10", name="ache_on_scale"),
        CheckConstraint("sharp BETWEEN 0 AND 10", name="sharp_on_scale"),
        one_of("side", Side),
        one_of("stimulation", Stimulation),
        one_of("grasp", Grasp),
        one_of("release", Release),
        one_of("familiar_pain", FamiliarPain),
        Index("ix_needlings_muscle", "clinic_id", "muscle", "session_id"),
        Index("ix_needlings_lot_folded", "clinic_id", "lot_folded"),
    )

    muscle: Mapped[str] = mapped_column(String(64))
    side: Mapped[str] = mapped_column(String(16))
    spinal_level: Mapped[str | None] = mapped_column(String(4))
    diameter_mm: Mapped[float | None]
    length_mm: Mapped[float | None]
    lot: Mapped[str | None] = mapped_column(String(200))
    lot_folded: Mapped[str | None] = mapped_column(Text)
    """The lot as a recall compares it: without case, blanks and hyphens."""
    needles: Mapped[int]
    insertions: Mapped[int]
    depth_mm: Mapped[int | None]
    stimulation: Mapped[str | None] = mapped_column(String(16))
    electrical: Mapped[dict[str, Any] | None]
    retention_s: Mapped[int | None]
    grasp: Mapped[str | None] = mapped_column(String(16))
    """How firmly the muscle holds the needle, as the practitioner feels it."""
    twitches: Mapped[int | None]
    """The number of local twitch responses, which both see; null if nobody looked."""
    ache: Mapped[int | None]
    """How much it aches, as the patient says: 0 to 10."""
    sharp: Mapped[int | None]
    sensations: Mapped[list[Any]]
    release: Mapped[str | None] = mapped_column(String(16))
    """Whether the muscle let go, as the patient feels it."""
    release_after_s: Mapped[int | None]
    familiar_pain: Mapped[str | None] = mapped_column(String(16))
    stopped_for: Mapped[str | None] = mapped_column(String(200))


class Finding(SessionPart):
    """One segmental sign, on one side, and its grade."""

    __tablename__ = "findings"
    __table_args__ = (
        _of_session(),
        CheckConstraint("grade BETWEEN 0 AND 3", name="grade_on_scale"),
        one_of("sign", Sign),
        one_of("side", Side),
    )

    sign: Mapped[str] = mapped_column(String(16))
    segment: Mapped[str] = mapped_column(String(4))
    side: Mapped[str] = mapped_column(String(16))
    grade: Mapped[int | None]


class SessionMeasurement(SessionPart, Reading):
    """A value measured in a session, before or after the needles."""

    __tablename__ = "session_measurements"
    __table_args__ = (_of_session(),)

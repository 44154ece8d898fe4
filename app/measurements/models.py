"""The table of measurements."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped

from app.core.db.tables import Record, offset_of, one_of
from app.measurements.views import MeasurementPhase
from app.records.readings import Reading


class Measurement(Record, Reading):
    """One value of one instrument, measured outside a session."""

    __tablename__ = "measurements"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "episode_id"], ["episodes.clinic_id", "episodes.id"]),
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        one_of("phase", MeasurementPhase),
        Index("ix_measurements_patient", "clinic_id", "patient_id", "taken_at", "id"),
        Index("ix_measurements_taken", "clinic_id", "taken_at", "id"),
        Index("ix_measurements_instrument", "clinic_id", "instrument", "taken_at", "id"),
        Index("ix_measurements_episode_taken", "clinic_id", "episode_id", "taken_at", "id"),
        Index("ix_measurements_session_taken", "clinic_id", "session_id", "taken_at", "id"),
    )

    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    taken_at: Mapped[datetime]
    taken_at_offset_min: Mapped[int] = offset_of()

"""The table of follow-ups."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import Record, offset_of, one_of
from app.followups.views import (
    ChangeRating,
    FollowUpReporter,
    FollowUpSource,
    FollowUpWindow,
)


class FollowUp(Record):
    """What a patient reported, some hours after a session."""

    __tablename__ = "follow_ups"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        CheckConstraint("soreness BETWEEN 0 AND 10", name="soreness_on_scale"),
        CheckConstraint("hours_after >= 0", name="after_its_session"),
        one_of("change", ChangeRating),
        one_of("source", FollowUpSource),
        one_of("reported_by", FollowUpReporter),
        one_of("window", FollowUpWindow),
        Index("ix_follow_ups_session", "clinic_id", "session_id", "reported_at", "id"),
        Index("ix_follow_ups_patient", "clinic_id", "patient_id", "reported_at"),
    )

    session_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    reported_at: Mapped[datetime]
    reported_at_offset_min: Mapped[int] = offset_of()
    hours_after: Mapped[float]
    window: Mapped[str] = mapped_column(String(8))
    soreness: Mapped[int]
    worst_soreness: Mapped[int | None]
    sore_muscles: Mapped[list[Any]]
    interference: Mapped[int | None]
    bruising: Mapped[bool | None]
    fatigue: Mapped[bool | None]
    headache: Mapped[bool | None]
    change: Mapped[str | None] = mapped_column(String(16))
    red_flags: Mapped[list[Any]]
    comment: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(16))
    language: Mapped[str | None] = mapped_column(String(35))
    reported_by: Mapped[str | None] = mapped_column(String(16))

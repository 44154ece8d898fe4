"""The table of episodes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import Record, offset_of, one_of
from app.episodes.views import EpisodeSide, EpisodeStatus
from app.records.models import Identifier


class Episode(Record):
    """One complaint of one patient."""

    __tablename__ = "episodes"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        one_of("side", EpisodeSide),
        one_of("status", EpisodeStatus),
        Index("ix_episodes_patient", "clinic_id", "patient_id"),
        Index("ix_episodes_status", "clinic_id", "status", "id"),
    )

    patient_id: Mapped[UUID]
    complaint: Mapped[str] = mapped_column(Text)
    region: Mapped[str | None] = mapped_column(String(64))
    side: Mapped[str | None] = mapped_column(String(16))
    onset_on: Mapped[date | None]
    diagnoses: Mapped[list[Any]]
    medical_screen_on: Mapped[date | None]
    red_flags: Mapped[list[Any]]
    goals: Mapped[list[Any]]
    plan: Mapped[dict[str, Any]]
    status: Mapped[str] = mapped_column(String(16))
    opened_at: Mapped[datetime]
    opened_at_offset_min: Mapped[int] = offset_of()
    closed_at: Mapped[datetime | None]
    closed_at_offset_min: Mapped[int | None] = offset_of(optional=True)
    close_reason: Mapped[str | None] = mapped_column(Text)


class EpisodeIdentifier(Identifier):
    """What another system calls an episode, such as the number of a referral."""

    __tablename__ = "episode_identifiers"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "owner_id"], ["episodes.clinic_id", "episodes.id"]),
        Index("ix_episode_identifiers_owner", "clinic_id", "owner_id"),
    )

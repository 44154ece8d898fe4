"""The table of asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.asks.views import AskReason, AskStatus, AttemptKind
from app.core.db.tables import Record, one_of
from app.safety.views import MessageChannel


class Ask(Record):
    """A question to a patient about one visit."""

    __tablename__ = "asks"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        # A session that is moved to another patient may ask that one.
        UniqueConstraint("clinic_id", "session_id", "patient_id"),
        one_of("channel", MessageChannel),
        one_of("status", AskStatus),
        one_of("reason", AskReason),
        one_of("next_kind", AttemptKind),
        Index("ix_asks_patient", "clinic_id", "patient_id", "id"),
        Index("ix_asks_status", "clinic_id", "status", "id"),
    )

    session_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    due_at: Mapped[datetime | None]
    channel: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(35))
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str | None] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(Text)
    sent_at: Mapped[datetime | None]
    answered_by: Mapped[UUID | None]
    next_at: Mapped[datetime | None]
    next_kind: Mapped[str | None] = mapped_column(String(16))
    attempts: Mapped[list[Any]]

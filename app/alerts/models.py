"""The table of alerts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.alerts.views import AlertAction, AlertStatus
from app.core.db.tables import Record, one_of

_OPEN = text("status = 'open'")


class Alert(Record):
    """Something that a person must look at."""

    __tablename__ = "alerts"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"]),
        one_of("status", AlertStatus),
        one_of("action", AlertAction),
        # A source has one open alert: of two that are raised at once, the second one joins.
        Index(
            "ix_alerts_open_source",
            "clinic_id",
            "source_key",
            unique=True,
            postgresql_where=_OPEN,
            sqlite_where=_OPEN,
        ),
        Index("ix_alerts_raised", "clinic_id", "raised_at", "id"),
        Index("ix_alerts_status", "clinic_id", "status", "raised_at", "id"),
        Index("ix_alerts_patient", "clinic_id", "patient_id", "raised_at", "id"),
        Index("ix_alerts_session", "clinic_id", "session_id"),
    )

    patient_id: Mapped[UUID | None]
    session_id: Mapped[UUID | None]
    source: Mapped[dict[str, Any]]
    source_key: Mapped[str] = mapped_column(String(100))
    """The source as one text, by which it is found."""
    reasons: Mapped[list[Any]]
    raised_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(16))
    acknowledged_by: Mapped[str | None] = mapped_column(String(100))
    acknowledged_at: Mapped[datetime | None]
    action: Mapped[str | None] = mapped_column(String(24))
    note: Mapped[str | None] = mapped_column(Text)
    notes: Mapped[list[Any]]

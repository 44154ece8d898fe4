"""The table of asks."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.asks.views import AskReason, AskStatus, AttemptKind
from app.core.db.tables import ClinicOwned, Record, one_of
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


class AskLink(ClinicOwned):
    """A link of one message. Only the digest of its token is stored."""

    __tablename__ = "ask_links"
    __table_args__ = (
        # Links go with their ask when a patient is erased.
        ForeignKeyConstraint(
            ["clinic_id", "ask_id"], ["asks.clinic_id", "asks.id"], ondelete="CASCADE"
        ),
        # A token is looked up before its clinic is known.
        Index("ix_ask_links_digest", "digest"),
        Index("ix_ask_links_ask", "clinic_id", "ask_id"),
        Index("ix_ask_links_ends", "clinic_id", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    ask_id: Mapped[UUID]
    attempt_id: Mapped[UUID]
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    """The SHA-256 of the token."""
    made_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class AskAnswer(ClinicOwned):
    """That a form was sent by a link of an ask: the same form again is the same report."""

    __tablename__ = "ask_answers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "ask_id"], ["asks.clinic_id", "asks.id"], ondelete="CASCADE"
        ),
    )

    ask_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """The SHA-256 of the submission and what it says."""
    follow_up_id: Mapped[UUID]
    answered_at: Mapped[datetime]

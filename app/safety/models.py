"""Tables of consents, screenings and adverse events."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned, Record, offset_of, one_of
from app.records.views import Side
from app.safety.views import (
    ConsentDecision,
    ConsentForm,
    ConsentKind,
    MessageChannel,
    ScreeningDecision,
)
from app.vocabularies.rules import ScreeningAnswer, Severity


def _of_patient() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"])


def _of_session() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["clinic_id", "session_id"], ["sessions.clinic_id", "sessions.id"])


class Consent(Record):
    """What was disclosed to a patient, and what they decided."""

    __tablename__ = "consents"
    __table_args__ = (
        _of_patient(),
        ForeignKeyConstraint(["clinic_id", "episode_id"], ["episodes.clinic_id", "episodes.id"]),
        one_of("kind", ConsentKind),
        one_of("channel", MessageChannel),
        one_of("decision", ConsentDecision),
        one_of("form", ConsentForm),
        Index("ix_consents_patient", "clinic_id", "patient_id"),
        Index("ix_consents_kind", "clinic_id", "kind", "id"),
        Index("ix_consents_episode", "clinic_id", "episode_id"),
        Index("ix_consents_address", "clinic_id", "address_folded"),
    )

    patient_id: Mapped[UUID]
    episode_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(24))
    channel: Mapped[str | None] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(254))
    address_folded: Mapped[str | None] = mapped_column(String(254))
    """The address by which two patients who share one are found."""
    decision: Mapped[str] = mapped_column(String(16))
    form: Mapped[str] = mapped_column(String(16))
    risks_disclosed: Mapped[list[Any]]
    patient_specific_risks: Mapped[str | None] = mapped_column(Text)
    alternatives_discussed: Mapped[str | None] = mapped_column(Text)
    given_by: Mapped[str] = mapped_column(String(200))
    obtained_by: Mapped[str] = mapped_column(String(200))
    obtained_at: Mapped[datetime]
    obtained_at_offset_min: Mapped[int] = offset_of()
    valid_until: Mapped[date | None]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_at_offset_min: Mapped[int | None] = offset_of(optional=True)


class Screening(Record):
    """The questions asked before a session, and what was decided."""

    __tablename__ = "screenings"
    __table_args__ = (
        _of_patient(),
        _of_session(),
        one_of("decision", ScreeningDecision),
        Index("ix_screenings_session", "clinic_id", "session_id"),
        Index("ix_screenings_patient", "clinic_id", "patient_id"),
    )

    session_id: Mapped[UUID]
    patient_id: Mapped[UUID]
    rule_set: Mapped[str] = mapped_column(String(200))
    answers: Mapped[list[Any]]
    decision: Mapped[str] = mapped_column(String(16))
    decided_by: Mapped[str] = mapped_column(String(200))
    decided_at: Mapped[datetime]
    decided_at_offset_min: Mapped[int] = offset_of()
    override_reason: Mapped[str | None] = mapped_column(Text)


class ScreeningAnswerRow(ClinicOwned):
    """One answer of a screening, by which screenings are found. The screening has it whole."""

    __tablename__ = "screening_answers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "screening_id"], ["screenings.clinic_id", "screenings.id"]
        ),
        one_of("answer", ScreeningAnswer),
        Index("ix_screening_answers_code", "clinic_id", "code", "answer", "screening_id"),
    )

    screening_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(64))
    """The code by which the question is compared, however it was written."""
    answer: Mapped[str] = mapped_column(String(16))


class AdverseEvent(Record):
    """An adverse event, or a close call, which harmed nobody."""

    __tablename__ = "adverse_events"
    __table_args__ = (
        _of_patient(),
        _of_session(),
        ForeignKeyConstraint(["clinic_id", "episode_id"], ["episodes.clinic_id", "episodes.id"]),
        one_of("severity", Severity),
        one_of("side", Side),
        Index("ix_adverse_events_patient", "clinic_id", "patient_id", "occurred_at", "id"),
        Index("ix_adverse_events_occurred", "clinic_id", "occurred_at", "id"),
        Index("ix_adverse_events_severity", "clinic_id", "severity", "occurred_at", "id"),
        Index("ix_adverse_events_session_occurred", "clinic_id", "session_id", "occurred_at", "id"),
        Index("ix_adverse_events_episode_occurred", "clinic_id", "episode_id", "occurred_at", "id"),
    )

    patient_id: Mapped[UUID]
    session_id: Mapped[UUID | None]
    episode_id: Mapped[UUID | None]
    kind: Mapped[str] = mapped_column(String(64))
    close_call: Mapped[bool]
    severity: Mapped[str] = mapped_column(String(16))
    expected: Mapped[bool]
    causality: Mapped[str] = mapped_column(String(64))
    muscle: Mapped[str | None] = mapped_column(String(64))
    side: Mapped[str | None] = mapped_column(String(16))
    occurred_at: Mapped[datetime]
    occurred_at_offset_min: Mapped[int] = offset_of()
    detected_at: Mapped[datetime | None]
    detected_at_offset_min: Mapped[int | None] = offset_of(optional=True)
    action: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text)

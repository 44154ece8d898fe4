"""Tables of practitioners."""

from datetime import date
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import Record, one_of
from app.practitioners.views import PractitionerStatus
from app.records.models import Identifier


class Practitioner(Record):
    """A physiotherapist or another professional who needles."""

    __tablename__ = "practitioners"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        one_of("status", PractitionerStatus),
    )

    given_name: Mapped[str | None] = mapped_column(String(200))
    family_name: Mapped[str | None] = mapped_column(String(200))
    credentials: Mapped[list[Any]]
    status: Mapped[str] = mapped_column(String(16))
    inactive_from: Mapped[date | None]
    """The first day on which the practitioner is inactive."""


class PractitionerIdentifier(Identifier):
    """What another system, such as a college's register, calls a practitioner."""

    __tablename__ = "practitioner_identifiers"
    __table_args__ = (
        ForeignKeyConstraint(
            ["clinic_id", "owner_id"], ["practitioners.clinic_id", "practitioners.id"]
        ),
        Index("ix_practitioner_identifiers_owner", "clinic_id", "owner_id"),
    )

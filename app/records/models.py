"""Identifiers, by which other systems know a record, and the rows that differ from the ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned


class Identifier(ClinicOwned):
    """One identifier. By the primary key, system and value name one holder in a clinic."""

    __abstract__ = True

    system: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    owner_id: Mapped[UUID]
    position: Mapped[int]


class FoundDifference(ClinicOwned):
    """A row that differs from the ledger, or is missing, or a damaged place of the ledger."""

    __tablename__ = "state_differences"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),)

    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(primary_key=True)
    found: Mapped[str] = mapped_column(String(500))
    found_at: Mapped[datetime]

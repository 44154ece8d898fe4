"""How far the check of the rows has come, and the differences that it found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned


class StateWalk(ClinicOwned):
    """The walk through a clinic's rows and entries: each is checked within a day."""

    __tablename__ = "state_walks"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),)

    after_id: Mapped[UUID | None]
    """Everything with an id up to this one was checked; None at the beginning."""
    after_number: Mapped[int] = mapped_column(BigInteger)
    """The entries up to this number were checked."""
    things: Mapped[int] = mapped_column(BigInteger)
    """How many rows there were when the walk began."""
    entries: Mapped[int] = mapped_column(BigInteger)
    """How many ledger entries there were when the walk began."""
    began_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    """When the walk before this one was finished."""


class FoundDifference(ClinicOwned):
    """A row that differs from the ledger, or is missing, or a damaged place of the ledger."""

    __tablename__ = "state_differences"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),)

    resource: Mapped[str] = mapped_column(String(32), primary_key=True)
    resource_id: Mapped[UUID] = mapped_column(primary_key=True)
    found: Mapped[str] = mapped_column(String(500))
    found_at: Mapped[datetime]

"""How far the check of the rows has come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKeyConstraint
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

"""The table of clinics."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned


class Clinic(ClinicOwned):
    """A clinic. Its id is the first column of every other primary key."""

    __tablename__ = "clinics"

    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]

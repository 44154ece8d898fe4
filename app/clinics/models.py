"""The clinic's own row."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned


class Clinic(ClinicOwned):
    """A clinic. Its id leads the key of every other row."""

    __tablename__ = "clinics"

    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]

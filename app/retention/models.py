"""A clinic's retention policy and its legal holds."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.tables import ClinicOwned


class RetentionPolicy(ClinicOwned):
    """How long the clinic must keep a record. Without a policy, nothing is ever erased."""

    __tablename__ = "retention_policies"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        CheckConstraint("years BETWEEN 1 AND 100", name="years_plausible"),
        CheckConstraint("majority_years BETWEEN 0 AND 30", name="majority_years_plausible"),
    )

    years: Mapped[int] = mapped_column(SmallInteger)
    majority_years: Mapped[int] = mapped_column(SmallInteger)
    """The age of majority, in years: a child's years of retention are counted from there."""


class LegalHold(ClinicOwned):
    """A patient whose record must be kept, for example for a court or a complaint."""

    __tablename__ = "legal_holds"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    since: Mapped[datetime]

"""Tables of patients."""

from datetime import date
from uuid import UUID

from sqlalchemy import Dialect, ForeignKeyConstraint, Index, String, TypeDecorator
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned, Record, one_of
from app.core.values.clock import first_day
from app.patients.rules.names import WORD_MAX
from app.patients.views import PatientStatus, Sex, WordField
from app.records.models import Identifier

# Compared byte by byte on each database, so that an index finds words by their beginning.
WORD = String(WORD_MAX).with_variant(String(WORD_MAX, collation="C"), "postgresql")


class BirthDate(TypeDecorator[str]):
    """A day, a month or a year as text. Any other text that somebody stored can't be read."""

    impl = String(10).with_variant(String(10, collation="C"), "postgresql")
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Return the stored text. Raises `ValueError` if it is no date."""
        del dialect
        if value is not None:
            first_day(value)
        return value


class Patient(Record):
    """A person who is treated."""

    __tablename__ = "patients"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        one_of("sex", Sex),
        one_of("status", PatientStatus),
        Index("ix_patients_birth_date", "clinic_id", "birth_date"),
        Index("ix_patients_status", "clinic_id", "status", "id"),
    )

    given_name: Mapped[str | None] = mapped_column(String(200))
    family_name: Mapped[str | None] = mapped_column(String(200))
    birth_date: Mapped[str | None] = mapped_column(BirthDate)
    """YYYY-MM-DD, or as much of it as is known."""
    sex: Mapped[str | None] = mapped_column(String(16))
    phone: Mapped[str | None] = mapped_column(String(40))
    email: Mapped[str | None] = mapped_column(String(254))
    language: Mapped[str | None] = mapped_column(String(35))
    deceased_on: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(16))


class PatientIdentifier(Identifier):
    """What another system calls a patient."""

    __tablename__ = "patient_identifiers"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "owner_id"], ["patients.clinic_id", "patients.id"]),
        Index("ix_patient_identifiers_owner", "clinic_id", "owner_id"),
    )


class PatientWord(ClinicOwned):
    """A word by which a search finds a patient. It is derived from the patient's record."""

    __tablename__ = "patient_words"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "patient_id"], ["patients.clinic_id", "patients.id"]),
        one_of("field", WordField),
        Index("ix_patient_words_word", "clinic_id", "field", "word", "patient_id"),
    )

    patient_id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    field: Mapped[str] = mapped_column(String(16))
    word: Mapped[str] = mapped_column(WORD)
    """As the search compares it, independent of the database's locale."""

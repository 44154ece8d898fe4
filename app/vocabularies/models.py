"""The tables of a clinic's own rows."""

from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned, Record, one_of
from app.vocabularies.rules import Severity, TermStatus, VocabularyName


class Term(Record):
    """A row that a clinic adds to a vocabulary."""

    __tablename__ = "terms"
    __table_args__ = (
        one_of("vocabulary", VocabularyName),
        one_of("severity", Severity),
        one_of("status", TermStatus),
        Index("ix_terms_vocabulary", "clinic_id", "vocabulary", "id"),
    )

    vocabulary: Mapped[str] = mapped_column(String(32))
    code: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    synonyms: Mapped[list[Any]]
    parent: Mapped[str | None] = mapped_column(String(64))
    severity: Mapped[str | None] = mapped_column(String(16))
    attribution_days: Mapped[int | None] = mapped_column(SmallInteger)
    concern: Mapped[list[Any] | None]
    note: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(200))
    status: Mapped[str] = mapped_column(String(16))


class TermWord(ClinicOwned):
    """A word of an own row, as it is compared. By the primary key it belongs to one row."""

    __tablename__ = "term_words"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id", "term_id"], ["terms.clinic_id", "terms.id"]),
        Index("ix_term_words_term", "clinic_id", "term_id"),
    )

    vocabulary: Mapped[str] = mapped_column(String(32), primary_key=True)
    word: Mapped[str] = mapped_column(String(200), primary_key=True)
    term_id: Mapped[UUID]
    position: Mapped[int]

"""Identifiers: what other systems call a patient or a practitioner."""

from uuid import UUID

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db.tables import ClinicOwned


class Identifier(ClinicOwned):
    """One identifier. By the primary key, system and value name one holder in a clinic."""

    __abstract__ = True

    system: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(String(200), primary_key=True)
    owner_id: Mapped[UUID]
    position: Mapped[int]

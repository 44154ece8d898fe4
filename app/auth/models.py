"""Clients: who may call."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.tables import ClinicOwned


class Client(ClinicOwned):
    """A program that may call, its scopes, and the digest of its API key's secret."""

    __tablename__ = "clients"
    __table_args__ = (ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),)

    # A token is looked up before its clinic is known, hence an index of its own.
    id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    name: Mapped[str] = mapped_column(String(200))
    scopes: Mapped[list[Any]]
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

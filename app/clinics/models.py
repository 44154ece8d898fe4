"""The table of clinics."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column
from typing_extensions import TypeAliasType

from app.core.db.tables import ClinicOwned, one_of

WhoseSessions = TypeAliasType("WhoseSessions", Literal["own", "any"])
"""`own`: only a practitioner's own sessions. `any`: every session of the clinic."""


class Clinic(ClinicOwned):
    """A clinic. Its id is the first column of every other primary key."""

    __tablename__ = "clinics"
    __table_args__ = (one_of("whose_sessions", WhoseSessions),)

    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    """The IANA time zone in which the clinic counts days."""
    whose_sessions: Mapped[str] = mapped_column(String(8), server_default="own")
    """Whose sessions a practitioner may sign, amend or void."""
    baseline_days: Mapped[int] = mapped_column(server_default="14")
    """How many days before the first needles the values of a baseline may lie."""
    address: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(String(50))
    emergency_number: Mapped[str | None] = mapped_column(String(50))
    hours: Mapped[list[Any]] = mapped_column(server_default="[]")
    """When it is open: `HoursView`s, in its own time zone."""
    alert_recipients: Mapped[list[Any]] = mapped_column(server_default="[]")
    """Who is told of alerts, in order of preference: `AlertRecipientView`s."""
    quiet_hours: Mapped[dict[str, Any] | None]
    """When no patient gets a message: a `QuietHoursView`."""
    languages: Mapped[list[Any]] = mapped_column(server_default="[]")
    messages: Mapped[dict[str, Any] | None]
    """How messages reach patients: a `MessagesView`."""
    version: Mapped[int] = mapped_column(server_default="1")

"""The tables of what people must be told of, and of the messages to them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.clinics.views import DeliveryChannel
from app.core.db.tables import ClinicOwned, one_of
from app.deliveries.views import DeliveryStatus, OutboxStatus


class OutboxItem(ClinicOwned):
    """Something that people must be told of, and how far they have been told.

    The courier reads it before it knows the clinic, so it holds no patient's id.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        UniqueConstraint("clinic_id", "resource", "resource_id"),
        one_of("status", OutboxStatus),
        CheckConstraint("round > 0", name="round_positive"),
        Index(
            "ix_outbox_waiting",
            "clinic_id",
            "due_at",
            postgresql_where=text("status = 'waiting'"),
            sqlite_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[UUID]
    """The record that people must be told of, such as an alert."""
    status: Mapped[str] = mapped_column(String(16))
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    """When the next message is due."""
    claimed_until: Mapped[datetime | None]
    """Until then a courier is sending. If it died, another one takes over after that."""
    told_at: Mapped[datetime | None]
    """When the first message was sent."""
    round: Mapped[int]
    tried: Mapped[list[Any]]
    """Who needs no message of this round any more, or was tried since the last pause: names."""
    missed: Mapped[list[Any]]
    """Who of them couldn't be reached."""
    failures: Mapped[int]
    """How often in a row somebody was tried in vain, with a pause after it."""


class Delivery(ClinicOwned):
    """One message to one recipient in one round, with all of its attempts."""

    __tablename__ = "deliveries"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinics.clinic_id"]),
        one_of("channel", DeliveryChannel),
        one_of("status", DeliveryStatus),
        Index("ix_deliveries_resource", "clinic_id", "resource_id", "first_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    resource: Mapped[str] = mapped_column(String(32))
    resource_id: Mapped[UUID]
    recipient: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(16))
    status: Mapped[str] = mapped_column(String(16))
    first_at: Mapped[datetime]
    at: Mapped[datetime]
    """When it was tried last."""
    attempts: Mapped[int]
    reason: Mapped[str | None] = mapped_column(String(200))
    """Why the last attempt failed, in plain words."""

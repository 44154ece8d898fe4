"""The view of a delivery. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.clinics.views import DeliveryChannel

DeliveryStatus = TypeAliasType("DeliveryStatus", Literal["sent", "failed"])
"""Whether a message was handed over. One that `failed` is tried again."""
OutboxStatus = TypeAliasType("OutboxStatus", Literal["waiting", "settled"])
"""Whether people must still be told, or somebody has seen to it."""


class DeliveryView(TypedDict, closed=True):
    """One message to one recipient."""

    id: UUID
    to: str
    channel: DeliveryChannel
    status: DeliveryStatus
    first_at: datetime
    at: datetime
    attempts: int
    reason: str | None

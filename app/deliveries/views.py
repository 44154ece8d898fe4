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

Next = TypeAliasType("Next", Literal["person", "missed", "round", "later_round", "nothing"])
"""What follows a message if nobody acknowledges: the next person, those who were missed, a new
round after an hour or a day, or nothing more."""


class DeliveryView(TypedDict, closed=True):
    """One message to one recipient."""

    id: UUID
    """The id of the message, which is the same in each attempt."""
    to: str
    """The name of the recipient."""
    channel: DeliveryChannel
    """How it went to them."""
    status: DeliveryStatus
    """Whether it was handed over in the last attempt."""
    first_at: datetime
    """When it was tried first."""
    at: datetime
    """When it was tried last: of a message that was sent, when that was."""
    attempts: int
    """How often it was tried."""
    reason: str | None
    """Why the last attempt failed, in plain words; null if it was sent."""

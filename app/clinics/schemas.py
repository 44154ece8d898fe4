"""The view of a clinic."""

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict


class ClinicView(TypedDict, closed=True):
    """The clinic that the token belongs to."""

    id: UUID
    name: str
    created_at: datetime

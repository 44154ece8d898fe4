"""The view of a clinic."""

from datetime import datetime
from uuid import UUID

from app.core.wire import View


class ClinicView(View):
    """The clinic that the token belongs to."""

    id: UUID
    name: str
    created_at: datetime

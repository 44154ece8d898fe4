"""A patient's timeline, as a reader gets it. Pure."""

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from app.records.views import RecordView


class TimelineItem(TypedDict):
    """Something that happened, and its record, which is of the kind named by `type`."""

    type: str
    at: datetime
    id: UUID
    record: RecordView

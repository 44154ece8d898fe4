"""The view of a patient's timeline. Pure."""

from datetime import datetime
from uuid import UUID

from typing_extensions import TypedDict

from app.records.views import RecordView


class TimelineItem(TypedDict):
    """One event on the timeline. `record` is the record, `type` is its kind."""

    type: str
    at: datetime
    id: UUID
    record: RecordView

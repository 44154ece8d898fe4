"""Measurements on the wire."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from app.core.pages import Filters
from app.core.wire import Moment, View, example
from app.records.readings import InstrumentCode, ReadingBody, Reporter, Side
from app.records.schemas import RecordBody

Phase = Literal["before", "after", "between"]


class MeasurementBody(ReadingBody, RecordBody):
    """A measured value as a client sends one."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        phase="before",
        instrument="nprs",
        value=4,
        taken_at="2026-11-24T08:00:00-08:00",
    )

    patient_id: UUID
    episode_id: UUID | None = None
    session_id: UUID | None = None
    phase: Phase
    taken_at: Moment


class MeasurementView(View):
    """A measured value."""

    id: UUID
    patient_id: UUID
    episode_id: UUID | None
    session_id: UUID | None
    phase: Phase
    instrument: str
    value: float
    unit: str | None
    activity: str | None
    side: Side | None
    muscle: str | None
    items: list[float | None] | None
    taken_at: datetime
    reported_by: Reporter
    version: int
    created_at: datetime
    updated_at: datetime


class MeasurementFilters(Filters):
    """How measurements can be listed: newest first."""

    patient_id: UUID | None = None
    episode_id: UUID | None = None
    session_id: UUID | None = None
    instrument: InstrumentCode | None = None

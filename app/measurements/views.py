"""The view of a measurement. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

from app.records.views import Reporter, Side

MeasurementPhase = TypeAliasType("MeasurementPhase", Literal["before", "after", "between"])
"""Before or after the needles of a visit, or between visits."""


class MeasurementView(TypedDict, closed=True):
    """A measured value."""

    id: UUID
    patient_id: UUID
    episode_id: UUID | None
    session_id: UUID | None
    phase: MeasurementPhase
    instrument: str
    value: float
    """The value in the unit that it was sent in."""
    unit: str | None
    activity: str | None
    side: Side | None
    muscle: str | None
    movement: str | None
    """The movement that was measured, as in `/v1/movements`; null for others."""
    items: list[float | None] | None
    taken_at: datetime
    reported_by: Reporter
    version: int
    created_at: datetime
    updated_at: datetime

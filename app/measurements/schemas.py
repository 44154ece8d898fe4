"""Bodies and filters of measurements."""

from uuid import UUID

from app.core.http.pages import Filters
from app.core.values.wire import Moment, example
from app.measurements.views import MeasurementPhase
from app.records.readings import InstrumentCode, ReadingBody
from app.records.schemas import RecordBody


class MeasurementBody(ReadingBody, RecordBody):
    """A measured value as a client sends it."""

    model_config = example(
        patient_id="019a0000-0000-7000-8000-000000000001",
        phase="before",
        instrument="nprs",
        value=4,
        taken_at="2026-11-24T08:00:00-08:00",
    )

    patient_id: UUID
    """The patient who was measured."""
    episode_id: UUID | None = None
    session_id: UUID | None = None
    phase: MeasurementPhase
    """Its place beside the needles. Progress uses only `before`."""
    taken_at: Moment
    """When it was measured, not when it was entered."""


class FinishedMeasurementBody(MeasurementBody):
    """A measurement in an import: its session may have been voided later."""


class MeasurementFilters(Filters):
    """The filters of the list of measurements, which begins with the newest."""

    patient_id: UUID | None = None
    """Only values of this patient."""
    episode_id: UUID | None = None
    """Only values of this episode."""
    session_id: UUID | None = None
    """Only values that belong to this session."""
    instrument: InstrumentCode | None = None
    """Only values of this instrument, by its code."""

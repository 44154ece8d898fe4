"""Measurements as a kind of record."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import bindparam

from app.core.http.pages import Order
from app.core.values.faults import Fault
from app.measurements.models import Measurement
from app.measurements.schemas import (
    FinishedMeasurementBody,
    MeasurementBody,
    MeasurementFilters,
)
from app.measurements.views import MeasurementView
from app.records.appearances import Appearances
from app.records.kinds import Facts, Kind, Reference
from app.sessions.rules.belonging import MEASUREMENT
from app.sessions.service import session_faults


class Measurements(Kind[MeasurementBody, MeasurementView]):
    """Measured values of a patient, between visits or linked to one."""

    noun = "measurements"
    singular = "measurement"
    table = Measurement
    body = MeasurementBody
    finished = FinishedMeasurementBody
    view = MeasurementView
    filters = MeasurementFilters
    order = Order((Measurement.taken_at, Measurement.id), descending=True)
    references = (
        Reference("patient_id", "patients"),
        Reference("episode_id", "episodes"),
        Reference("session_id", "sessions"),
    )
    conditions = {
        "patient_id": Measurement.patient_id == bindparam("patient_id"),
        "episode_id": Measurement.episode_id == bindparam("episode_id"),
        "session_id": Measurement.session_id == bindparam("session_id"),
        "instrument": Measurement.instrument == bindparam("instrument"),
    }
    appears = Appearances(
        rows=True,
        table=True,
        timeline=Measurement.taken_at,
        chart_summary=True,
        console=True,
        note=True,
    )

    def check(
        self, body: MeasurementBody, facts: Facts, current: MeasurementView | None
    ) -> Iterator[Fault]:
        """Yield faults unless a measurement of a session lies near it, and it counts."""
        del current
        imported = isinstance(body, FinishedMeasurementBody)
        yield from session_faults(
            MEASUREMENT, facts, body.session_id, "taken_at", body.taken_at, imported=imported
        )

    def happened(self, body: MeasurementBody) -> dict[str, datetime]:
        """Return when it was measured."""
        return {"taken_at": body.taken_at}


MEASUREMENTS = Measurements()

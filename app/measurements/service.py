"""Measurements as a kind of record."""

from sqlalchemy import bindparam

from app.core.http.pages import Order
from app.measurements.models import Measurement
from app.measurements.schemas import MeasurementBody, MeasurementFilters
from app.measurements.views import MeasurementView
from app.records.kinds import Appearances, Kind, LeftOut, Reference


class Measurements(Kind[MeasurementBody, MeasurementView]):
    """Measured values of a patient, between visits or linked to one."""

    noun = "measurements"
    singular = "measurement"
    table = Measurement
    body = MeasurementBody
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
        chart_summary=LeftOut("The summary shows its value as a part of the progress."),
        console=True,
    )


MEASUREMENTS = Measurements()

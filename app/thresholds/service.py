"""Thresholds as a kind of record."""

from sqlalchemy import bindparam

from app.records.appearances import Appearances, LeftOut
from app.records.kinds import Kind
from app.thresholds.models import OwnThresholds
from app.thresholds.schemas import ThresholdsBody, ThresholdsFilters
from app.thresholds.views import ClinicThresholdsView


class Thresholds(Kind[ThresholdsBody, ClinicThresholdsView]):
    """A clinic's own thresholds."""

    noun = "thresholds"
    singular = "thresholds"
    table = OwnThresholds
    body = ThresholdsBody
    view = ClinicThresholdsView
    filters = ThresholdsFilters
    conditions = {
        "instrument": OwnThresholds.instrument == bindparam("instrument"),
        "status": OwnThresholds.status == bindparam("status"),
    }
    appears = Appearances(
        rows=True,
        table=LeftOut("The table of progress has the thresholds of each verdict."),
        timeline=LeftOut("They belong to the clinic, not to a patient."),
        chart_summary=LeftOut("Each verdict cites the thresholds that it used."),
        console=LeftOut("Each verdict cites the thresholds that it used."),
        note=LeftOut("A note has no verdict."),
    )


THRESHOLDS = Thresholds()

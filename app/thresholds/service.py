"""Thresholds as a kind of record."""

from sqlalchemy import bindparam

from app.records.kinds import Kind, register
from app.thresholds.models import OwnThresholds
from app.thresholds.schemas import ThresholdsBody, ThresholdsFilters, ThresholdsView


class Thresholds(Kind[ThresholdsBody]):
    """What a clinic measures a change against."""

    noun = "thresholds"
    singular = "thresholds"
    table = OwnThresholds
    body = ThresholdsBody
    view = ThresholdsView
    filters = ThresholdsFilters
    conditions = {
        "instrument": OwnThresholds.instrument == bindparam("instrument"),
        "status": OwnThresholds.status == bindparam("status"),
    }


THRESHOLDS = Thresholds()
register(THRESHOLDS)

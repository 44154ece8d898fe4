"""The view of a clinic's own thresholds. Pure."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from typing_extensions import TypeAliasType, TypedDict

ThresholdsStatus = TypeAliasType("ThresholdsStatus", Literal["active", "inactive"])
"""Whether verdicts use these thresholds."""


class ClinicThresholdsView(TypedDict, closed=True):
    """A clinic's own thresholds. A verdict that used them names them `clinic:<id>:<version>`."""

    id: UUID
    instrument: str
    region: str | None
    population: str | None
    mdc: float | None
    mdc_level: int | None
    mcid: float | None
    mcid_percent: float | None
    source: str
    status: ThresholdsStatus
    version: int
    created_at: datetime
    updated_at: datetime

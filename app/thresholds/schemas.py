"""Bodies and filters of a clinic's own thresholds."""

from typing import Annotated, Any

from pydantic import Field, ValidationInfo, field_validator

from app.core.http.pages import Filters
from app.core.values.wire import Line, example
from app.instruments import queries as instruments
from app.instruments import rules
from app.records.readings import PRECISE, InstrumentCode
from app.records.schemas import RecordBody
from app.thresholds.views import ThresholdsStatus
from app.vocabularies.schemas import RegionWord

Figure = Annotated[float, Field(gt=0, le=1e6), PRECISE]
Percent = Annotated[float, Field(gt=0, le=100), PRECISE]


class ThresholdsBody(RecordBody):
    """Thresholds as a client sends them. At least one figure and its source are required."""

    model_config = example(
        instrument="nprs",
        region="neck",
        mdc=4.0,
        mcid=4.1,
        source="Kovacs et al. 2008, by mean change; decided by the clinic on 2 November 2026",
    )

    instrument: InstrumentCode
    region: Annotated[
        RegionWord | None,
        Field(description="As in episodes; null for each region without its own thresholds."),
    ] = None
    population: Line | None = None
    """Who was studied, in words; null if not given."""
    mdc: Annotated[
        Figure | None, Field(description="Minimal detectable change, in the instrument's unit.")
    ] = None
    mdc_level: Annotated[
        int | None,
        Field(
            ge=50,
            lt=100,
            description="Confidence of the MDC, in percent; null is taken as 95. Verdicts use the"
            " MDC at 95 %: one at 90 % is multiplied by 1.19.",
        ),
    ] = None
    mcid: Annotated[
        Figure | None,
        Field(description="Minimal clinically important difference, in the instrument's unit."),
    ] = None
    mcid_percent: Annotated[
        Percent | None,
        Field(
            description="The MCID in percent of the baseline; used if there is no `mcid`.",
            validate_default=True,
        ),
    ] = None
    source: Annotated[
        Line, Field(description="Where the figures come from, and who decided to use them.")
    ]
    status: Annotated[
        ThresholdsStatus, Field(description="`inactive`: kept, but not used for verdicts.")
    ] = "active"

    @field_validator("mdc", "mcid")
    @classmethod
    def _fits_the_scale(cls, given: Any, info: ValidationInfo) -> Any:
        known = instruments.find(info.data.get("instrument", ""))
        if known is not None and given is not None:
            rules.check_difference(given, known.min, known.max)
        return given

    @field_validator("mcid_percent")
    @classmethod
    def _has_a_figure(cls, given: Any, info: ValidationInfo) -> Any:
        if {"mdc", "mcid"} <= info.data.keys():
            rules.check_figures(info.data["mdc"], info.data["mcid"], given)
        return given


class ThresholdsFilters(Filters):
    """The filters of the list of thresholds."""

    instrument: InstrumentCode | None = None
    """Only thresholds of this instrument, by its code."""
    status: ThresholdsStatus | None = None
    """Only thresholds in this state."""

"""Instruments on the wire. The data files are checked against the views they are served as."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from app.core.values.wire import Line, View
from app.instruments import rules

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=64)]
Figure = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ThresholdsView(View):
    """Which change of an instrument is real, and which is worthwhile, in one population."""

    id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$",
            max_length=64,
            description="Names these figures forever: other figures get another id.",
        ),
    ]
    instrument: Slug
    default: Annotated[
        bool,
        Field(
            description="Whether verdicts use this row: of its region, or without one of any"
            " that has no row of its own."
        ),
    ]
    region: Annotated[Slug | None, Field(description="The body region that was studied.")]
    population: Line
    mdc: Annotated[
        Figure | None,
        Field(description="Minimal detectable change, in the instrument's unit; null: unknown."),
    ]
    mdc_level: Annotated[
        int | None, Field(ge=50, lt=100, description="Confidence of the MDC, in percent.")
    ]
    mcid: Annotated[
        Figure | None,
        Field(
            description="Minimal clinically important difference, in the instrument's unit;"
            " null: unknown."
        ),
    ]
    mcid_percent: Annotated[
        Figure | None, Field(description="The same, in percent of the baseline.")
    ]
    note: Line | None
    source: Annotated[Line, Field(description="Where the figures were published.")]

    @model_validator(mode="after")
    def _has_a_figure(self) -> Self:
        rules.check_figures(self.mdc, self.mcid, self.mcid_percent)
        return self


class UnitView(View):
    """A unit that values may be sent in."""

    unit: Annotated[Line, Field(description="UCUM.")]
    factor: Annotated[Figure, Field(description="One of it in the instrument's own unit.")]


class ScoringView(View):
    """How the score is made from items. Their wording is not reproduced here."""

    method: Annotated[
        rules.Method,
        Field(description="`percent`: that of the way from the lowest to the highest mean."),
    ]
    items_min: Annotated[int, Field(ge=1, description="How many have to be answered.")]
    items_max: Annotated[int, Field(ge=1, le=rules.ITEMS_MAX)]
    low: Annotated[float, Field(description="The lowest answer.")]
    high: Annotated[float, Field(description="The highest answer.")]


def _units(given: Any) -> Any:
    """`cm=10` as a unit and its factor; several of them stand with spaces between."""
    if not isinstance(given, str):
        return given or ()
    pairs = (unit.partition("=") for unit in given.split())
    return [{"unit": unit, "factor": factor} for unit, _, factor in pairs]


class InstrumentView(View):
    """An outcome measure: its scale, its direction, and its thresholds with their source."""

    code: Slug
    name: Line
    domain: rules.Domain
    min: Annotated[float, Field(allow_inf_nan=False, description="The lowest value accepted.")]
    max: Annotated[
        float,
        Field(
            allow_inf_nan=False,
            description="The highest value accepted; on an open scale (kPa, degrees) the"
            " highest that is plausible.",
        ),
    ]
    unit: Annotated[Line, Field(description="UCUM.")]
    also_in: Annotated[
        tuple[UnitView, ...],
        BeforeValidator(_units),
        Field(description="Other units that are taken, kept as entered and converted to compare."),
    ]
    better: Annotated[rules.Better, Field(description="The direction of improvement.")]
    takes_activity: Annotated[
        bool, Field(description="Whether a value may be of one activity that the patient named.")
    ]
    rates_change: Annotated[
        bool, Field(description="Whether a value is itself a change, so that it starts from 0.")
    ]
    scoring: ScoringView | None
    loinc: Annotated[str | None, Field(pattern=r"^\d{1,7}-\d$")]
    licence: Annotated[Line, Field(description="Who may use it. No items are reproduced here.")]
    thresholds: tuple[ThresholdsView, ...]

"""Views of instruments and thresholds, which also check the rows of the data files."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from app.core.values.wire import Line, View
from app.instruments import rules

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$", max_length=64)]
Note = Annotated[str, Field(min_length=1, max_length=400)]
Figure = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ThresholdsView(View):
    """The MDC and MCID of an instrument in one population."""

    id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$",
            max_length=64,
            description="Identifies these figures: changed figures get another id.",
        ),
    ]
    instrument: Slug
    default: Annotated[
        bool,
        Field(
            description="Whether verdicts use this row: for its region; without a region, for all"
            " regions that have no row."
        ),
    ]
    region: Annotated[Slug | None, Field(description="The body region that was studied.")]
    of_activity: Annotated[
        bool | None,
        Field(
            description="Whether the figures are of one activity (true), or of the mean over"
            " activities (false); null: the instrument is not about activities."
        ),
    ]
    population: Line
    """Who was studied, in words."""
    mdc: Annotated[
        Figure | None,
        Field(
            description="Minimal detectable change at 95 % confidence, in the instrument's unit;"
            " null: unknown. Verdicts use it."
        ),
    ]
    mdc_level: Annotated[
        int | None,
        Field(ge=50, lt=100, description="Confidence of `mdc`, in percent; null: not published."),
    ]
    published_mdc: Figure | None
    """The MDC as it was published. One at 90 % confidence was multiplied by 1.19 for `mdc`."""
    published_mdc_level: int | None
    """The published confidence, in percent; null: not published."""
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
    note: Note | None
    """What to know before using the figures; null if there is nothing."""
    source: Annotated[Line, Field(description="Where the figures were published.")]

    @model_validator(mode="after")
    def _has_a_figure(self) -> Self:
        rules.check_figures(self.mdc, self.mcid, self.mcid_percent)
        return self


class UnitView(View):
    """A unit that values may be sent in."""

    unit: Annotated[Line, Field(description="UCUM.")]
    factor: Annotated[Figure, Field(description="Multiply by it to get the instrument's unit.")]


class ScoringView(View):
    """How items are scored. Their wording is not reproduced here."""

    method: Annotated[
        rules.ScoringMethod,
        Field(description="`percent`: position of the mean between `low` and `high`, in %."),
    ]
    items_min: Annotated[int, Field(ge=1, description="The fewest answers for a score.")]
    items_max: Annotated[int, Field(ge=1, le=rules.ITEMS_MAX)]
    """The most answers that it takes."""
    low: Annotated[float, Field(description="The lowest answer.")]
    high: Annotated[float, Field(description="The highest answer.")]


def _units(given: Any) -> Any:
    """Parse `cm=10 mm=1` as units and their factors."""
    if not isinstance(given, str):
        return given or ()
    pairs = (unit.partition("=") for unit in given.split())
    return [{"unit": unit, "factor": factor} for unit, _, factor in pairs]


class InstrumentView(View):
    """An outcome measure: its scale, its direction, and its thresholds with their source."""

    code: Slug
    """The key by which values name the instrument, such as `nprs`."""
    name: Line
    """What the instrument is called in publications."""
    domain: rules.InstrumentDomain
    """What it measures."""
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
        Field(description="Other units accepted: stored as entered, converted to compare."),
    ]
    better: Annotated[rules.Better, Field(description="The direction of improvement.")]
    takes_activity: Annotated[
        bool, Field(description="Whether a value can belong to an activity that the patient named.")
    ]
    movement: Annotated[
        rules.MovementUse | None,
        Field(description="Whether a value needs a movement; null: it takes none."),
    ]
    for_movement: Annotated[
        Slug | None,
        Field(description="The instrument for one movement; null: there is none."),
    ]
    series_by: Annotated[
        tuple[rules.SeriesMember, ...],
        Field(description="The members of a value that identify its series, for progress."),
    ]
    rates_change: Annotated[
        bool, Field(description="Whether a value is itself a change, so that its baseline is 0.")
    ]
    scoring: ScoringView | None
    """How items give the value; null if it has no items."""
    loinc: Annotated[str | None, Field(pattern=r"^\d{1,7}-\d$")]
    """Its code in LOINC; null if it has none."""
    licence: Annotated[Line, Field(description="Who may use it. No items are reproduced here.")]
    thresholds: tuple[ThresholdsView, ...]
    """Published figures, one row for each population."""

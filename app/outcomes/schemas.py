"""Filters and views of outcomes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.core.values.wire import Moment, Period, View
from app.outcomes.rules.groups import OutcomesBy

IntervalMethod = TypeAliasType("IntervalMethod", Literal["clopper_pearson", "rule_of_three"])


class OutcomesFilters(Period):
    """Which outcomes, and how they are grouped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Annotated[
        OutcomesBy | None, Field(description="How to group; without it there is one group.")
    ] = None
    begin: Annotated[
        Moment | None,
        Field(
            alias="from", description="Care that began at or after. Default: a year before `to`."
        ),
    ] = None
    end: Annotated[
        Moment | None,
        Field(alias="to", description="Count what happened until then. Default: now."),
    ] = None
    own: Annotated[
        bool, Field(description="Only patients whom the calling practitioner treated.")
    ] = False


class IntervalView(View):
    """An exact interval of a proportion. At a count of 0 the rule of three gives its upper end."""

    method: IntervalMethod
    level: float
    low: float
    high: float


class ProportionView(View):
    """A count out of a total. Counts from 1 to 4, and numbers that would reveal them, are null."""

    count: int | None
    of: int | None
    proportion: float | None
    interval: IntervalView | None


class RespondersView(View):
    """Courses of care with a value after the baseline, and those whose last value is a response."""

    instrument: str
    thresholds: list[str]
    responding: ProportionView


class RatesView(View):
    """Adverse events of one severity: sessions and patients with one, and events per insertion."""

    per_session: ProportionView
    per_patient: ProportionView
    per_insertion: ProportionView


class SeveritiesView(View):
    """Adverse events by severity, without close calls."""

    mild: RatesView
    significant: RatesView
    serious: RatesView


class OutcomeGroupView(View):
    """One group of the cohort. A group of fewer than 5 patients is suppressed."""

    group: Annotated[
        str | None,
        Field(description="A region, a technique, or a diagnosis as `system|code`; null: none."),
    ]
    suppressed: bool
    patients: int | None
    courses: Annotated[
        int | None, Field(description="One patient's visits in one episode, or in none, each.")
    ]
    sessions: int | None
    insertions: int | None
    measures: list[RespondersView]
    adverse_events: SeveritiesView | None


class PublishedView(View):
    """Adverse events per treatment in a published study, for comparison; null: not given."""

    source: str
    treatments: int
    mild: float | None
    significant: float | None
    significant_high: float | None
    serious: float | None
    reported_by: str


class OutcomesView(View):
    """A clinic's outcomes. A response doesn't show that the treatment caused it."""

    begin: Annotated[datetime, Field(alias="from")]
    end: Annotated[datetime, Field(alias="to")]
    by: OutcomesBy | None
    own: bool
    groups: list[OutcomeGroupView]
    published: list[PublishedView]

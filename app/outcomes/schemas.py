"""Outcomes on the wire."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from app.core.values.wire import Moment, Period, View
from app.outcomes.rules.groups import By


class OutcomesFilters(Period):
    """Whose outcomes, and how they are grouped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by: Annotated[
        By | None, Field(description="What makes the groups; without it there is one.")
    ] = None
    begin: Annotated[
        Moment | None,
        Field(alias="from", description="Care that began at or after; a year before `to`."),
    ] = None
    end: Annotated[
        Moment | None, Field(alias="to", description="As far as it went by then; by now.")
    ] = None
    own: Annotated[
        bool, Field(description="Only patients whom the practitioner who asks has treated.")
    ] = False


class IntervalView(View):
    """An exact interval of a proportion; at a count of 0 the rule of three gives its upper end."""

    method: Literal["clopper_pearson", "rule_of_three"]
    level: float
    low: float
    high: float


class ProportionView(View):
    """How many of how many. A number from 1 to 4 is not given, nor what would show it."""

    count: int | None
    of: int | None
    proportion: float | None
    interval: IntervalView | None


class RespondersView(View):
    """Of the courses of care with a value after the baseline, those that respond by the last."""

    instrument: str
    thresholds: list[str]
    responding: ProportionView


class RatesView(View):
    """Adverse events of one severity: sessions and patients with one, and events per insertion."""

    per_session: ProportionView
    per_patient: ProportionView
    per_insertion: ProportionView


class SeveritiesView(View):
    """Adverse events that were no close calls."""

    mild: RatesView
    significant: RatesView
    serious: RatesView


class OutcomeGroupView(View):
    """One group of the cohort. Of fewer than 5 patients nothing is given."""

    group: Annotated[
        str | None,
        Field(description="A region, a technique, or a diagnosis as `system|code`; null: none."),
    ]
    suppressed: bool
    patients: int | None
    courses: Annotated[
        int | None, Field(description="Patients' visits in one episode each, or in none.")
    ]
    sessions: int | None
    insertions: int | None
    measures: list[RespondersView]
    adverse_events: SeveritiesView | None


class PublishedView(View):
    """Adverse events per treatment in a study, to see one's own beside; null: not given."""

    source: str
    treatments: int
    mild: float | None
    significant: float | None
    significant_high: float | None
    serious: float | None
    reported_by: str


class OutcomesView(View):
    """A clinic's outcomes. Whether somebody responded is not whether treatment was why."""

    begin: Annotated[datetime, Field(alias="from")]
    end: Annotated[datetime, Field(alias="to")]
    by: By | None
    own: bool
    groups: list[OutcomeGroupView]
    published: list[PublishedView]

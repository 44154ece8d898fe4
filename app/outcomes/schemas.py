"""Filters and views of outcomes."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.core.values.wire import Moment, Past, Period, View
from app.outcomes.rules.groups import OutcomesBy

IntervalMethod = TypeAliasType("IntervalMethod", Literal["clopper_pearson", "rule_of_three"])
"""Clopper and Pearson's exact interval, or the rule of three at a count of 0."""

Counted = TypeAliasType("Counted", Literal["events", "treatments_with_an_event"])
"""Whether a treatment with two events counts twice."""


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
        Past | None,
        Field(alias="to", description="Count what happened until then. Default: now."),
    ] = None
    own: Annotated[
        bool, Field(description="Only patients whom the calling practitioner treated.")
    ] = False


class IntervalView(View):
    """An exact interval of a proportion. At a count of 0 the rule of three gives its upper end."""

    method: IntervalMethod
    """How it was calculated."""
    sides: Annotated[int, Field(ge=1, le=2)]
    """1: an upper bound alone, one-sided at that level. 2: both ends."""
    level: float
    """Its confidence as a proportion, such as 0.95."""
    low: float
    """The lower end, 0 to 1."""
    high: float
    """The upper end, 0 to 1."""


class ShareView(View):
    """A count out of a total. Counts from 1 to 4, and numbers that would reveal them, are null."""

    count: int | None
    """How many have it; null if it could reveal a small count."""
    of: int | None
    """Out of how many; null if it could reveal a small count."""
    proportion: float | None
    """`count` divided by `of`; null without both. It is above 1 with more events than sessions."""


class ProportionView(ShareView):
    """A share of patients, who are independent of each other, with its interval."""

    interval: IntervalView | None
    """The confidence interval of the proportion; null without one."""


class RespondersView(View):
    """How many patients hold an important improvement by one instrument."""

    instrument: str
    """The code of the instrument, as in `/v1/instruments`."""
    thresholds: list[str]
    """The ids of all thresholds that were applied; several where regions or rows were pooled."""
    measured_again: ShareView
    """Courses with a value after the baseline, out of those with a baseline."""
    held: ProportionView
    """Patients who hold an important improvement, out of those measured again with room for one."""
    no_room: int | None
    """Patients measured again whose scale left no room for one; null: one to four."""


class RatesView(View):
    """Adverse events of one severity. Events counted by date are among them."""

    per_patient: ProportionView
    """Patients with such an event, out of all."""
    per_session: ShareView
    """Sessions with such an event, out of all. No interval: sessions of one patient are alike."""
    events_per_session: ShareView
    """Such events, out of all sessions."""
    per_insertion: ShareView
    """Such events, out of all insertions."""
    by_date: int | None
    """How many name no session or episode, and are counted by date; null: one to four."""
    without_session: int | None
    """How many no count by session includes, as no visit is close before; null: one to four."""


class SeveritiesView(View):
    """Adverse events by severity, without close calls."""

    mild: RatesView
    """Short and reversible events."""
    significant: RatesView
    """Events that needed care or hindered activity."""
    serious: RatesView
    """Events with admission, disability or death."""


class OutsideView(View):
    """Adverse events of the period that no course of the cohort counts, without close calls."""

    mild: int | None
    """Short and reversible events; null: one to four."""
    significant: int | None
    """Events that needed care or hindered activity; null: one to four."""
    serious: int | None
    """Events with admission, disability or death; null: one to four."""


class OutcomeGroupView(View):
    """One group of the cohort. A group of fewer than 5 patients is suppressed."""

    group: Annotated[
        str | None,
        Field(description="A region, a technique, or a diagnosis as `system|code`; null: none."),
    ]
    suppressed: bool
    """Whether the group is too small to be shown. Then its figures are null."""
    patients: int | None
    """How many patients it has; null if suppressed."""
    courses: Annotated[
        int | None, Field(description="One patient's visits in one episode, or in none, each.")
    ]
    sessions: int | None
    """How many sessions it has; null if suppressed."""
    insertions: int | None
    """How many insertions they had in all; null if suppressed."""
    measures: list[RespondersView]
    """One row for each instrument."""
    adverse_events: SeveritiesView | None
    """Events reported, by severity; null if suppressed."""


class PublishedView(View):
    """Adverse events per treatment in a published study, for comparison; null: not given."""

    source: str
    """Where it was published."""
    treatments: int
    """How many treatments the study counted."""
    counted: Counted
    """What its rates count per treatment. Compare them with the same figure of the clinic."""
    mild: float | None
    """Mild events per treatment."""
    significant: float | None
    """Significant events per treatment."""
    significant_high: float | None
    """The upper bound for significant events per treatment."""
    serious: float | None
    """Serious events per treatment, by White's classes."""
    major: float | None
    """What the study calls major, per treatment. It is no class of White's."""
    reported_by: str
    """Who reported the events in the study."""


class OutcomesView(View):
    """A clinic's outcomes. No figure says why a patient changed."""

    begin: Annotated[datetime, Field(alias="from")]
    """Where the period begins: care that began at or after it counts."""
    end: Annotated[datetime, Field(alias="to")]
    """Where the period ends: what happened later isn't counted."""
    by: OutcomesBy | None
    """How it is grouped; null: one group."""
    own: bool
    """Whether only patients of the calling practitioner count."""
    groups: list[OutcomeGroupView]
    """The groups, with those that are too small marked."""
    adverse_events_outside: OutsideView
    """Events of the period that no group counts, such as those of care that began earlier."""
    published: list[PublishedView]
    """Rates from published studies, for comparison."""

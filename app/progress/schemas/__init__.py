"""Filters and views of progress."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.core.http.pages import Filters
from app.core.values.wire import Past, Period, View
from app.instruments.rules import Better
from app.kinds import ON_TIMELINE
from app.progress.rules.verdict import Verdict
from app.progress.schemas.muscles import MuscleProgressView, ReleaseView
from app.records.views import Side

ResponderState = TypeAliasType("ResponderState", Literal["responding", "lost", "not_yet"])
"""Whether an important improvement stands, was lost, or hasn't come yet."""
FlagCode = TypeAliasType("FlagCode", Literal["recurrence", "plateau"])
"""`recurrence`: worse again after an improvement. `plateau`: no further improvement."""


class ProgressFilters(Period):
    """Which part of a patient's history to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    episode_id: Annotated[UUID | None, Field(description="This episode only.")] = None
    as_of: Annotated[
        Past | None,
        Field(
            description="Progress as of this time: only what had happened by then, with each record"
            " as it was then. The default is now."
        ),
    ] = None
    known_then: Annotated[
        bool,
        Field(description="With `as_of`: leave out records that were entered later."),
    ] = False


class VisitsView(View):
    """The visits by attendance. Drafts count as attended."""

    attended: int
    """Visits to which the patient came and was treated."""
    cancelled: int
    """Visits that were called off."""
    no_show: int
    """Visits to which the patient didn't come."""
    declined: int
    """Visits at which the patient declined treatment."""
    drafts: int
    """How many of the attended visits aren't signed yet."""
    entered_later: int
    """How many were entered after `as_of`."""
    first_at: datetime | None
    """When the first attended visit took place; null if there is none."""
    last_at: datetime | None
    """When the last attended visit took place; null if there is none."""
    median_gap_days: float | None
    """The median of the days between attended visits; null with too few visits."""


class PlanView(View):
    """The plan of an episode, beside how often the patient came."""

    episode_id: str
    """The episode whose plan it is."""
    region: str | None
    """The code of the episode's body region; null if it has none."""
    planned_sessions: int | None
    """How many sessions were planned; null if nobody planned."""
    planned_per_week: float | None
    """How many sessions a week were planned; null if nobody planned."""
    attended: int
    """Visits of this episode to which the patient came."""
    per_week: float | None
    """Visits a week as they really were; null with too few to say."""


class DoseView(View):
    """The totals of what was done at the attended visits."""

    needlings: int
    """How often a muscle was needled."""
    muscles: int
    """How many different muscles were needled."""
    needles: int
    """How many needles were used in all."""
    insertions: int
    """How many insertions there were in all."""
    twitches: int
    """Local twitch responses counted in all. Needlings that nobody counted add nothing."""
    minutes: int
    """The length of the visits in all. Visits without a length add nothing."""


class BaselineView(View):
    """The mean of the values before treatment, or the first value where there are none."""

    value: float
    """The value to which later ones are compared, in the instrument's unit."""
    n: int
    """From how many values it was formed. One high first value tends to fall by itself."""
    at: datetime
    """When the first of these values was measured."""


class ValueView(View):
    """One value, and when it was measured."""

    value: float
    """In the instrument's unit."""
    at: datetime
    """When it was measured."""


class UsedThresholdsView(View):
    """The thresholds that a verdict used, with their source."""

    id: str
    """The row of published figures, or `clinic:<id>:<version>` for the clinic's own."""
    mdc: float | None
    """Minimal detectable change, in the instrument's unit; null: unknown."""
    mcid: float | None
    """Minimal clinically important difference, in the instrument's unit; null: unknown."""
    mcid_percent: float | None
    """The MCID in percent of the baseline; null: unknown."""
    source: str
    """Where the figures come from."""


class ResponderView(View):
    """Whether the patient has an important improvement over the baseline, and since when."""

    state: ResponderState
    """Whether the important improvement is there, was lost, or hasn't come yet."""
    since: datetime | None
    """Since when it has stood; null unless it stands."""
    first_at: datetime | None
    """When it was first reached; null if it never was."""


class TrendView(View):
    """The Theil-Sen slope per week of real time. From five values on, an exact Mann-Kendall p."""

    method: Literal["theil_sen"]
    """The name of the method, the median of all slopes between two values."""
    per_week: float | None
    """Change per seven days, in the unit of the values; null with too few values."""
    n: int
    """How many values went in."""
    p: float | None
    """Two-sided p of Mann and Kendall; null below five values."""
    evidence: str
    """How much the values can show. `descriptive`: too few for more."""


class MeasurePointView(View):
    """One value of a series."""

    session_id: str | None
    """The session it was measured in; null if outside one."""
    at: datetime
    """When it was measured."""
    value: float
    """In the instrument's unit."""
    draft: bool
    """Whether its session isn't signed yet."""


class MeasureView(View):
    """One outcome measure over time: how much it changed, and the verdict on the change."""

    instrument: str
    """The code of the instrument, as in `/v1/instruments`."""
    activity: str | None
    """The activity that the patient named; null for others."""
    side: Side | None
    """The patient's side that was measured; null if it has none."""
    muscle: str | None
    region: str | None
    """The body region by which thresholds were chosen; null if none is known."""
    unit: str
    """UCUM: the unit of all its values."""
    better: Better
    """Whether lower or higher values are an improvement."""
    baseline: BaselineView
    """Where it began."""
    latest: ValueView
    """The newest value."""
    best: ValueView
    """The best value so far."""
    change: float
    """Latest minus baseline, in the instrument's unit. It says nothing of why."""
    change_percent: float | None
    """The change in percent of the baseline; null at a baseline of 0."""
    thresholds: UsedThresholdsView | None
    """The figures that the verdict used; null if there are none."""
    exceeds_mdc: bool | None
    """Whether the change is larger than measurement error; null without an MDC."""
    reaches_mcid: bool | None
    """Whether the change is large enough to matter to patients; null without an MCID."""
    verdict: Verdict
    """What the change amounts to, by the thresholds."""
    responder: ResponderView | None
    """Whether an important improvement stands; null if that can't be said."""
    trend: TrendView
    """The slope over time."""
    points: list[MeasurePointView]
    """The values of the series, oldest first."""


class SorePointView(View):
    """The soreness reported after one session, beside the session's dose."""

    session_id: str
    """The session after which it was reported."""
    at: datetime
    """When the visit took place."""
    peak: int | None
    """The highest soreness reported, 0 to 10; null without a report."""
    h24: int | None
    """Soreness 18 to 36 hours after the visit, 0 to 10; null without a report."""
    h48: int | None
    """Soreness 36 to 60 hours after the visit, 0 to 10; null without a report."""
    reports: int
    """How many reports there are."""
    insertions: int
    """How many insertions the visit had."""
    twitches: int | None
    """Twitch responses counted; null if nobody counted."""
    draft: bool
    """Whether the session isn't signed yet."""


class SorenessView(View):
    """Soreness after sessions: how well needling is tolerated, not whether it helped."""

    asked: int
    """Sessions after which a report was expected."""
    answered: int
    """How many of these have a report."""
    sessions: list[SorePointView]
    """One point for each session, oldest first."""
    trend: TrendView
    """The slope of the soreness over time."""


class EventsView(View):
    """Adverse events by severity; a close call harmed nobody."""

    mild: int
    """Short and reversible events."""
    significant: int
    """Events that needed care or hindered activity."""
    serious: int
    """Events with admission, disability or death."""
    close_calls: int
    """What nearly happened and harmed nobody."""


class FlagView(View):
    """A course that turned: of a measure, or of an episode whose region recurred in another one."""

    code: FlagCode
    """What to look at."""
    instrument: str | None
    """The code of the instrument concerned; null for an episode."""
    activity: str | None
    """The activity concerned; null for others."""
    side: Side | None
    """The patient's side concerned; null if it has none."""
    muscle: str | None
    region: str | None
    """The body region concerned; null if none is known."""
    episode_id: str | None
    """The episode concerned; null for a measure."""
    since: datetime
    """When it began."""


class ProgressView(View):
    """A patient's cumulative progress. It says "changed by", never why."""

    patient_id: UUID
    """The patient whose progress it is."""
    episode_id: UUID | None
    """The episode that was asked for; null: the whole history."""
    as_of: datetime
    """The time up to which it counts."""
    sessions: VisitsView
    """How often the patient came."""
    plans: list[PlanView]
    """One row for each episode that has a plan."""
    dose: DoseView
    """What was done in all."""
    measures: list[MeasureView]
    """One row for each series of values."""
    soreness: SorenessView
    """How the patient bore the needles."""
    muscles: list[MuscleProgressView]
    """One row for each muscle, side and level."""
    release: ReleaseView
    """What the patient felt at the needles."""
    adverse_events: EventsView
    """What was reported, by severity."""
    flags: list[FlagView]
    """What a person should look at."""


if TYPE_CHECKING:  # mypy can't check types that are built from a list
    OnTimeline = str
    AnyRecord = object
else:
    OnTimeline = TypeAliasType("OnTimeline", Literal[tuple(kind.singular for kind in ON_TIMELINE)])
    """The kind of a record on the timeline."""
    AnyRecord = reduce(or_, (kind.view for kind in ON_TIMELINE))


class TimelineItemView(View):
    """One event on the timeline, and its record."""

    type: OnTimeline
    """The kind of record, which decides the members of `record`."""
    at: datetime
    """When it happened, by which the list is sorted."""
    id: UUID
    record: AnyRecord
    """The whole record, as its own address shows it."""


class TimelineFilters(Filters):
    """Which page of a timeline to read."""

"""Filters and views of progress."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.core.http.pages import Filters
from app.core.values.wire import Moment, Past, Period, View
from app.instruments.rules import Better
from app.kinds import ON_TIMELINE
from app.progress.rules.measures import Part
from app.progress.rules.verdict import Verdict
from app.progress.schemas.courses import CourseView
from app.progress.schemas.muscles import MuscleProgressView, ReleaseView
from app.progress.schemas.tolerance import EventsView, SorenessView
from app.progress.schemas.trends import TrendView
from app.records.views import Side

ResponderState = TypeAliasType(
    "ResponderState", Literal["not_yet", "held", "wavering", "lost", "no_room"]
)
"""Whether an important improvement is held. `wavering`: held, but the last value alone is below it.
`no_room`: the scale has no room for one from the baseline."""
FlagCode = TypeAliasType("FlagCode", Literal["recurrence", "plateau"])
"""`recurrence`: worse again than a level that was held, or a new episode of a region. `plateau`: no
further improvement over six values."""


class ProgressFilters(Period):
    """Which part of a patient's history to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    episode_id: Annotated[
        UUID | None,
        Field(description="Only the course of this episode. Its figures are those of the whole."),
    ] = None
    begin: Annotated[
        Moment | None,
        Field(alias="from", description="List only points at or after. No figure depends on it."),
    ] = None
    end: Annotated[
        Moment | None,
        Field(alias="to", description="List only points at or before. No figure depends on it."),
    ] = None
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
    """How many different muscles were needled. The parts of a muscle count as that muscle."""
    parts: int
    """How many different codes were needled, a part of a muscle being one."""
    needles: int
    """How many needles were used in all."""
    insertions: int
    """How many insertions there were in all."""
    twitches: int | None
    """Local twitch responses counted in all; null if nobody counted any."""
    minutes: int | None
    """The length of the visits in all; null if no visit has a length."""


class ValueView(View):
    """One value, and when it was measured."""

    value: float
    """In the instrument's unit."""
    at: datetime
    """When it was measured."""


class BaselineView(View):
    """The mean of the values from shortly before the first needles; 0 for a rating of change."""

    value: float
    """The value to which later ones are compared, in the instrument's unit."""
    n: int
    """On how many days it was measured. One high first value tends to fall by itself."""
    at: datetime | None
    """When the first of these values was measured; null for a rating of change."""
    last: ValueView | None
    """The last of these values; null for a rating of change."""


class UsedThresholdsView(View):
    """The thresholds that a verdict used, with their source."""

    id: str
    """The row of published figures, or `clinic:<id>:<version>` for the clinic's own."""
    population: str | None
    """Who was studied, in words; null: not given. It may be of another body region."""
    mdc: float | None
    """Minimal detectable change at 95 % confidence, in the instrument's unit; null: unknown."""
    mcid: float | None
    """Minimal clinically important difference, in the instrument's unit; null: unknown."""
    mcid_percent: float | None
    """The MCID in percent of the baseline; null: unknown."""
    source: str
    """Where the figures come from."""


class ResponderView(View):
    """Whether an important improvement over the baseline is held, and since when.

    Two clinic days in a row that reach it begin it, and two in a row that don't end it.
    """

    state: ResponderState
    """Whether the important improvement is held, was lost, or wasn't held yet."""
    since: datetime | None
    """The first of the two days that began it, or ended it; null if it was never held."""
    first_at: datetime | None
    """The first of the two days that held it for the first time; null if it was never held."""


class ReachableView(View):
    """Whether the scale has room for the larger of MDC and MCID, from the baseline."""

    improved: bool | None
    """Whether there is room to get better; null without thresholds. A force always has room."""
    worse: bool | None
    """Whether there is room to get worse; null without thresholds."""


class MeasurePointView(View):
    """One value of a series."""

    session_id: str | None
    """The session it was measured in; null if outside one."""
    at: datetime
    """When it was measured."""
    value: float
    """In the instrument's unit; the mean of the values of that instant."""
    n: int
    """How many values it is the mean of."""
    part: Part
    """How the point is used."""
    draft: bool
    """Whether its session isn't signed yet."""


class MeasureView(View):
    """One outcome measure over time: how much it changed, and the verdict on the change."""

    course: CourseView | None
    """The course that it belongs to; null for values that belong to none."""
    instrument: str
    """The code of the instrument, as in `/v1/instruments`."""
    activity: str | None
    """The activity that the patient named; null for others."""
    side: Side | None
    """The patient's side that was measured; null if it has none."""
    muscle: str | None
    movement: str | None
    """The movement that was measured; null for others."""
    region: str | None
    """The body region by which thresholds were chosen; null if none is known."""
    unit: str
    """UCUM: the unit of all its values."""
    better: Better
    """Whether lower or higher values are an improvement."""
    baseline: BaselineView | None
    """Where it began; null if nothing was measured then."""
    latest: ValueView | None
    """The newest value that isn't older than the baseline; null if there is none."""
    best: ValueView | None
    """The best value that isn't older than the baseline; null if there is none."""
    change: float | None
    """Latest minus baseline, in the instrument's unit; null until a value
    follows the baseline. It says nothing of why."""
    change_percent: float | None
    """The change in percent of the baseline; null at a baseline of 0, or without a change."""
    thresholds: UsedThresholdsView | None
    """The figures that the verdict used; null if there are none."""
    exceeds_mdc: bool | None
    """Whether the change, either way, reaches the MDC; null without an MDC or a change."""
    reaches_mcid: bool | None
    """Whether the change, either way, reaches the MCID; null without an MCID or a change."""
    verdict: Verdict
    """What the change amounts to, by the thresholds."""
    verdict_from_last: Verdict | None
    """The verdict on the change from `baseline.last`, where it is another one; else null."""
    provisional: bool
    """Whether an important change, for better or worse, isn't confirmed: two clinic days in a row
    must reach it."""
    reachable: ReachableView
    """Whether the scale has room for an important change from the baseline."""
    responder: ResponderView | None
    """Whether an important improvement is held; null without an MDC, an MCID or a later value."""
    trend: TrendView | None
    """The slope over time; null for values that belong to no course."""
    points: list[MeasurePointView]
    """The values of the series, oldest first; with `from` and `to` those between."""


class FlagView(View):
    """A course that turned: of a measure, or of an episode whose region recurred in another one."""

    code: FlagCode
    """What to look at."""
    course: CourseView
    """The course that turned."""
    instrument: str | None
    """The code of the instrument concerned; null for an episode."""
    activity: str | None
    """The activity concerned; null for others."""
    side: Side | None
    """The patient's side concerned; null if it has none."""
    muscle: str | None
    movement: str | None
    """The movement concerned; null for others."""
    region: str | None
    """The body region concerned; null if none is known."""
    episode_id: str | None
    """The episode concerned; null for a measure."""
    days_after: int | None
    """Days from the closing of the earlier episode to this one; null for a measure."""
    since: datetime
    """When it began."""
    over: datetime | None
    """When the latest recurrence of a measure ended; null while it goes on, and for others."""


class FiguresView(View):
    """The figures of a course of care, or of all courses together."""

    sessions: VisitsView
    """How often the patient came."""
    plans: list[PlanView]
    """One row for each episode."""
    dose: DoseView
    """What was done in all."""
    measures: list[MeasureView]
    """One row for each series of values, by course."""
    soreness: SorenessView
    """How the patient bore the needles."""
    muscles: list[MuscleProgressView]
    """One row for each course, muscle, side and level."""
    release: ReleaseView
    """What the patient felt at the needles."""
    adverse_events: EventsView
    """What was reported, by severity."""
    flags: list[FlagView]
    """What a person should look at."""


class CourseFiguresView(FiguresView):
    """All figures of one course of care: an episode, or visits without one."""

    course: CourseView
    """Which course it is."""
    unlinked_visits: int
    """Visits without an episode that were attended while this episode was under way."""
    longest_gap_days: int | None
    """The most days between two neighbouring visits, where over 90; otherwise null."""


class ProgressView(FiguresView):
    """A patient's cumulative progress. It says "changed by", never why."""

    patient_id: UUID
    """The patient whose progress it is."""
    episode_id: UUID | None
    """The episode that was asked for; null: the whole history."""
    as_of: datetime
    """The time up to which it counts."""
    courses: list[CourseFiguresView]
    """The courses of care, by start. A figure of one of them is the same asked by `episode_id`."""


if TYPE_CHECKING:  # mypy can't check types that are built from a list
    OnTimeline = str
    AnyRecord = object
else:
    OnTimeline = TypeAliasType("OnTimeline", Literal[tuple(kind.singular for kind in ON_TIMELINE)])
    """The kind of a record on the timeline. New kinds may be added."""
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

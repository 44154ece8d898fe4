"""Filters and views of progress."""

from datetime import datetime
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.core.http.pages import Filters
from app.core.values.wire import Moment, Period, View
from app.instruments.rules import Better
from app.kinds import ON_TIMELINE
from app.progress.rules.verdict import Verdict
from app.records.views import Side
from app.sessions.views import Grasp, Release

ResponderState = TypeAliasType("ResponderState", Literal["responding", "lost", "not_yet"])
FlagCode = TypeAliasType("FlagCode", Literal["recurrence", "plateau"])


class ProgressFilters(Period):
    """Which part of a patient's history to read."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    episode_id: Annotated[UUID | None, Field(description="This episode only.")] = None
    as_of: Annotated[
        Moment | None,
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
    cancelled: int
    no_show: int
    declined: int
    drafts: int
    entered_later: int
    first_at: datetime | None
    last_at: datetime | None
    median_gap_days: float | None


class PlanView(View):
    """The plan of an episode, beside how often the patient came."""

    episode_id: str
    region: str | None
    planned_sessions: int | None
    planned_per_week: float | None
    attended: int
    per_week: float | None


class DoseView(View):
    """The totals of what was done at the attended visits."""

    needlings: int
    muscles: int
    needles: int
    insertions: int
    twitches: int
    minutes: int


class BaselineView(View):
    """The mean of the values before treatment, or the first value where there are none."""

    value: float
    n: int
    at: datetime


class ValueView(View):
    """One value, and when it was measured."""

    value: float
    at: datetime


class UsedThresholdsView(View):
    """The thresholds that a verdict used, with their source."""

    id: str
    mdc: float | None
    mcid: float | None
    mcid_percent: float | None
    source: str


class ResponderView(View):
    """Whether the patient has an important improvement over the baseline, and since when."""

    state: ResponderState
    since: datetime | None
    first_at: datetime | None


class TrendView(View):
    """The Theil-Sen slope per week of real time. From five values on, an exact Mann-Kendall p."""

    method: Literal["theil_sen"]
    per_week: float | None
    n: int
    p: float | None
    evidence: str


class MeasurePointView(View):
    """One value of a series."""

    session_id: str | None
    at: datetime
    value: float
    draft: bool


class MeasureView(View):
    """One outcome measure over time: how much it changed, and the verdict on the change."""

    instrument: str
    activity: str | None
    side: Side | None
    muscle: str | None
    region: str | None
    unit: str
    better: Better
    baseline: BaselineView
    latest: ValueView
    best: ValueView
    change: float
    change_percent: float | None
    thresholds: UsedThresholdsView | None
    exceeds_mdc: bool | None
    reaches_mcid: bool | None
    verdict: Verdict
    responder: ResponderView | None
    trend: TrendView
    points: list[MeasurePointView]


class SorePointView(View):
    """The soreness reported after one session, beside the session's dose."""

    session_id: str
    at: datetime
    peak: int | None
    h24: int | None
    h48: int | None
    reports: int
    insertions: int
    twitches: int | None
    draft: bool


class SorenessView(View):
    """Soreness after sessions: how well needling is tolerated, not whether it helped."""

    asked: int
    answered: int
    sessions: list[SorePointView]
    trend: TrendView


class AcheView(View):
    """The ache that the patient reported, at first and most recently."""

    first: int | None
    latest: int | None


class MusclePointView(View):
    """One muscle at one session."""

    session_id: str
    at: datetime
    ache: int | None
    release: Release | None
    twitches: int | None
    grasp: Grasp | None
    practitioner_id: str
    draft: bool
    curve: int


class TimeToReleaseView(View):
    """The Kaplan-Meier median of the seconds to a complete release, over needlings with a time."""

    method: Literal["kaplan_meier"]
    n: int
    released: int
    median_s: int | None


class ReleaseView(View):
    """Numbers of needlings by the release that the patient felt, where they were asked."""

    needlings: int
    complete: int
    partial: int
    none: int
    time_to_release: TimeToReleaseView


class MuscleProgressView(View):
    """One muscle, on one side, at one spinal level, over its sessions."""

    muscle: str
    side: Side
    spinal_level: str | None
    treated: int
    examiners: int
    released_complete: int
    released_partial: int
    not_released: int
    sessions_to_release: int | None
    first_released_at: datetime | None
    last_treated_at: datetime
    time_to_release: TimeToReleaseView
    ache: AcheView
    points: list[MusclePointView]


class EventsView(View):
    """Adverse events by severity; a close call harmed nobody."""

    mild: int
    significant: int
    serious: int
    close_calls: int


class FlagView(View):
    """A course that turned: of a measure, or of an episode whose region recurred in another one."""

    code: FlagCode
    instrument: str | None
    activity: str | None
    side: Side | None
    muscle: str | None
    region: str | None
    episode_id: str | None
    since: datetime


class ProgressView(View):
    """A patient's cumulative progress. It says "changed by", never why."""

    patient_id: UUID
    episode_id: UUID | None
    as_of: datetime
    sessions: VisitsView
    plans: list[PlanView]
    dose: DoseView
    measures: list[MeasureView]
    soreness: SorenessView
    muscles: list[MuscleProgressView]
    release: ReleaseView
    adverse_events: EventsView
    flags: list[FlagView]


if TYPE_CHECKING:  # mypy can't check types that are built from a list
    OnTimeline = str
    AnyRecord = object
else:
    OnTimeline = TypeAliasType("OnTimeline", Literal[tuple(kind.singular for kind in ON_TIMELINE)])
    AnyRecord = reduce(or_, (kind.view for kind in ON_TIMELINE))


class TimelineItemView(View):
    """One event on the timeline, and its record."""

    type: OnTimeline
    at: datetime
    id: UUID
    record: AnyRecord


class TimelineFilters(Filters):
    """Which page of a timeline to read."""

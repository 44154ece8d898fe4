"""Views of how well needling is tolerated: soreness, other reports, and adverse events."""

from datetime import datetime

from app.core.values.wire import View
from app.progress.schemas.trends import TrendView


class SorePointView(View):
    """The soreness reported after one session, beside the session's dose."""

    session_id: str
    """The session after which it was reported."""
    at: datetime
    """When the visit took place."""
    peak: int | None
    """The higher of `h24` and `h48`, 0 to 10; null without a report in that time."""
    h24: int | None
    """The highest soreness 18 to 36 hours after the visit, 0 to 10; null without a report."""
    h48: int | None
    """The highest soreness 36 to 60 hours after the visit, 0 to 10; null without a report."""
    early: int | None
    """The highest soreness reported before 18 hours, 0 to 10; null without a report."""
    late: int | None
    """The highest soreness reported from 60 hours on, 0 to 10; null without a report."""
    worst: int | None
    """The worst soreness that the patient remembered, 0 to 10; null if nobody asked."""
    reports: int
    """How many reports there are, at any hour."""
    insertions: int
    """How many insertions the visit had."""
    twitches: int | None
    """Twitch responses counted; null if nobody counted."""
    draft: bool
    """Whether the session isn't signed yet."""


class YesView(View):
    """How many reports answer a question, and how many of them say yes."""

    n: int
    """Reports with an answer, at any hour."""
    yes: int
    """How many of them say yes."""


class InterferenceView(View):
    """How much the soreness hindered the patient, over all reports."""

    n: int
    """Reports with an answer, at any hour."""
    highest: int | None
    """The highest answer, 0 to 10; null without one."""


class ChangeRatingsView(View):
    """How patients say that they are compared with before, over all reports."""

    n: int
    """Reports with an answer, at any hour."""
    much_worse: int
    """Answers that say much worse."""
    worse: int
    """Answers that say worse."""
    same: int
    """Answers that say the same."""
    better: int
    """Answers that say better."""
    much_better: int
    """Answers that say much better."""


class SorenessView(View):
    """Soreness after sessions: how well needling is tolerated, not whether it helped."""

    asked: int
    """Sessions with needles at least 18 hours before `as_of`."""
    answered: int
    """How many of these have a report of 18 to 60 hours after the visit."""
    early: int
    """Reports from before 18 hours. They are no answer."""
    late: int
    """Reports from 60 hours on. They are no answer."""
    bruising: YesView
    """Bruises that patients reported."""
    fatigue: YesView
    """Tiredness that patients reported."""
    headache: YesView
    """Headaches that patients reported."""
    interference: InterferenceView
    """How much it hindered the patient."""
    change: ChangeRatingsView
    """How the patient says they are."""
    sessions: list[SorePointView]
    """One point for each attended session, oldest first; with `from` and `to` those between."""
    trend: TrendView | None
    """The slope of the peaks over time; null for several courses."""


class EventCountsView(View):
    """Adverse events by severity; a close call harmed nobody."""

    mild: int
    """Short and reversible events."""
    significant: int
    """Events that needed care or hindered activity."""
    serious: int
    """Events with admission, disability or death."""
    close_calls: int
    """What nearly happened and harmed nobody."""


class EventsView(EventCountsView):
    """Adverse events by severity, whatever became of the session."""

    by_date: EventCountsView
    """Those that name no session or episode, and are counted with the last visit before them.

    They are part of the counts. That they are says nothing of the cause.
    """
    unattributed: EventCountsView
    """Those of the patient that belong to no course. Only the whole history counts them."""

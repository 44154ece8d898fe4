"""Views of progress at the needles: what was felt in each muscle, and how long a release took."""

from datetime import datetime
from typing import Literal

from app.core.values.wire import View
from app.progress.schemas.courses import CourseView
from app.records.views import Side
from app.sessions.views import Grasp, Release


class AcheView(View):
    """The ache that the patient reported, at first and most recently."""

    first: int | None
    """0 to 10, at the first point with a value; null if nobody asked."""
    latest: int | None
    """0 to 10, at the newest point with a value; null if nobody asked."""


class MusclePointView(View):
    """One muscle at one session."""

    session_id: str
    """The session in which it was needled; the first of those at one instant."""
    at: datetime
    """When the visit took place."""
    ache: int | None
    """The highest ache the patient reported, 0 to 10; null if nobody asked."""
    release: Release | None
    """The furthest release the patient felt; null if nobody asked."""
    twitches: int | None
    """Twitch responses counted in all; null if nobody counted."""
    grasp: Grasp | None
    """How firmly the muscle held the needle, as the practitioner felt; null if not noted."""
    practitioner_id: str
    """Who needled. Another examiner may judge the grasp in another way."""
    draft: bool
    """Whether the session isn't signed yet."""
    curve: int
    """Points with the same number make one curve. A new examiner begins a new one."""


class TimeToReleaseView(View):
    """The Kaplan-Meier median of the seconds to a complete release, over needlings with a time."""

    method: Literal["kaplan_meier"]
    """The name of the method, which also counts needlings without a release."""
    n: int
    """Needlings with a time."""
    released: int
    """How many of these were released completely."""
    median_s: int | None
    """Seconds until half were released; null if half never were."""


class ReleaseView(View):
    """Numbers of needlings by the release that the patient felt, where they were asked."""

    needlings: int
    """Needlings in which the patient was asked."""
    complete: int
    """Needlings with a complete release."""
    partial: int
    """Needlings with a partial release."""
    none: int
    """Needlings without a release."""
    time_to_release: TimeToReleaseView
    """How long a complete release took."""


class MuscleProgressView(View):
    """One muscle, on one side, at one spinal level, over the sessions of a course."""

    course: CourseView
    """The course that it belongs to."""
    muscle: str
    """The slug of the muscle, as in `/v1/muscles`."""
    side: Side
    """The patient's side that was needled."""
    spinal_level: str | None
    """The level, for a paraspinal muscle; otherwise null."""
    treated: int
    """In how many sessions it was needled. Sessions at one instant count as one."""
    examiners: int
    """How many practitioners needled it."""
    released_complete: int
    """Sessions with a complete release."""
    released_partial: int
    """Sessions with a partial release at best."""
    not_released: int
    """Sessions without a release."""
    sessions_to_release: int | None
    """Treated sessions up to the first complete release; null if there is none."""
    first_released_at: datetime | None
    """When the first complete release was felt; null if there is none."""
    last_treated_at: datetime
    """When it was last needled."""
    time_to_release: TimeToReleaseView
    """How long a complete release took in this muscle."""
    ache: AcheView
    """What the patient felt there, then and now."""
    points: list[MusclePointView]
    """One point for each instant, oldest first; with `from` and `to` those between."""

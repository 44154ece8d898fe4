"""`/v1/patients/{patient_id}/progress`, its pictures, and `/timeline`."""

from uuid import UUID

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.progress import queries
from app.progress.schemas import (
    ProgressFilters,
    ProgressView,
    TimelineFilters,
    TimelineItemView,
)

routes = Routes("/v1/patients/{patient_id}", "progress")


@routes.get(
    "/progress",
    name="progress.read",
    scope=Scope.PROGRESS_READ,
    view=ProgressView,
    problems=(NotFound,),
)
def progress(op: Operation, patient_id: UUID, filters: ProgressFilters) -> Answer:
    """Read a patient's cumulative progress.

    Attended sessions that aren't void count, up to `as_of`; drafts count and are marked.
    """
    return Answer(queries.progress(op, patient_id, filters))


@routes.get(
    "/progress.svg",
    name="progress.picture",
    scope=Scope.PROGRESS_READ,
    view=str,
    media="image/svg+xml",
    problems=(NotFound,),
)
def picture(op: Operation, patient_id: UUID, filters: ProgressFilters) -> Answer:
    """See a patient's progress as a picture.

    Every measure over the band of its MCID, soreness after each session, and each muscle's ache and
    release. It holds no name, needs no script and no colour, and tells a screen reader what it
    shows.
    """
    return Answer(queries.picture(op, patient_id, filters))


@routes.get(
    "/body-map.svg",
    name="progress.body-map",
    scope=Scope.PROGRESS_READ,
    view=str,
    media="image/svg+xml",
    problems=(NotFound,),
)
def body_map(op: Operation, patient_id: UUID, filters: ProgressFilters) -> Answer:
    """See where a patient was needled, from the front and from the back, and at which levels.

    Each area and level says in how many sessions, darker for more, and how its muscles were
    released when they were needled last. Left and right are the patient's own.
    """
    return Answer(queries.body_map(op, patient_id, filters))


@routes.get(
    "/timeline",
    name="timeline.list",
    scope=Scope.PROGRESS_READ,
    view=view_of_page(TimelineItemView),
    problems=(NotFound,),
)
def history(op: Operation, patient_id: UUID, filters: TimelineFilters) -> Answer:
    """List what happened to a patient, newest first: visits of every kind, reports, events."""
    return Answer.page(*queries.timeline(op, patient_id, filters))

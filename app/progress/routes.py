"""`/v1/patients/{patient_id}/progress`, its pictures, and `/timeline`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.progress import queries
from app.progress.schemas import (
    ProgressFilters,
    ProgressView,
    TimelineFilters,
    TimelineItemView,
)

router = APIRouter(prefix="/v1/patients/{patient_id:uuid}", tags=["progress"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.PROGRESS_READ))]


class Svg(Response):
    """An SVG picture."""

    media_type = "image/svg+xml"


@router.get("/progress", operation_id="progress.read", responses=documented(NotFound))
def progress(
    op: Reading, patient_id: UUID, filters: Annotated[ProgressFilters, Query()]
) -> Answer[ProgressView]:
    """Read a patient's cumulative progress.

    It counts attended sessions up to `as_of` that aren't void. Drafts count, too, and are marked.
    """
    return Answer(queries.progress(op, patient_id, filters))


@router.get(
    "/progress.svg",
    operation_id="progress.picture",
    response_class=Svg,
    responses=documented(NotFound),
)
def picture(op: Reading, patient_id: UUID, filters: Annotated[ProgressFilters, Query()]) -> Svg:
    """Read a patient's progress as a picture (SVG).

    It shows each measure with the band of its MCID, the soreness after each session, and the ache
    and release of each muscle. It contains no name, and works without scripts and colours. A text
    describes it for screen readers.
    """
    return Svg(queries.picture(op, patient_id, filters))


@router.get(
    "/body-map.svg",
    operation_id="progress.body-map",
    response_class=Svg,
    responses=documented(NotFound),
)
def body_map(op: Reading, patient_id: UUID, filters: Annotated[ProgressFilters, Query()]) -> Svg:
    """Read a body map (SVG): where a patient was needled, front and back, and at which levels.

    Each area and level shows the number of sessions, darker for more, and the release of its
    muscles when they were last needled. Left and right are the patient's own.
    """
    return Svg(queries.body_map(op, patient_id, filters))


@router.get("/timeline", operation_id="timeline.list", responses=documented(NotFound))
def history(
    op: Reading, patient_id: UUID, filters: Annotated[TimelineFilters, Query()]
) -> Page[TimelineItemView]:
    """List a patient's history, newest first: visits, follow-ups, measurements and events.

    Each item holds the whole record, by the time at which it happened.
    """
    return Page(*queries.timeline(op, patient_id, filters))

"""`/v1/emergency-access`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.emergencies import queries, service
from app.emergencies.errors import EmergencyNotOver, EmergencyOpen
from app.emergencies.schemas import (
    EmergencyBody,
    EmergencyView,
    ReviewBody,
    UnreviewedPageView,
)

router = APIRouter(prefix="/v1/emergency-access", tags=["emergency access"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.AUDIT_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.EMERGENCY_WRITE))]
Reviewing = Annotated[Operation, Depends(Authorize(Scope.EMERGENCY_REVIEWS_WRITE))]
Personal = Annotated[
    Operation, Depends(Authorize(Scope.EMERGENCY_WRITE, personal=True, unlimited=True))
]


@router.get("", operation_id="emergencies.list")
def emergencies(op: Reading, filters: Annotated[Filters, Query()]) -> Page[EmergencyView]:
    """List emergency access, oldest first, including access that has ended.

    Its end is `ended_at` if somebody ended it early, otherwise `ends_at`.
    """
    return Page(*queries.emergencies(op, filters))


@router.get("/review", operation_id="emergencies.unreviewed")
def unreviewed(op: Reading) -> Answer[UnreviewedPageView]:
    """List the emergency access that nobody has reviewed, at most 50.

    First comes that of a series: four or more within an hour. Otherwise the oldest comes first.
    """
    return Answer(queries.unreviewed(op))


@router.get("/{id:uuid}", operation_id="emergencies.read", responses=documented(NotFound))
def emergency(op: Reading, id: UUID) -> Answer[EmergencyView]:
    """Read one emergency access: who began it, when and why.

    What was read under it stands in the ledger's entries.
    """
    return Answer(queries.emergency(op, id))


@router.post(
    "",
    status_code=201,
    operation_id="emergencies.create",
    responses=documented(EmergencyOpen),
)
def begin(op: Personal, body: EmergencyBody) -> Answer[EmergencyView]:
    """Begin emergency access ("break the glass"): read all clinical data for a while, for a reason.

    Only a practitioner may do this, not a program. It adds all clinical read scopes to those of
    the calling client, and it ends by itself. The ledger has the reason, and each access entry
    made in this time names the emergency access. However often it is opened, it is never refused
    for the number of requests; a series of openings is shown to those who review them.
    """
    view = service.begin(op, body)
    return Answer(view, 201, location=f"{router.prefix}/{view['id']}")


@router.post("/{id:uuid}/end", operation_id="emergencies.end", responses=documented(NotFound))
def end(op: Writing, id: UUID) -> Answer[EmergencyView]:
    """End emergency access early. Within five seconds it stops working.

    The client keeps the scopes that it had before.
    """
    return Answer(service.end(op, id))


@router.post(
    "/{id:uuid}/review",
    operation_id=queries.REVIEW,
    responses=documented(NotFound, EmergencyNotOver),
)
def review(op: Reviewing, id: UUID, body: ReviewBody) -> Answer[EmergencyView]:
    """Record that you reviewed emergency access, and what you found. The ledger holds the note.

    It then leaves the list of those to review. A practitioner can't review their own, not
    with an account or key that they made either.
    """
    return Answer(service.review(op, id, body.note))

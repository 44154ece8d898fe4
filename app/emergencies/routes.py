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
from app.emergencies.errors import EmergencyOpen
from app.emergencies.schemas import EmergencyBody, EmergencyView

router = APIRouter(prefix="/v1/emergency-access", tags=["emergency access"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.AUDIT_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.EMERGENCY_WRITE))]
Personal = Annotated[Operation, Depends(Authorize(Scope.EMERGENCY_WRITE, personal=True))]


@router.get("", operation_id="emergencies.list")
def emergencies(op: Reading, filters: Annotated[Filters, Query()]) -> Page[EmergencyView]:
    """List emergency access, oldest first, including access that has ended."""
    return Page(*queries.emergencies(op, filters))


@router.get("/{id:uuid}", operation_id="emergencies.read", responses=documented(NotFound))
def emergency(op: Reading, id: UUID) -> Answer[EmergencyView]:
    """Read one emergency access: who began it, when and why."""
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
    made in this time names the emergency access.
    """
    view = service.begin(op, body)
    return Answer(view, 201, location=f"{router.prefix}/{view['id']}")


@router.post("/{id:uuid}/end", operation_id="emergencies.end", responses=documented(NotFound))
def end(op: Writing, id: UUID) -> Answer[EmergencyView]:
    """End emergency access early. Within five seconds it stops working."""
    return Answer(service.end(op, id))

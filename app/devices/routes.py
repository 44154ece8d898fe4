"""`/v1/devices`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.auth.schemas import WithDescendants
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.credentials.errors import LastOwner
from app.devices import queries, service
from app.devices.schemas import DeviceBody, DeviceView, NewDeviceView, RevokedDeviceView

router = APIRouter(prefix="/v1/devices", tags=["devices"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.DEVICES_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.DEVICES_WRITE))]
Issuing = Annotated[Operation, Depends(Authorize(Scope.DEVICES_WRITE, secret=True))]


@router.get("", operation_id="devices.list")
def devices(op: Reading, filters: Annotated[Filters, Query()]) -> Page[DeviceView]:
    """List devices, oldest first, including revoked ones.

    A device whose code was never used has no time of enrolment.
    """
    return Page(*queries.devices(op, filters))


@router.get("/{id:uuid}", operation_id="devices.read", responses=documented(NotFound))
def device(op: Reading, id: UUID) -> Answer[DeviceView]:
    """Read a device.

    The answer doesn't contain its enrolment code.
    """
    return Answer(queries.device(op, id))


@router.post("", status_code=201, operation_id="devices.create")
def create(op: Issuing, body: DeviceBody) -> Answer[NewDeviceView]:
    """Create a device for a practitioner, and get its enrolment code.

    The code works once, within ten minutes. Only this answer shows it, so the answer is not stored
    for a retry.
    """
    view = service.create(op, body)
    return Answer(view, 201, location=f"{router.prefix}/{view['id']}")


@router.post(
    "/{id:uuid}/revoke",
    operation_id="devices.revoke",
    responses=documented(NotFound, LastOwner),
)
def revoke(
    op: Writing, id: UUID, *, descendants: WithDescendants = False
) -> Answer[RevokedDeviceView]:
    """Revoke a device. Within five seconds, its code and tokens stop working.

    So do those of its descendants, which the answer lists.
    """
    return Answer(service.revoke(op, id, with_descendants=descendants))

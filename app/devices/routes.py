"""`/v1/devices`."""

from uuid import UUID

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.devices import queries, service
from app.devices.schemas import DeviceBody, DeviceView, NewDeviceView

READ, WRITE = Scope.DEVICES_READ, Scope.DEVICES_WRITE

routes = Routes("/v1/devices", "devices")


@routes.get("", name="devices.list", scope=READ, view=view_of_page(DeviceView))
def devices(op: Operation, filters: Filters) -> Answer:
    """List devices, oldest first; those that were revoked as well."""
    return Answer.page(*queries.devices(op, filters))


@routes.get("/{id}", name="devices.read", scope=READ, view=DeviceView, problems=(NotFound,))
def device(op: Operation, id: UUID) -> Answer:
    """Read one of the devices."""
    return Answer(queries.device(op, id))


@routes.post("", name="devices.create", scope=WRITE, view=NewDeviceView, status=201, secret=True)
def create(op: Operation, body: DeviceBody) -> Answer:
    """Create a device of a practitioner, and get the code that lets it in.

    The code is good once, for ten minutes. It is shown this once, so no answer is kept for a retry.
    """
    view = service.create(op, body)
    return Answer(view, 201, location=f"{routes.prefix}/{view['id']}")


@routes.post(
    "/{id}/revoke", name="devices.revoke", scope=WRITE, view=DeviceView, problems=(NotFound,)
)
def revoke(op: Operation, id: UUID) -> Answer:
    """Revoke a device: within five seconds nothing that it holds is good for anything."""
    return Answer(service.revoke(op, id))

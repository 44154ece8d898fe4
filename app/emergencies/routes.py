"""`/v1/emergency-access`."""

from uuid import UUID

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.emergencies import queries, service
from app.emergencies.errors import EmergencyOpen
from app.emergencies.schemas import EmergencyBody, EmergencyView

READ, WRITE = Scope.AUDIT_READ, Scope.EMERGENCY_WRITE

routes = Routes("/v1/emergency-access", "emergency access")


@routes.get("", name="emergencies.list", scope=READ, view=view_of_page(EmergencyView))
def emergencies(op: Operation, filters: Filters) -> Answer:
    """List emergency access, oldest first; what is over as well."""
    return Answer.page(*queries.emergencies(op, filters))


@routes.get("/{id}", name="emergencies.read", scope=READ, view=EmergencyView, problems=(NotFound,))
def emergency(op: Operation, id: UUID) -> Answer:
    """Read who broke the glass, when, and why."""
    return Answer(queries.emergency(op, id))


@routes.post(
    "",
    name="emergencies.create",
    scope=WRITE,
    view=EmergencyView,
    status=201,
    problems=(EmergencyOpen,),
    personal=True,
)
def begin(op: Operation, body: EmergencyBody) -> Answer:
    """Break the glass: read everything clinical for a while, for a reason.

    Only a practitioner may, and no program. To the scopes of the client that asks it adds all that
    let one read what is clinical, and it ends by itself. The ledger has the reason, and says of
    each look while it is open that it was one of those.
    """
    view = service.begin(op, body)
    return Answer(view, 201, location=f"{routes.prefix}/{view['id']}")


@routes.post(
    "/{id}/end", name="emergencies.end", scope=WRITE, view=EmergencyView, problems=(NotFound,)
)
def end(op: Operation, id: UUID) -> Answer:
    """End emergency access before its time: within five seconds it allows nothing more."""
    return Answer(service.end(op, id))

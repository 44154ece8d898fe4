"""`/v1/clients`."""

from uuid import UUID

from app.clients import queries, service
from app.clients.schemas import ClientBody, ClientView, NewClientView
from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes

READ, WRITE = Scope.CLIENTS_READ, Scope.CLIENTS_WRITE

routes = Routes("/v1/clients", "clients")


@routes.get("", name="clients.list", scope=READ, view=view_of_page(ClientView))
def clients(op: Operation, filters: Filters) -> Answer:
    """List clients, oldest first; those that were revoked or ran out as well."""
    return Answer.page(*queries.clients(op, filters))


@routes.get("/{id}", name="clients.read", scope=READ, view=ClientView, problems=(NotFound,))
def client(op: Operation, id: UUID) -> Answer:
    """Read one of the clients. No answer shows an API key again."""
    return Answer(queries.client(op, id))


@routes.post("", name="clients.create", scope=WRITE, view=NewClientView, status=201, secret=True)
def create(op: Operation, body: ClientBody) -> Answer:
    """Create a client. Its API key is shown this once, so no answer is kept for a retry.

    If the answer is lost, revoke the client that nobody has the key of, and create another.
    """
    view = service.create(op, body)
    return Answer(view, 201, location=f"{routes.prefix}/{view['id']}")


@routes.post(
    "/{id}/revoke", name="clients.revoke", scope=WRITE, view=ClientView, problems=(NotFound,)
)
def revoke(op: Operation, id: UUID) -> Answer:
    """Revoke a client: within five seconds nothing that it holds is good for anything."""
    return Answer(service.revoke(op, id))

"""`/v1/clients`."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.clients import queries, service
from app.clients.schemas import ClientBody, ClientView, NewClientView
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound

router = APIRouter(prefix="/v1/clients", tags=["clients"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_WRITE))]
Issuing = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_WRITE, secret=True))]


@router.get("", operation_id="clients.list")
def clients(op: Reading, filters: Annotated[Filters, Query()]) -> Page[ClientView]:
    """List clients, oldest first, including revoked and expired ones."""
    return Page(*queries.clients(op, filters))


@router.get("/{id:uuid}", operation_id="clients.read", responses=documented(NotFound))
def client(op: Reading, id: UUID) -> Answer[ClientView]:
    """Read a client. The answer doesn't contain its API key."""
    return Answer(queries.client(op, id))


@router.post("", status_code=201, operation_id="clients.create")
def create(op: Issuing, body: ClientBody) -> Answer[NewClientView]:
    """Create a client. Only this answer shows its API key, so it is not stored for a retry.

    If the answer is lost, revoke the new client and create another one.
    """
    view = service.create(op, body)
    return Answer(view, 201, location=f"{router.prefix}/{view['id']}")


@router.post("/{id:uuid}/revoke", operation_id="clients.revoke", responses=documented(NotFound))
def revoke(op: Writing, id: UUID) -> Answer[ClientView]:
    """Revoke a client. Within five seconds, its key and tokens stop working."""
    return Answer(service.revoke(op, id))

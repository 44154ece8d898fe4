"""`/v1/clients`."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.auth.schemas import WithDescendants
from app.clients import queries, service
from app.clients.errors import NoKeyToRotate
from app.clients.schemas import (
    ClientBody,
    ClientView,
    NewClientView,
    RevokedClientView,
    RotationBody,
)
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.credentials.errors import LastOwner
from app.records.errors import DiffersFromLedger

router = APIRouter(prefix="/v1/clients", tags=["clients"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_READ))]
Writing = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_WRITE))]
Issuing = Annotated[Operation, Depends(Authorize(Scope.CLIENTS_WRITE, secret=True))]
USUAL: Final = RotationBody()


@router.get("", operation_id="clients.list")
def clients(op: Reading, filters: Annotated[Filters, Query()]) -> Page[ClientView]:
    """List clients, oldest first, including revoked and expired ones.

    Devices and sign-ins have lists of their own. No list shows a secret.
    """
    return Page(*queries.clients(op, filters))


@router.get("/{id:uuid}", operation_id="clients.read", responses=documented(NotFound))
def client(op: Reading, id: UUID) -> Answer[ClientView]:
    """Read a client. The answer doesn't contain its API key.

    The server stores only a digest of the key. If it is lost, rotate it.
    """
    return Answer(queries.client(op, id))


@router.post("", status_code=201, operation_id="clients.create")
def create(op: Issuing, body: ClientBody) -> Answer[NewClientView]:
    """Create a client. Only this answer shows its API key, so it is not stored for a retry.

    If the answer is lost, revoke the new client and create another one. A client can never do more
    than the clients that made it, and stops working with them.
    """
    view = service.create(op, body)
    return Answer(view, 201, location=f"{router.prefix}/{view['id']}")


@router.post(
    "/{id:uuid}/rotate",
    operation_id="clients.rotate",
    responses=documented(NotFound, NoKeyToRotate, DiffersFromLedger),
)
def rotate(op: Issuing, id: UUID, body: RotationBody = USUAL) -> Answer[NewClientView]:
    """Give a client a new API key. Its present key still works for the hours of the overlap.

    A client can rotate its own key, and those of the clients that it made. Rotating again ends the
    key from before the last rotation at once; revoking ends every key. Only this answer shows the
    new key, so it is not stored for a retry. If the answer is lost, rotate again.
    """
    return Answer(service.rotate(op, id, body.overlap_hours))


@router.post(
    "/{id:uuid}/revoke",
    operation_id="clients.revoke",
    responses=documented(NotFound, LastOwner),
)
def revoke(
    op: Writing, id: UUID, *, descendants: WithDescendants = False
) -> Answer[RevokedClientView]:
    """Revoke a client. Within five seconds, its key and tokens stop working.

    So do those of its descendants, which the answer lists.
    """
    return Answer(service.revoke(op, id, with_descendants=descendants))

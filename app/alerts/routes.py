"""`/v1/alerts`: the server raises alerts, and clients read and acknowledge them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from app.alerts import service
from app.alerts.errors import AlertAcknowledged, AlertNotesFull
from app.alerts.schemas import AcknowledgeBody, AlertNoteBody
from app.alerts.service import ALERTS
from app.alerts.views import AlertView
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.records.routes import add_reads, answer

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=Route)
Answering = Annotated[Operation, Depends(Authorize(Scope.ALERTS_WRITE))]
add_reads(router, ALERTS, Scope.ALERTS_READ)


@router.post(
    "/{id:uuid}/acknowledge",
    operation_id="alerts.acknowledge",
    responses=documented(NotFound, AlertAcknowledged),
)
def acknowledge(op: Answering, id: UUID, body: AcknowledgeBody) -> Answer[AlertView]:
    """Acknowledge an alert: you have looked, and you say what you did.

    It needs no `If-Match`. A second acknowledgement answers 409, and names the first. An alert
    about emergency access also needs `emergency_reviews:write`, and isn't for the practitioner
    whom it is about.
    """
    return answer(service.acknowledge(op, id, body))


@router.post(
    "/{id:uuid}/notes",
    operation_id="alerts.add_note",
    responses=documented(NotFound, AlertNotesFull),
)
def add_note(op: Answering, id: UUID, body: AlertNoteBody) -> Answer[AlertView]:
    """Add a note to an alert, before or after it was acknowledged.

    A mistaken acknowledgement is corrected by a note: what was said stays on the record. A note
    alone doesn't acknowledge. It needs no `If-Match`.
    """
    return answer(service.add_note(op, id, body))

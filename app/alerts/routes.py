"""`/v1/alerts`: the server raises alerts, and clients read and acknowledge them."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.alerts import service
from app.alerts.errors import AlertAcknowledged, AlertNotesFull
from app.alerts.schemas import AcknowledgeBody, AlertFilters, AlertNoteBody
from app.alerts.service import ALERTS
from app.alerts.views import AlertView, AlertWithDeliveriesView
from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.deliveries.queries import deliveries
from app.records.queries import record_for_answer, records

router = APIRouter(prefix="/v1/alerts", tags=["alerts"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.ALERTS_READ))]
Answering = Annotated[Operation, Depends(Authorize(Scope.ALERTS_WRITE))]


def _told(op: Operation, views: Sequence[AlertView]) -> list[AlertWithDeliveriesView]:
    """Add who was told of each alert."""
    found = deliveries(op, ALERTS.noun, [view["id"] for view in views])
    return [{**view, "deliveries": found[view["id"]]} for view in views]


def _answer(op: Operation, view: AlertView) -> Answer[AlertWithDeliveriesView]:
    # It has no ETag: messages about an alert make no version of it.
    return Answer(_told(op, [view])[0])


@router.get("", operation_id="alerts.list")
def alerts(op: Reading, filters: Annotated[AlertFilters, Query()]) -> Page[AlertWithDeliveriesView]:
    """List alerts.

    The newest come first. Each has the messages about it, in `deliveries`.
    """
    views, cursor = records(op, ALERTS, filters)
    return Page(_told(op, views), cursor)


@router.get("/{id:uuid}", operation_id="alerts.read", responses=documented(NotFound))
def alert(op: Reading, id: UUID) -> Answer[AlertWithDeliveriesView]:
    """Read one of the alerts.

    It has no ETag: messages about it, in `deliveries`, make no new version of it.
    """
    return _answer(op, record_for_answer(op, ALERTS, id))


@router.post(
    "/{id:uuid}/acknowledge",
    operation_id="alerts.acknowledge",
    responses=documented(NotFound, AlertAcknowledged),
)
def acknowledge(op: Answering, id: UUID, body: AcknowledgeBody) -> Answer[AlertWithDeliveriesView]:
    """Acknowledge an alert: you have looked, and you say what you did.

    It needs no `If-Match`. A second acknowledgement answers 409, and names the first. An alert
    about emergency access also needs `emergency_reviews:write`, and isn't for the practitioner
    whom it is about.
    """
    return _answer(op, service.acknowledge(op, id, body))


@router.post(
    "/{id:uuid}/notes",
    operation_id="alerts.add_note",
    responses=documented(NotFound, AlertNotesFull),
)
def add_note(op: Answering, id: UUID, body: AlertNoteBody) -> Answer[AlertWithDeliveriesView]:
    """Add a note to an alert, before or after it was acknowledged.

    A mistaken acknowledgement is corrected by a note: what was said stays on the record. A note
    alone doesn't acknowledge. It needs no `If-Match`.
    """
    return _answer(op, service.add_note(op, id, body))

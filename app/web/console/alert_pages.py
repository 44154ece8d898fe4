"""`/console/alerts`: the open and the acknowledged alerts, and one of them with its forms."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import Field
from starlette.responses import HTMLResponse, Response

from app.alerts.errors import AlertAcknowledged, AlertNotesFull
from app.alerts.schemas import AlertFilters
from app.alerts.service import ALERTS, raised
from app.alerts.views import AlertStatus, AlertView
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import Invalid
from app.records.queries import record_for_answer, records
from app.web.console import alerts, pages
from app.web.console.browsers import by_cookie
from app.web.console.framing import After, Further, framed
from app.web.console.who import ALERTED

ALERTS_PAGE: Final = f"{pages.HOME}/alerts"
AT_ONCE: Final = 50
Refusal = AlertAcknowledged | AlertNotesFull | Invalid

router = APIRouter(prefix=ALERTS_PAGE, include_in_schema=False, route_class=Route)
Alerted = Annotated[Operation, Depends(Authorize(*ALERTED.scopes, identify=by_cookie))]
Answering = Annotated[Operation, Depends(Authorize(Scope.ALERTS_WRITE, identify=by_cookie))]


class AlertsWanted(Further):
    """Which alerts the list shows."""

    status: AlertStatus = Field(default="open")


@router.get("", operation_id="console.alerts")
def list_alerts(op: Alerted, wanted: Annotated[AlertsWanted, Query()]) -> HTMLResponse:
    """Show the alerts that nobody has acknowledged, or the others, newest first."""
    filters = AlertFilters(status=wanted.status, limit=AT_ONCE, cursor=wanted.cursor)
    found, further = records(op, ALERTS, filters)
    return framed(
        "alerts.html",
        op,
        alerts=alerts.shown(op, found),
        actions=alerts.ACTIONS,
        status=wanted.status,
        cursor=further,
    )


@router.get("/{alert_id:uuid}", operation_id="console.alert")
def one_alert(op: Alerted, alert_id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show one alert: messages lead here."""
    del after  # `framed` says it
    return _one(op, alert_id)


@router.post("/{alert_id:uuid}/acknowledge", operation_id="console.acknowledge")
def acknowledge(op: Answering, alert_id: UUID, form: Form) -> Response:
    """Acknowledge an alert, and go back to the page that the form was on.

    A form that can't be accepted is shown again with what was typed.
    """
    return _answered(op, alert_id, form, alerts.acknowledge, "acknowledged")


@router.post("/{alert_id:uuid}/notes", operation_id="console.add-alert-note")
def add_note(op: Answering, alert_id: UUID, form: Form) -> Response:
    """Add a note to an alert, and go back to the page that the form was on."""
    return _answered(op, alert_id, form, alerts.add_note, "noted")


def _answered(
    op: Operation,
    alert_id: UUID,
    form: Mapping[str, str],
    answer: Callable[[Operation, UUID, Mapping[str, str]], AlertView],
    said: pages.Said,
) -> Response:
    try:
        done = answer(op, alert_id, form)
    except (AlertAcknowledged, AlertNotesFull, Invalid) as refused:
        return _one(op, alert_id, refused, {**form, "said": said})
    backs = {
        "chart": f"{pages.HOME}/patients/{done['patient_id']}",
        "alert": f"{ALERTS_PAGE}/{alert_id}",
    }
    return pages.redirect(backs.get(form.get("back", ""), ALERTS_PAGE), said)


def _one(
    op: Operation,
    alert_id: UUID,
    refused: Refusal | None = None,
    typed: Mapping[str, Any] | None = None,
) -> HTMLResponse:
    [shown] = alerts.shown(op, [record_for_answer(op, ALERTS, alert_id)])
    is_danger = shown.alert["status"] == "open" and shown.patient_id is not None
    page = framed(
        "one_alert.html",
        op,
        shown=shown,
        to_act=raised(op, alert_id) if is_danger else None,
        actions=alerts.ACTIONS,
        refused=refused,
        typed=typed or {},
    )
    page.status_code = 200 if refused is None else int(refused.status)
    return page

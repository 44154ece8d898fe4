"""Consents to messages, given and withdrawn on a patient's chart."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import Response

from app.asks.service import actions
from app.core.http.authorize import Authorize
from app.core.http.forms import Form
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.vocabularies import words_of
from app.patients.service import PATIENTS
from app.records.queries import record
from app.records.service import create_one
from app.safety.schemas import ConsentBody
from app.safety.service import CONSENTS
from app.safety.views import MessageChannel
from app.web.console import access, pages
from app.web.console.browsers import by_cookie
from app.web.console.framing import whose
from app.web.console.kept import check_patient

CHARTS: Final = f"{pages.HOME}/patients"
CHANNELS: Final = words_of(MessageChannel)

router = APIRouter(prefix=CHARTS, include_in_schema=False, route_class=Route)
Consenting = Annotated[Operation, Depends(Authorize(Scope.CONSENTS_WRITE, identify=by_cookie))]


@router.post("/{patient_id:uuid}/messages", operation_id="console.consent-to-messages")
def consent(op: Consenting, patient_id: UUID, form: Form) -> Response:
    """Store that a patient consented to messages by e-mail, as they said to whom is signed in."""
    check_patient(form, patient_id)
    members = {
        "patient_id": str(patient_id),
        "kind": "messages",
        "channel": "email",
        "address": form.get("address", "").strip(),
        "decision": "given",
        "form": "verbal",
        "given_by": form.get("given_by", ""),
        "obtained_by": whose(op).in_records,
        "obtained_at": op.at,
    }
    body: ConsentBody = access.body_of(ConsentBody, members)
    create_one(op, CONSENTS, body)
    return pages.redirect(f"{CHARTS}/{patient_id}", "consented")


@router.post("/{patient_id:uuid}/messages/stop", operation_id="console.stop-messages")
def stop(op: Consenting, patient_id: UUID, form: Form) -> Response:
    """Withdraw a patient's consent to messages, by each channel."""
    check_patient(form, patient_id)
    record(op, PATIENTS, patient_id)
    for channel in CHANNELS:
        actions.stop(op, patient_id, channel, whose(op).in_records)
    return pages.redirect(f"{CHARTS}/{patient_id}", "stopped")

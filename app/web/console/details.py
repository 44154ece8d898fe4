"""`/console/patients/{id}/details`: what is known of a patient without the clinical record."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from starlette.responses import HTMLResponse

from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.clock import clinic_day
from app.languages.queries import DOMAIN, languages
from app.patients.service import PATIENTS
from app.records.queries import record_for_answer
from app.web.console import follow_ups, pages, patient_list
from app.web.console.browsers import by_cookie
from app.web.console.chart import age, plain
from app.web.console.framing import After, framed
from app.web.console.who import DETAILS

LANGUAGES: Final = {one.tag: one.name for one in languages(DOMAIN)}
router = APIRouter(prefix=f"{pages.HOME}/patients", include_in_schema=False, route_class=Route)
Receiving = Annotated[Operation, Depends(Authorize(*DETAILS.scopes, identify=by_cookie))]


@router.get("/{patient_id:uuid}/details", operation_id="console.details")
def details(op: Receiving, patient_id: UUID, after: Annotated[After, Query()]) -> HTMLResponse:
    """Show who a patient is and how to reach them, for those who receive patients."""
    del after  # `framed` says it
    person = record_for_answer(op, PATIENTS, patient_id)
    born = person["birth_date"]
    return framed(
        "details.html",
        op,
        patient=plain(person),
        age=None if born is None else age(born, clinic_day(op.at, op.zone)),
        next=patient_list.beside(op, [person]),
        last_visit=follow_ups.last_visit(op, patient_id),
        languages=LANGUAGES,
    )

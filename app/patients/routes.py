"""`/v1/patients`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.patients.queries import best, each
from app.patients.rules.asking import asked
from app.patients.schemas import PatientSearch
from app.patients.service import PATIENTS
from app.patients.views import PatientSearchView
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/patients", tags=["patients"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.PATIENTS_READ))]


@router.post("/search", operation_id="patients.search")
def search(
    op: Reading, body: PatientSearch, filters: Annotated[Filters, Query()]
) -> Answer[PatientSearchView]:
    """Search patients by name, birth date or identifier.

    `q` takes any of them and answers the best, without pages. Names and a birth date answer all
    patients who have them, in pages. The search compares only letters and digits of names, without
    case and accents. Any part of a name finds it, and its beginning is enough.
    """
    if body.q is None:
        found = each(op, body.names, body.birth_date, filters)
    else:
        found = best(op, asked(body.q), filters)
    view = {
        "items": found.items,
        "similar": found.similar,
        "more": found.more,
        "next": None,
        "next_cursor": found.cursor,
    }
    return Answer(view, following={"cursor": found.cursor} if found.cursor else None)


add_reads(router, PATIENTS, Scope.PATIENTS_READ)
add_writes(router, PATIENTS, Scope.PATIENTS_WRITE)

"""`/v1/patients`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Page
from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.patients.schemas import PatientSearch
from app.patients.service import PATIENTS
from app.patients.views import PatientView
from app.records.queries import records
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/patients", tags=["patients"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.PATIENTS_READ))]


@router.post("/search", operation_id="patients.search")
def search(
    op: Reading, body: PatientSearch, filters: Annotated[Filters, Query()]
) -> Page[PatientView]:
    """Search patients by the beginning of a name, or by birth date.

    The search compares only letters and digits of names, without case and accents.
    """
    return Page(*records(op, PATIENTS, filters, **body.values()))


add_reads(router, PATIENTS, Scope.PATIENTS_READ)
add_writes(router, PATIENTS, Scope.PATIENTS_WRITE)

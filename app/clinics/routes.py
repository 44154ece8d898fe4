"""`/v1/clinic`."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.clinics import queries
from app.clinics.schemas import ClinicView
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope

router = APIRouter(prefix="/v1/clinic", tags=["clinic"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.CLINIC_READ))]


@router.get("", operation_id="clinics.read")
def clinic(op: Reading) -> Answer[ClinicView]:
    """Read the clinic of your token."""
    return Answer(queries.clinic(op))

"""`/v1/needle-lots/{lot}/patients`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Page
from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.recall import queries
from app.recall.schemas import LotPatientView

router = APIRouter(prefix="/v1/needle-lots", tags=["recall"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.NEEDLE_LOTS_READ))]


# A lot may have a slash in it.
@router.get("/{lot:path}/patients", operation_id="needle_lots.patients")
def patients_of_lot(
    op: Reading, lot: str, filters: Annotated[Filters, Query()]
) -> Page[LotPatientView]:
    """List the patients who were treated with needles of a lot.

    The lot is compared as it was written down at the needling. What a session says now counts: a
    lot that an amendment has corrected isn't found under what stood there before.
    """
    return Page(*queries.patients_of_lot(op, lot, filters))

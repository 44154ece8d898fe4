"""`/v1/needle-lots/{lot}/patients`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.core.http.answers import Page
from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.recall import queries
from app.recall.schemas import Lot, LotPatientView

router = APIRouter(prefix="/v1/needle-lots", tags=["recall"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.NEEDLE_LOTS_READ))]


# A lot may contain a slash.
@router.get("/{lot:path}/patients", operation_id="needle_lots.patients")
def patients_of_lot(
    op: Reading,
    lot: Annotated[Lot, Path(description="The lot, in any spelling.")],
    filters: Annotated[Filters, Query()],
) -> Page[LotPatientView]:
    """List the patients who were treated with needles of a lot.

    Case, white space and hyphens of the lot don't matter. The current version of each session
    counts: after an amendment corrects a lot, the session isn't found under the old one.
    """
    return Page(*queries.patients_of_lot(op, lot, filters))

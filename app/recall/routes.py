"""`/v1/needle-lots/{lot}/patients`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.pages import Filters
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.recall import queries
from app.recall.schemas import Lot, LotPatientPage

router = APIRouter(prefix="/v1/needle-lots", tags=["recall"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.NEEDLE_LOTS_READ))]


# A lot may contain a slash.
@router.get("/{lot:path}/patients", operation_id="needle_lots.patients")
def patients_of_lot(
    op: Reading,
    lot: Annotated[Lot, Path(description="The lot, in any spelling.")],
    filters: Annotated[Filters, Query()],
) -> Answer[LotPatientPage]:
    """List the patients who were treated with needles of a lot.

    Case, white space, hyphens, slashes and other signs of the lot don't matter, nor does the word
    "Lot" before it: `spellings` has those that were counted. If nobody was found, `others` has lots
    that were perhaps meant. The current version of each session counts: after an amendment corrects
    a lot, the session isn't found under the old one.
    """
    found = queries.patients_of_lot(op, lot, filters)
    view = {
        "items": found.patients,
        "spellings": found.spellings,
        "others": found.others,
        "next": None,
        "next_cursor": found.cursor,
    }
    return Answer(view, following={"cursor": found.cursor} if found.cursor else None)

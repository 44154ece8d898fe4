"""`/v1/instruments`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import Filters, slice_page
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.instruments import queries
from app.instruments.schemas import InstrumentView

router = APIRouter(prefix="/v1/instruments", tags=["reference"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.INSTRUMENTS_READ))]


@router.get("", operation_id="instruments.list", responses=documented(reusable=True))
def instruments(op: Reading, filters: Annotated[Filters, Query()]) -> Page[InstrumentView]:
    """List the instruments with their scale, direction, thresholds and sources.

    Clients may keep the answer for an hour. No wording of items is in it.
    """
    del op
    return Page(*slice_page(queries.INSTRUMENTS, filters), reusable=True)


@router.get(
    "/{code}", operation_id="instruments.read", responses=documented(NotFound, reusable=True)
)
def instrument(
    op: Reading, code: Annotated[str, Path(description="The code, as in the list.")]
) -> Answer[InstrumentView]:
    """Read an instrument with its thresholds and their sources.

    It shows published thresholds. `/v1/thresholds` has those of the clinic.
    """
    del op
    return Answer(queries.instrument(code), reusable=True)

"""`/v1/outcomes`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.outcomes import queries
from app.outcomes.schemas import OutcomesFilters, OutcomesView

router = APIRouter(prefix="/v1/outcomes", tags=["progress"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.OUTCOMES_READ))]


@router.get("", operation_id="outcomes.read")
def outcomes(op: Reading, filters: Annotated[OutcomesFilters, Query()]) -> Answer[OutcomesView]:
    """Read what became of the clinic's patients.

    Of those whose care began within the period: how many respond, by each measure and with an exact
    interval, and how often adverse events were reported, beside published rates. No group of fewer
    than 5 patients is shown, nor any count from 1 to 4, and no practitioner beside another.
    """
    return Answer(queries.cohort(op, filters))

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
    """Read the outcomes of the clinic's patients whose care began within the period.

    The answer has, for each measure, how many hold an important improvement, with an exact
    interval. It also has the rate of reported adverse events, with published rates for
    comparison. It shows no group of fewer than 5 patients, no count from 1 to 4, and doesn't
    compare practitioners.
    """
    return Answer(queries.cohort(op, filters))

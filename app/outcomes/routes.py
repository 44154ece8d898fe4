"""`/v1/outcomes`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.routing import Answer, Routes
from app.outcomes import queries
from app.outcomes.schemas import OutcomesFilters, OutcomesView

routes = Routes("/v1/outcomes", "progress")


@routes.get("", name="outcomes.read", scope=Scope.OUTCOMES_READ, view=OutcomesView)
def outcomes(op: Operation, filters: OutcomesFilters) -> Answer:
    """Read what became of the clinic's patients.

    Of those whose care began within the period: how many respond, by each measure and with an exact
    interval, and how often adverse events were reported, beside published rates. No group of fewer
    than 5 patients is shown, nor any count from 1 to 4, and no practitioner beside another.
    """
    return Answer(queries.cohort(op, filters))

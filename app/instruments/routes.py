"""`/v1/instruments`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import Filters, listing, view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.instruments import queries
from app.instruments.schemas import InstrumentView

routes = Routes("/v1/instruments", "reference")


@routes.get(
    "", name="instruments.list", scope=Scope.INSTRUMENTS_READ, view=view_of_page(InstrumentView)
)
def instruments(op: Operation, filters: Filters) -> Answer:
    """List the instruments: scale, direction, thresholds and their source."""
    del op
    return Answer.page(*listing(queries.INSTRUMENTS, filters))


@routes.get(
    "/{code}",
    name="instruments.read",
    scope=Scope.INSTRUMENTS_READ,
    view=InstrumentView,
    problems=(NotFound,),
)
def instrument(op: Operation, code: str) -> Answer:
    """Read one instrument."""
    del op
    return Answer(queries.instrument(code))

"""`/v1/muscles`."""

from app.core.access import Scope
from app.core.operation import Operation
from app.core.pages import listing, view_of_page
from app.core.problems import NotFound
from app.core.routing import Answer, Routes
from app.muscles import queries
from app.muscles.schemas import MuscleFilters, MuscleView

routes = Routes("/v1/muscles", "reference")


@routes.get("", name="muscles.list", scope=Scope.MUSCLES_READ, view=view_of_page(MuscleView))
def muscles(op: Operation, filters: MuscleFilters) -> Answer:
    """List muscles, or find them by any name or abbreviation, typing errors included."""
    del op
    return Answer.page(*listing(queries.muscles(filters.q, filters.region), filters))


@routes.get(
    "/{slug}", name="muscles.read", scope=Scope.MUSCLES_READ, view=MuscleView, problems=(NotFound,)
)
def muscle(op: Operation, slug: str) -> Answer:
    """Read one muscle."""
    del op
    return Answer(queries.muscle(slug))

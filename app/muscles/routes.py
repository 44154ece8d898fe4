"""`/v1/muscles`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.core.http.answers import Answer, Page
from app.core.http.authorize import Authorize
from app.core.http.contract import documented
from app.core.http.pages import slice_page
from app.core.http.routing import Route
from app.core.operation import Operation
from app.core.values.access import Scope
from app.core.values.problems import NotFound
from app.muscles import queries
from app.muscles.schemas import MuscleFilters, MuscleView

router = APIRouter(prefix="/v1/muscles", tags=["reference"], route_class=Route)
Reading = Annotated[Operation, Depends(Authorize(Scope.MUSCLES_READ))]


@router.get("", operation_id="muscles.list", responses=documented(reusable=True))
def muscles(op: Reading, filters: Annotated[MuscleFilters, Query()]) -> Page[MuscleView]:
    """List muscles, or search them by name or abbreviation.

    The search allows typing errors. Clients may keep the answer for an hour.
    """
    del op
    return Page(*slice_page(queries.muscles(filters.q, filters.region), filters), reusable=True)


@router.get("/{slug}", operation_id="muscles.read", responses=documented(NotFound, reusable=True))
def muscle(
    op: Reading, slug: Annotated[str, Path(description="The slug, as in the list.")]
) -> Answer[MuscleView]:
    """Read a muscle.

    A part that is recorded separately has a slug of its own, and names its whole muscle.
    """
    del op
    return Answer(queries.muscle(slug), reusable=True)

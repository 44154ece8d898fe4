"""`/v1/me`."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.callers import queries
from app.callers.schemas import MeView
from app.core.http.answers import Answer
from app.core.http.authorize import Authorize
from app.core.http.routing import Route
from app.core.operation import Operation

router = APIRouter(prefix="/v1/me", tags=["me"], route_class=Route)
Calling = Annotated[Operation, Depends(Authorize(any_token=True))]


@router.get("", operation_id="me.read")
def me(op: Calling) -> Answer[MeView]:
    """Read who you are: your clinic, client, practitioner and scopes.

    Every valid token is enough, and no scope is needed.
    """
    return Answer(queries.me(op))

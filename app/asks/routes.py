"""`/v1/asks`: the server asks patients how they are, and clients read and answer for it."""

from fastapi import APIRouter

from app.asks.service import ASKS
from app.core.http.routing import Route
from app.core.values.access import Scope
from app.records.routes import add_reads

router = APIRouter(prefix="/v1/asks", tags=["asks"], route_class=Route)
add_reads(router, ASKS, Scope.ASKS_READ)

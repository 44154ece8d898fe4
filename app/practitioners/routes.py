"""`/v1/practitioners`."""

from fastapi import APIRouter

from app.core.http.routing import Route
from app.core.values.access import Scope
from app.practitioners.service import PRACTITIONERS
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/practitioners", tags=["practitioners"], route_class=Route)
add_reads(router, PRACTITIONERS, Scope.PRACTITIONERS_READ)
add_writes(router, PRACTITIONERS, Scope.PRACTITIONERS_WRITE)

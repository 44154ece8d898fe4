"""`/v1/thresholds`."""

from fastapi import APIRouter

from app.core.http.routing import Route
from app.core.values.access import Scope
from app.records.routes import add_reads, add_writes
from app.thresholds.service import THRESHOLDS

router = APIRouter(prefix="/v1/thresholds", tags=["reference"], route_class=Route)
add_reads(router, THRESHOLDS, Scope.INSTRUMENTS_READ)
add_writes(router, THRESHOLDS, Scope.THRESHOLDS_WRITE)

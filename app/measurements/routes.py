"""`/v1/measurements`."""

from fastapi import APIRouter

from app.core.http.routing import Route
from app.core.values.access import Scope
from app.measurements.service import MEASUREMENTS
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/measurements", tags=["measurements"], route_class=Route)
add_reads(router, MEASUREMENTS, Scope.MEASUREMENTS_READ)
add_writes(router, MEASUREMENTS, Scope.MEASUREMENTS_WRITE)

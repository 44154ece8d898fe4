"""`/v1/measurements`."""

from fastapi import APIRouter

from app.core.access import Scope
from app.core.routing import Route
from app.measurements.service import MEASUREMENTS
from app.records.routes import add_reads, add_writes

router = APIRouter(prefix="/v1/measurements", tags=["measurements"], route_class=Route)
add_reads(router, MEASUREMENTS, Scope.MEASUREMENTS_READ)
add_writes(router, MEASUREMENTS, Scope.MEASUREMENTS_WRITE)
